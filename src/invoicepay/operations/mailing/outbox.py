"""The outbox: which e-mail is owed, fails, or was sent; send it now, or give it up."""

from __future__ import annotations

from dataclasses import dataclass, replace

from invoicepay.billing.customer import Actor, Scope
from invoicepay.billing.errors import Usage, not_found
from invoicepay.billing.invoice import Page
from invoicepay.billing.ports import OWED, MailStatus, OutboxMail, Ports, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.identity.authenticate import reread_actor
from invoicepay.operations.mailing.deliver import PATIENCE, DeliveryReport, deliver, deliver_these
from invoicepay.operations.payments.find import find_payment


def find_mail(unit: Unit, text: str, scope: Scope) -> list[OutboxMail]:
    """The owed e-mails that `text` names: a Message-ID, its part before the `@`, that part with
    only the beginning of the payment's id (`3f2a9c1e.received`), or a payment as `find_payment`
    takes it. The longest due first; none where all was sent or discarded. Raises NotFound, and
    Usage where several payments start so."""
    payment_name, dot, rest = text.partition("@")[0].partition(".")
    payment = find_payment(unit, payment_name, scope)
    owed = unit.outbox.owed(scope, payment.id)
    if not dot:
        return owed
    local_part = f"{payment.id}.{rest}"
    mails = unit.outbox.page(frozenset(MailStatus), scope, payment.id).items
    if all(mail.local_part != local_part for mail in mails):
        raise not_found("e-mail", text)
    return [mail for mail in owed if mail.local_part == local_part]


SENT = frozenset({MailStatus.SENT})
ALL = frozenset(MailStatus)


@dataclass(frozen=True, slots=True)
class ListMail(Request[Page[OutboxMail]]):
    """`statuses`: OWED, SENT or ALL. `payment_id`: only about that payment."""

    statuses: frozenset[MailStatus] = OWED
    payment_id: str = ""
    limit: int | None = None
    after: str | None = None


def list_mail(request: ListMail, actor: Actor, ports: Ports) -> Page[OutboxMail]:
    """E-mails about payments that the actor may see, the last recorded first. Raises NotFound."""
    with ports.ledger.read() as unit:
        payment_id = request.payment_id
        if payment_id:
            payment_id = find_payment(unit, payment_id, actor.scope).id
        return unit.outbox.page(
            request.statuses, actor.scope, payment_id, limit=request.limit, after=request.after
        )


@dataclass(frozen=True, slots=True)
class SendMail(Request[DeliveryReport]):
    """What is due now. `payment_id`: only about that payment, and only for the few seconds that
    its payer waits. `mails`: only these, also when they are not due yet; each an e-mail's id or a
    payment's, for all about it. `now`: all that is owed, due or not."""

    payment_id: str = ""
    mails: tuple[str, ...] = ()
    now: bool = False


def send_mail(request: SendMail, actor: Actor, ports: Ports) -> DeliveryReport:
    """What was sent, and what is failing: of `mails`, where there are any, else of all. Raises
    NotFound for what the actor may not see."""
    scope = actor.scope
    if request.payment_id:
        with ports.ledger.read() as unit:
            payment = find_payment(unit, request.payment_id, scope)
        return deliver(ports, scope, payment.id)
    if not request.mails and not request.now:
        return deliver(ports, scope, within=PATIENCE)
    with ports.ledger.read() as unit:
        if request.mails:
            found = [mail for text in request.mails for mail in find_mail(unit, text, scope)]
        else:
            found = unit.outbox.owed(scope)
    chosen = {mail.message_id: mail for mail in found}
    report = deliver_these(list(chosen.values()), ports, scope, within=PATIENCE, early=True)
    if not request.mails:
        return report
    failing = (mail for mail in report.not_delivered if mail.message_id in {*chosen, ""})
    return replace(report, not_delivered=tuple(failing))


@dataclass(frozen=True, slots=True)
class DiscardMail(Request[tuple[OutboxMail, ...]]):
    """Each of `mails` an e-mail's id or a payment's, for all that is owed about it."""

    mails: tuple[str, ...]


def discard_mail(request: DiscardMail, actor: Actor, ports: Ports) -> tuple[OutboxMail, ...]:
    """What was owed and is not any more: it is never sent, and the journal says who decided that.
    Raises NotFound, and then discards nothing."""
    if not request.mails:
        raise Usage("input_needed", "no e-mail is named", "See `invoicepay mail list`.")
    with ports.ledger.write() as unit:
        reread_actor(unit, actor)
        now = ports.clock.now()
        found = [mail for text in request.mails for mail in find_mail(unit, text, actor.scope)]
        discarded = {mail.message_id: mail for mail in found}
        for mail in discarded.values():
            unit.outbox.discard(mail.message_id, now)
            unit.journal.append(
                "mail.discarded",
                mail.payment_id,
                actor.email,
                now,
                {"message_id": mail.message_id, "to": mail.to, "last_error": mail.last_error},
            )
    return tuple(discarded.values())
