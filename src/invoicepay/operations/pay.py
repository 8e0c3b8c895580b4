"""Pay a plan, exactly once."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.payment import Payment
from invoicepay.billing.plan import PaymentPlan
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.protocol.claim import claim
from invoicepay.operations.protocol.settle import settle_if_left
from invoicepay.operations.protocol.submit import submit


@dataclass(frozen=True, slots=True)
class Pay(Request[Payment]):
    """A plan as `quote` made it."""

    plan: PaymentPlan


def pay(request: Pay, actor: Actor, ports: Ports) -> Payment:
    """The payment of the plan, however it ended: look at its status. No e-mail is sent yet.

    The same plan again charges nothing; it returns the payment that it made. Raises Refused,
    NotFound, DoesNotTie or Unreachable when nothing was charged, OutcomeUnknown when nobody knows.
    """
    livemode = ports.gateway.livemode  # raises without its key, before anything is claimed
    payment, fresh = claim(request.plan, actor, ports)
    assert payment.livemode == livemode
    return submit(payment, ports) if fresh else settle_if_left(payment, ports)
