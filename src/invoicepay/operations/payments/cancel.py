"""Give up a payment that is not final."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import OutcomeUnknown, Refused
from invoicepay.billing.payment import FINAL, Payment, PaymentStatus, sync_finds_out
from invoicepay.billing.ports import NoAnswer, Ports, Rejected
from invoicepay.operations.app import Request
from invoicepay.operations.payments.find import find_payment
from invoicepay.operations.payments.protocol.settle import settle

_INSTEAD = {
    PaymentStatus.PROCESSING: "The bank has it; ask for a refund once it has settled.",
    PaymentStatus.SUCCEEDED: "The money has arrived; ask for a refund.",
    PaymentStatus.FAILED: "Nothing was charged.",
    PaymentStatus.CANCELED: "Nothing was charged.",
}
"""What to do about a payment that cannot be canceled any more."""


@dataclass(frozen=True, slots=True)
class CancelPayment(Request[Payment]):
    payment_id: str


def cancel_payment(request: CancelPayment, actor: Actor, ports: Ports) -> Payment:
    """The payment, canceled. Settling does it: whatever is not charged is canceled at the
    gateway, then released; a lease does not matter, since its payer cannot confirm any more.

    Raises Refused when it is final or at the bank, OutcomeUnknown when the gateway is silent,
    Unreachable without its key, DoesNotTie where it has something else, NotFound, Usage.
    """
    with ports.ledger.read() as unit:
        payment = find_payment(unit, request.payment_id, actor.scope)
    if payment.status not in FINAL:
        try:
            settled = settle(payment, ports, on_request=True)
        except (NoAnswer, Rejected) as error:
            raise OutcomeUnknown(
                "outcome_unknown",
                f"payment {payment.id} may not be canceled yet: {error}",
                "Try again, or `invoicepay sync`.",
                payment=payment.id,
            ) from error
        if settled.status is PaymentStatus.UNKNOWN:
            raise OutcomeUnknown(
                "outcome_unknown",
                f"payment {payment.id}: the gateway does not say how it stands",
                "Try again, or `invoicepay sync`.",
                payment=payment.id,
            )
        if settled.status in (PaymentStatus.CANCELED, PaymentStatus.FAILED):
            return settled
        payment = settled
    raise Refused(
        "not_cancelable",
        f"payment {payment.id} {payment.status.in_words}",
        _INSTEAD.get(payment.status) or f"Do not pay again; {sync_finds_out(payment)}.",
        payment=payment.id,
        says_outcome=True,
    )
