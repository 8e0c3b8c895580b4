"""Step 5: find out, for a payment that is not final, and record it. Settling never confirms."""

from __future__ import annotations

from datetime import timedelta

from invoicepay.billing.customer import EVERYTHING
from invoicepay.billing.payment import FINAL, Payment, PaymentStatus
from invoicepay.billing.ports import Intent, IntentStatus, NoAnswer, Ports, Rejected
from invoicepay.operations.protocol.record import record_never_confirmed, record_submitted
from invoicepay.operations.protocol.submit import conclude

CLOCK_SLACK = timedelta(days=1)
"""How far the gateway's clock may be from ours."""


def has_lease(payment: Payment, ports: Ports) -> bool:
    """Whether its own payer is still given time to finish it."""
    return (
        payment.status in (PaymentStatus.CLAIMED, PaymentStatus.SUBMITTED)
        and payment.lease_until is not None
        and ports.clock.real_now() < payment.lease_until
    )


def settle(payment: Payment, ports: Ports) -> Payment:
    """Ask the gateway how `payment` stands, and record it; the payment as it is now.

    What was never confirmed, or was declined, is canceled at the gateway before anything is
    released. Raises NoAnswer or Rejected when the gateway does not say.
    """
    if payment.status in FINAL:
        return payment
    if payment.status is PaymentStatus.CLAIMED:
        return _settle_claimed(payment, ports)
    intent = ports.gateway.retrieve(payment.gateway_id)
    if payment.status is PaymentStatus.PROCESSING and intent.status is IntentStatus.PROCESSING:
        return payment
    return conclude(payment, intent, ports)


def settle_if_left(payment: Payment, ports: Ports) -> Payment:
    """Settle a payment that its own payer has left; as it is, when the gateway does not say."""
    if has_lease(payment, ports):
        return payment
    try:
        return settle(payment, ports)
    except (NoAnswer, Rejected):
        return payment


def _settle_claimed(payment: Payment, ports: Ports) -> Payment:
    """No intent is stored. One may have been created; nobody will confirm it unless its creator
    still wins the compare-and-set, which then loses against ours."""
    intent = _find(payment, ports)
    if intent is None:
        return record_never_confirmed(payment, "given up before it was submitted", ports)
    if intent.status in (IntentStatus.SUCCEEDED, IntentStatus.PROCESSING):
        # The ledger is older than the charge: restored from a backup.
        payment, _ = record_submitted(payment, intent, ports)
        return conclude(payment, intent, ports)
    if intent.status is not IntentStatus.CANCELED:
        try:
            intent = ports.gateway.cancel(intent.id)
        except Rejected:
            intent = ports.gateway.retrieve(intent.id)
    if intent.status is not IntentStatus.CANCELED:
        raise NoAnswer(f"{intent.id} could not be canceled, it is {intent.status}")
    return record_never_confirmed(payment, "given up before it was submitted", ports)


def _find(payment: Payment, ports: Ports) -> Intent | None:
    with ports.ledger.read() as unit:
        ledger_id = unit.company.identity().id
        customer = unit.customers.get(payment.customer, EVERYTHING)
    assert customer is not None
    since = payment.created_at - CLOCK_SLACK
    for intent in ports.gateway.intents(customer=customer.gateway_id, since=since):
        if (intent.ledger_id, intent.payment_id) == (ledger_id, payment.id):
            return intent
    return None
