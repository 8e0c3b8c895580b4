"""Invoices as PDF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from invoicepay.billing.customer import Actor
from invoicepay.billing.dates import local_date
from invoicepay.billing.errors import NotFound, not_found
from invoicepay.billing.invoice import InvoiceDetail, InvoiceFilter
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.find_number import find_invoice, selected_customer
from invoicepay.operations.progress import Started


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
        company = unit.company.get()
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
        numbers, ports.documents.invoices(company, details(), today), strict=True
    ):
        yield RenderedInvoice(number, document.content, document.missing)
