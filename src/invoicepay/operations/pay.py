"""Pay a plan, exactly once."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import not_found
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.plan import PaymentPlan
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.deliver import deliver
from invoicepay.operations.protocol.claim import claim
from invoicepay.operations.protocol.settle import settle_if_left
from invoicepay.operations.protocol.submit import check_not_behind, submit


@dataclass(frozen=True, slots=True)
class Pay(Request[Payment]):
    """A plan as `quote` made it."""

    plan: PaymentPlan


def pay(request: Pay, actor: Actor, ports: Ports) -> Payment:
    """The payment of the plan, however it ended: look at its status.

    The same plan again charges nothing; it returns the payment that it made. Raises Refused or
    NotFound before anything is charged, Unreachable when nothing could be.
    """
    plan = request.plan
    with ports.ledger.read() as unit:
        customer = unit.customers.get(plan.customer, actor.scope)
    if customer is None:
        raise not_found("customer", plan.customer)
    check_not_behind(customer, ports)
    payment, fresh = claim(plan, actor, ports)
    payment = submit(payment, plan, ports) if fresh else settle_if_left(payment, ports)
    if payment.status in (PaymentStatus.SUCCEEDED, PaymentStatus.PROCESSING):
        deliver(ports, payment.id)
    return payment
