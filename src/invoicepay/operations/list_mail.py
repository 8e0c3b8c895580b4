"""The outbox: what is owed, what fails, and what was sent."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.invoice import Page
from invoicepay.billing.ports import OWED, MailStatus, OutboxMail, Ports
from invoicepay.operations.app import Request
from invoicepay.operations.find_payment import find_payment

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
