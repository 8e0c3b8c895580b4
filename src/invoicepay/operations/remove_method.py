"""Remove a payment method, here and at the gateway."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import Refused, not_found
from invoicepay.billing.method import Method
from invoicepay.billing.ports import NoAnswer, Ports, Rejected
from invoicepay.operations.app import Request
from invoicepay.operations.protocol.submit import unreachable


@dataclass(frozen=True, slots=True)
class RemoveMethod(Request[Method]):
    method_id: str


def remove_method(request: RemoveMethod, actor: Actor, ports: Ports) -> Method:
    """The removed method. Refused while a payment with it is under way; raises Unreachable when
    the gateway does not answer: nothing is changed then."""
    with ports.ledger.read() as unit:
        method = unit.methods.get(request.method_id, actor.scope)
        if method is None or method.removed:
            raise not_found("payment method", request.method_id)
        for payment in unit.payments.unsettled(actor.scope):
            if payment.method_id == method.id:
                raise Refused(
                    "in_flight",
                    f"payment {payment.id} with {method.name} is under way",
                    "Remove it once that payment is final; `invoicepay sync` asks the bank.",
                )
    try:
        ports.gateway.detach_method(method.gateway_id)
    except (NoAnswer, Rejected) as error:
        raise unreachable(error) from error
    with ports.ledger.write() as unit:
        unit.methods.remove(method.id)
        unit.journal.append("method.removed", method.id, actor.email, ports.clock.now(), {})
    return method
