"""Invoices: find them, one in full, and as PDF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from invoicepay.billing.dates import local_date
from invoicepay.billing.errors import NotFound, must_be_there, not_found
from invoicepay.billing.money import check_currency
from invoicepay.operations.app import Request
from invoicepay.operations.numbers import find_invoice, selected_customer
from invoicepay.operations.progress import Started

if TYPE_CHECKING:
    from datetime import date

    from invoicepay.billing.customer import Actor
    from invoicepay.billing.invoice import Invoice, InvoiceDetail, InvoiceFilter, Page
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
            totals=request.totals,
        )
    return InvoiceList(page, today)


@dataclass(frozen=True, slots=True)
class ShownInvoice:
    detail: InvoiceDetail
    today: date


@dataclass(frozen=True, slots=True)
class ShowInvoice(Request[ShownInvoice]):
    number: str


def show_invoice(request: ShowInvoice, actor: Actor, ports: Ports) -> ShownInvoice:
    """The invoice with lines, payments and what is under way. Raises NotFound."""
    with ports.ledger.read() as unit:
        number = find_invoice(unit, request.number, actor.scope).number
        detail = must_be_there(unit.invoices.detail(number, actor.scope), f"invoice {number}")
        return ShownInvoice(detail, local_date(ports.clock.now(), unit.company.get().time_zone))


@dataclass(frozen=True, slots=True)
class RenderedInvoice:
    number: str
    content: bytes
    missing: str
    """The characters that no font here has."""


@dataclass(frozen=True, slots=True)
class RenderInvoices(Request[Iterator[Started | RenderedInvoice]]):
    """`numbers`, in that order, and what `selection` has; each invoice once."""

    numbers: tuple[str, ...] = ()
    selection: InvoiceFilter | None = None


def render_invoices(
    request: RenderInvoices, actor: Actor, ports: Ports
) -> Iterator[Started | RenderedInvoice]:
    """`Started`, then a PDF for each invoice. Raises NotFound before the first when one of
    `numbers` or the selection's customer is absent, or when nothing is selected."""
    with ports.ledger.read() as unit:
        company, mode = unit.company.get(), unit.company.identity().mode
        today = local_date(ports.clock.now(), company.time_zone)
        numbers = []
        if request.selection is not None:
            customer = selected_customer(unit, request.selection.customer, actor.scope)
            selection = replace(request.selection, customer=customer)
            page = unit.invoices.page(selection, actor.scope, today, totals=False)
            numbers = [i.number for i in page.items]
        named = [find_invoice(unit, text, actor.scope).number for text in request.numbers]
    numbers = list(dict.fromkeys(named + numbers))
    if not numbers:
        raise NotFound(
            "nothing_selected",
            "no invoice is in this selection",
            "`invoicepay invoices list --all` shows them all.",
        )
    yield Started(len(numbers))

    def details() -> Iterator[InvoiceDetail]:
        for number in numbers:
            with ports.ledger.read() as unit:
                detail = unit.invoices.detail(number, actor.scope)
            if detail is None:
                raise not_found("invoice", number)
            yield detail

    for number, document in zip(
        numbers, ports.documents.invoices(company, details(), today, mode=mode), strict=True
    ):
        yield RenderedInvoice(number, document.content, document.missing)
