"""Remember that a payer has been told how payments stand."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.ports import Ports, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.payments.find import find_payment


@dataclass(frozen=True, slots=True)
class AcknowledgePayments(Request[None]):
    """Payments (ids) that the caller has shown, accepted or ended."""

    payment_ids: tuple[str, ...]


def acknowledge_payments(request: AcknowledgePayments, actor: Actor, ports: Ports) -> None:
    """Passes over payments that nobody knows the outcome of. Who made one is not told of it by what
    somebody else has read. Raises NotFound, Usage where several payments start so."""
    now = ports.clock.now()
    with ports.ledger.read() as unit:
        found = [find_payment(unit, each, actor.scope) for each in request.payment_ids]
        payments = [
            payment
            for payment in found
            if payment.outcome_known and not unit.payments.is_acknowledged(payment, actor.email)
        ]
    if payments:

        def acknowledge(unit: Unit) -> None:
            for payment in payments:
                unit.payments.acknowledge(payment.id, actor.email, now)

        ports.ledger.transact(acknowledge)
