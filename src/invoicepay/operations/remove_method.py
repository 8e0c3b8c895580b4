"""Remove a payment method, here and at the gateway."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from invoicepay.billing.customer import EVERYTHING, Actor
from invoicepay.billing.errors import Refused, not_found
from invoicepay.billing.method import Method
from invoicepay.billing.ports import NoAnswer, Ports, Rejected
from invoicepay.operations.app import Request


@dataclass(frozen=True, slots=True)
class RemoveMethod(Request[Method]):
    method_id: str


def remove_method(request: RemoveMethod, actor: Actor, ports: Ports) -> Method:
    """The removed method. Refused while a payment with it is under way. Here it is gone whether
    or not the gateway answers: nothing pays with it any more."""
    with ports.ledger.write() as unit:
        method = unit.methods.get(request.method_id, actor.scope)
        if method is None or method.removed:
            raise not_found("payment method", request.method_id)
        for payment in unit.payments.unsettled(EVERYTHING):
            if payment.method_id == method.id:
                raise Refused(
                    "in_flight",
                    f"payment {payment.id} with {method.name} is under way",
                    "Remove it once that payment is final; `invoicepay sync` asks the bank.",
                )
        unit.methods.remove(method.id)
        unit.journal.append("method.removed", method.id, actor.email, ports.clock.now(), {})
    with suppress(NoAnswer, Rejected):
        ports.gateway.detach_method(method.gateway_id)
    return replace(method, removed=True)
