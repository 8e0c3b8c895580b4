"""Give up e-mail that can never arrive."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import Usage
from invoicepay.billing.ports import OutboxMail, Ports
from invoicepay.operations.app import Request
from invoicepay.operations.authenticate import reread_actor
from invoicepay.operations.find_mail import find_mail


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
