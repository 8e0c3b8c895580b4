"""One invoice in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor
from invoicepay.billing.dates import local_date
from invoicepay.billing.errors import must_be_there
from invoicepay.billing.invoice import InvoiceDetail
from invoicepay.operations.app import Request
from invoicepay.operations.find_number import find_invoice

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports


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
