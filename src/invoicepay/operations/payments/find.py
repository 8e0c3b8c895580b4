"""Payments: find them, and one by its id, as git takes commits, or by its receipt number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from invoicepay.billing.customer import Actor, Scope
from invoicepay.billing.errors import Usage, not_found
from invoicepay.billing.invoice import Page
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import PaymentFilter, Ports, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.numbers import selected_customer

_BEGINNING = re.compile(r"[0-9a-f-]{4,36}", re.ASCII)


def find_payment(unit: Unit, text: str, scope: Scope) -> Payment:
    """The payment with the id or receipt number `text`, or the only one whose id starts so (4
    characters or more). Raises NotFound, and Usage where several do."""
    payment = unit.payments.get(unit.payments.with_receipt(text, scope) or text, scope)
    if payment is None and _BEGINNING.fullmatch(text):
        found = unit.payments.starting(text, scope)
        if len(found) > 1:
            raise Usage(
                "ambiguous_selection", f"several payments start with {text}", "Say more of it."
            )
        if found:
            payment = unit.payments.get(found[0], scope)
    if payment is None:
        raise not_found("payment", text)
    return payment


@dataclass(frozen=True, slots=True)
class ListPayments(Request[Page[Payment]]):
    """`since`: the first date received or, where not received, made; in the company's zone."""

    since: date | None = None
    status: PaymentStatus | None = None
    customer: str | None = None
    limit: int | None = None


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
        )


@dataclass(frozen=True, slots=True)
class ShowPayment(Request[Payment]):
    payment_id: str
    settle_first: bool = False


def show_payment(request: ShowPayment, actor: Actor, ports: Ports) -> Payment:
    """The payment. Raises NotFound, Usage where several start so, and with `settle_first`
    DoesNotTie where the gateway has something else."""
    with ports.ledger.read() as unit:
        payment = find_payment(unit, request.payment_id, actor.scope)
    if not request.settle_first:
        return payment
    from invoicepay.operations.payments.protocol.settle import settle_if_left

    return settle_if_left(payment, ports)
