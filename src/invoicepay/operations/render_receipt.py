"""A payment's receipt as PDF."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import Refused
from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.find_payment import find_payment
from invoicepay.operations.receipt import receipt_of


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
    receipt has a number. Raises NotFound, Refused."""
    with ports.ledger.read() as unit:
        payment = find_payment(unit, request.payment_id, actor.scope)
        accepted = payment.status is PaymentStatus.PROCESSING
        if not (payment.receipt_number or accepted):
            raise Refused(
                "not_payable",
                f"payment {payment.id} was received elsewhere: it has no receipt from here"
                if payment.status is PaymentStatus.SUCCEEDED
                else f"payment {payment.id} is {payment.status}: it has no receipt",
                f"See `invoicepay payments show {payment.id}`.",
            )
        receipt = receipt_of(unit, payment)
        mode = unit.company.identity().mode
    document = ports.documents.receipt(receipt, mode=mode)
    name = f"payment-notice-{payment.id}" if accepted else payment.receipt_number
    return RenderedReceipt(name, document.content, document.missing)
