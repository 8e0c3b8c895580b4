"""Give a customer one of the gateway's test methods. Sandbox and test ledgers only."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import Usage
from invoicepay.billing.method import Method, MethodType
from invoicepay.billing.ports import NoAnswer, Ports, Rejected
from invoicepay.operations.app import Request
from invoicepay.operations.find_number import find_customer
from invoicepay.operations.protocol.gateway_customer import customer_at_gateway
from invoicepay.operations.protocol.submit import unreachable


@dataclass(frozen=True, slots=True)
class AttachTestMethod(Request[Method]):
    """`token`: one of Stripe's test payment methods, e.g. `pm_card_visa`."""

    customer: str
    token: str
    label: str = ""


def attach_test_method(request: AttachTestMethod, actor: Actor, ports: Ports) -> Method:
    """The method; the customer's first becomes the default, the first of a type the default of
    its type. Raises Usage on a live ledger, NotFound, Refused, Unreachable."""
    with ports.ledger.read() as unit:
        identity = unit.company.identity()
        if identity.livemode:
            raise Usage(
                "needs_sandbox",
                "test methods are for sandbox and test ledgers; this is a live ledger",
                "Practise on another: `invoicepay demo` makes one.",
            )
        customer = find_customer(unit, request.customer, actor.scope)
    try:
        gateway_id = customer_at_gateway(customer, actor, ports)
        attached = ports.gateway.attach_method(request.token, gateway_id)
    except (NoAnswer, Rejected) as error:
        if isinstance(error, Rejected) and error.code == "resource_missing":
            raise Usage(
                "usage",
                f"there is no test method {request.token}",
                "pm_card_visa and pm_usBankAccount_success pay.",
            ) from error
        raise unreachable(error) from error
    method = Method(
        id=f"{attached.type}-{attached.last4}-{ports.ids.new()[:8]}",
        customer=customer.number,
        type=MethodType(attached.type),
        label=request.label or f"{attached.brand} ending {attached.last4}",
        brand=attached.brand,
        last4=attached.last4,
        gateway_id=attached.gateway_id,
        exp_month=attached.exp_month,
        exp_year=attached.exp_year,
    )
    with ports.ledger.write() as unit:
        others = unit.methods.of_customer(customer.number, actor.scope)
        unit.methods.add(method)
        if not others:
            unit.methods.set_default(method)
        elif method.type not in {m.type for m in others}:
            unit.methods.set_type_default(method)
        unit.journal.append(
            "method.added",
            method.id,
            actor.email,
            ports.clock.now(),
            {"customer": customer.number, "gateway_id": method.gateway_id},
        )
        added = unit.methods.get(method.id, actor.scope)
        assert added is not None
        return added
