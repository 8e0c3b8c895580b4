"""One payment, asked of the gateway first when it is wanted fresh."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.payment import Payment
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.find_payment import find_payment
from invoicepay.operations.protocol.settle import settle_if_left


@dataclass(frozen=True, slots=True)
class ShowPayment(Request[Payment]):
    payment_id: str
    settle_first: bool = False


def show_payment(request: ShowPayment, actor: Actor, ports: Ports) -> Payment:
    """The payment. Raises NotFound."""
    with ports.ledger.read() as unit:
        payment = find_payment(unit, request.payment_id, actor.scope)
    return settle_if_left(payment, ports) if request.settle_first else payment
