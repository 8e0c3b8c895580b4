"""After somebody has interrupted a payment: release it, or say that it may have been charged."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import OutcomeUnknown
from invoicepay.billing.money import Money
from invoicepay.billing.payment import Payment, PaymentStatus, sync_finds_out
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.find_payment import find_payment
from invoicepay.operations.protocol.record import record_never_confirmed, record_unknown


@dataclass(frozen=True, slots=True)
class StopPayment(Request[Payment]):
    """`payment_id` of the plan that was being paid."""

    payment_id: str


def stop_payment(request: StopPayment, actor: Actor, ports: Ports) -> Payment:
    """The payment as it is now: canceled where it had not been submitted, else with the outcome
    that is recorded. Asks no gateway, so that it takes no time.

    Raises NotFound where nothing was claimed, OutcomeUnknown where it may have been charged.
    """
    with ports.ledger.read() as unit:
        payment = find_payment(unit, request.payment_id, actor.scope)
    if payment.status is PaymentStatus.CLAIMED:
        # Its intent, should there be one, is confirmed by nobody: the compare-and-set is lost.
        payment = record_never_confirmed(payment, ports, "interrupted before it was submitted")
    elif payment.status is PaymentStatus.SUBMITTED:
        # Nobody works on it any more: who asks next need not wait for the end of its lease.
        payment = record_unknown(payment, "interrupted", ports)
    if not payment.outcome_known:
        raise OutcomeUnknown(
            "outcome_unknown",
            f"interrupted while payment {payment.id} of "
            f"{Money(payment.amount_minor, payment.currency)} was under way: it may have been "
            "charged",
            f"Do not pay again; {sync_finds_out(payment)}, and `invoicepay payments show "
            f"{payment.id}` shows it.",
            payment=payment.id,
        )
    return payment
