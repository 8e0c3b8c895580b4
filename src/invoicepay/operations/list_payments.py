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


@dataclass(frozen=True, slots=True)
class ListPayments(Request[Page[Payment]]):
    """`since`: the first calendar date, in the company's time zone."""

    since: date | None = None
    status: PaymentStatus | None = None
    customer: str | None = None
    limit: int | None = None
    after: str | None = None


def list_payments(request: ListPayments, actor: Actor, ports: Ports) -> Page[Payment]:
    """Payments that the actor may see, newest first."""
    with ports.ledger.read() as unit:
        since = None
        if request.since is not None:
            zone = ZoneInfo(unit.company.get().time_zone)
            since = datetime.combine(request.since, time(), zone)
        return unit.payments.page(
            PaymentFilter(since, request.status, request.customer),
            actor.scope,
            limit=request.limit,
            after=request.after,
        )
