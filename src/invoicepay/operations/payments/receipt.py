"""A payment's receipt: what it shows, gathered from the ledger, and as PDF."""

from __future__ import annotations

from dataclasses import dataclass, replace

from invoicepay.billing.customer import EVERYTHING, Actor
from invoicepay.billing.errors import Refused, must_be_there
from invoicepay.billing.invoice import Invoice, InvoiceDetail
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import Ports, Receipt, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.payments.find import find_payment


def receipt_of(unit: Unit, payment: Payment) -> Receipt:
    """The receipt of `payment`. The caller has checked that the reader may see the payment.

    Invoices are as they stood after this payment: what arrived later is left out again, so that
    a receipt made next year says what today's says, unless money with an earlier day has been
    recorded since.
    """
    customer = must_be_there(
        unit.customers.get(payment.customer, EVERYTHING),
        f"{payment.customer}, whose payment {payment.id} is,",
    )
    details = [
        must_be_there(
            unit.invoices.detail(a.invoice, EVERYTHING),
            f"{a.invoice}, which payment {payment.id} names,",
        )
        for a in payment.allocations
    ]
    invoices = tuple(_after(detail, payment) for detail in details)
    return Receipt(payment, unit.company.get(), customer, invoices)


def _after(detail: InvoiceDetail, payment: Payment) -> Invoice:
    invoice = detail.invoice
    if payment.status is not PaymentStatus.SUCCEEDED:
        return invoice
    # By the day it counts, and on one day in the order they were made.
    received = [
        (p.paid_on, position, p)
        for position, p in enumerate(detail.payments)
        if p.status == PaymentStatus.SUCCEEDED
    ]
    own = [(day, position) for day, position, p in received if p.payment_id == payment.id]
    if not own:
        return invoice
    later = sum(p.amount_minor for day, position, p in received if (day, position) > max(own))
    if later == 0:
        return invoice
    return replace(invoice, paid_minor=max(invoice.paid_minor - later, 0), paid_on=None)


@dataclass(frozen=True, slots=True)
class RenderedReceipt:
    """`name`: what to call its file, without an ending; `missing`: the characters that no font here
    has."""

    name: str
    content: bytes
    missing: str


@dataclass(frozen=True, slots=True)
class RenderReceipt(Request[RenderedReceipt]):
    payment_id: str


def render_receipt(request: RenderReceipt, actor: Actor, ports: Ports) -> RenderedReceipt:
    """The receipt of a payment, or the notice of one that was accepted and has not arrived: only a
    receipt has a number. Raises NotFound, Refused, Usage where several payments start so."""
    with ports.ledger.read() as unit:
        payment = find_payment(unit, request.payment_id, actor.scope)
        accepted = payment.status is PaymentStatus.PROCESSING
        if not (payment.receipt_number or accepted):
            raise Refused(
                "no_receipt",
                f"payment {payment.id} was received elsewhere: it has no receipt from here"
                if payment.status is PaymentStatus.SUCCEEDED
                else f"payment {payment.id} {payment.status.in_words}: it has no receipt",
                f"See `invoicepay payments show {payment.id}`.",
            )
        receipt = receipt_of(unit, payment)
        mode = unit.company.identity().mode
    document = ports.documents.receipt(receipt, mode=mode)
    name = f"payment-notice-{payment.id}" if accepted else payment.receipt_number
    return RenderedReceipt(name, document.content, document.missing)
