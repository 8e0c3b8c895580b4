"""Find payments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from invoicepay.billing.customer import Actor
from invoicepay.billing.invoice import Page
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import PaymentFilter, Ports
from invoicepay.operations.app import Request
from invoicepay.operations.find_number import selected_customer


@dataclass(frozen=True, slots=True)
class ListPayments(Request[Page[Payment]]):
    """`since`: the first date received or, where not received, made; in the company's zone."""

    since: date | None = None
    status: PaymentStatus | None = None
    customer: str | None = None
    limit: int | None = None
    after: str | None = None


def list_payments(request: ListPayments, actor: Actor, ports: Ports) -> Page[Payment]:
    """Payments that the actor may see, the last recorded first. Raises NotFound."""
    with ports.ledger.read() as unit:
        customer = selected_customer(unit, request.customer, actor.scope)
        made_since = None
        if request.since is not None:
            zone = ZoneInfo(unit.company.get().time_zone)
            made_since = datetime.combine(request.since, time(), zone)
        return unit.payments.page(
            PaymentFilter(request.since, made_since, request.status, customer),
            actor.scope,
            limit=request.limit,
            after=request.after,
        )
