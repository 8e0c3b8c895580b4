"""Find invoices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor
from invoicepay.billing.dates import local_date
from invoicepay.billing.invoice import Invoice, InvoiceFilter, Page
from invoicepay.billing.money import check_currency
from invoicepay.operations.app import Request
from invoicepay.operations.find_number import selected_customer

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports


@dataclass(frozen=True, slots=True)
class InvoiceList:
    """A page, and the company's date it was made on."""

    page: Page[Invoice]
    today: date


@dataclass(frozen=True, slots=True)
class ListInvoices(Request[InvoiceList]):
    selection: InvoiceFilter
    limit: int | None = None
    after: str | None = None
    totals: bool = True


def list_invoices(request: ListInvoices, actor: Actor, ports: Ports) -> InvoiceList:
    """Invoices of the selection that the actor may see. Raises NotFound for a customer that is
    absent or out of scope, BadInput for an unknown currency."""
    selection = request.selection
    if selection.currency:
        selection = replace(selection, currency=check_currency(selection.currency))
    with ports.ledger.read() as unit:
        customer = selected_customer(unit, selection.customer, actor.scope)
        today = local_date(ports.clock.now(), unit.company.get().time_zone)
        page = unit.invoices.page(
            replace(selection, customer=customer),
            actor.scope,
            today,
            limit=request.limit,
            after=request.after,
            totals=request.totals,
        )
    return InvoiceList(page, today)
