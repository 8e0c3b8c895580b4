"""Send the e-mail that is due."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.deliver import DeliveryReport, deliver
from invoicepay.operations.find_payment import find_payment


@dataclass(frozen=True, slots=True)
class SendMail(Request[DeliveryReport]):
    payment_id: str = ""


def send_mail(request: SendMail, actor: Actor, ports: Ports) -> DeliveryReport:
    """What is due, with `payment_id` only about that payment. Raises NotFound."""
    if request.payment_id:
        with ports.ledger.read() as unit:
            find_payment(unit, request.payment_id, actor.scope)
    return deliver(ports, actor.scope, request.payment_id)
