"""The outbox: which e-mail waits, fails, or was sent; discard what can never arrive."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor, Scope
from invoicepay.billing.errors import Usage, not_found
from invoicepay.billing.invoice import Page
from invoicepay.billing.ports import OWED, MailStatus, OutboxMail, Ports, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.identity.authenticate import reread_actor
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
    found = [mail for mail in owed if mail.local_part == local_part]
    if not found:
        known = unit.outbox.page(frozenset(MailStatus), scope, payment.id).items
        if all(mail.local_part != local_part for mail in known):
            raise not_found("e-mail", text)
    return found


SENT = frozenset({MailStatus.SENT})
ALL = frozenset(MailStatus)


@dataclass(frozen=True, slots=True)
class ListMail(Request[Page[OutboxMail]]):
    """`statuses`: OWED, SENT or ALL. `payment_id`: only about that payment."""

    statuses: frozenset[MailStatus] = OWED
    payment_id: str = ""
    limit: int | None = None


def list_mail(request: ListMail, actor: Actor, ports: Ports) -> Page[OutboxMail]:
    """E-mails about payments that the actor may see, the last recorded first. Raises NotFound,
    Usage where several payments start so."""
    with ports.ledger.read() as unit:
        payment_id = request.payment_id
        if payment_id:
            payment_id = find_payment(unit, payment_id, actor.scope).id
        return unit.outbox.page(request.statuses, actor.scope, payment_id, limit=request.limit)


@dataclass(frozen=True, slots=True)
class DiscardMail(Request[tuple[OutboxMail, ...]]):
    """Each of `mails` an e-mail's id or a payment's, for all that is owed about it."""

    mails: tuple[str, ...]


def discard_mail(request: DiscardMail, actor: Actor, ports: Ports) -> tuple[OutboxMail, ...]:
    """What was discarded: it is never sent, and the journal says who decided that. Raises NotFound,
    Usage and NotAllowed, and then discards nothing."""
    if not request.mails:
        raise Usage("input_needed", "no e-mail is named", "See `invoicepay mail list`.")
    now = ports.clock.now()

    def discard(unit: Unit) -> tuple[OutboxMail, ...]:
        reread_actor(unit, actor)
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

    return ports.ledger.transact(discard)
