"""Step 5: find out, for a payment that is not final, and record it. Settling never confirms."""

from __future__ import annotations

from invoicepay.billing.customer import EVERYTHING
from invoicepay.billing.errors import Unreachable, must_be_there
from invoicepay.billing.payment import FINAL, Payment, PaymentStatus
from invoicepay.billing.ports import (
    Intent,
    IntentStatus,
    NoAnswer,
    Ports,
    Rejected,
    Unreadable,
    UnreadableIntent,
)
from invoicepay.operations.payments.protocol.charge import store_intent
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.protocol.outcome import (
    SETTLED_BY,
    cancel_orphan,
    conclude,
    give_up,
    record_unknown,
)
from invoicepay.operations.payments.protocol.transition import is_of


def has_lease(payment: Payment, ports: Ports) -> bool:
    """Whether its own payer is still given time to finish it. No lease is longer than LEASE,
    whatever the clock was when it was given."""
    if payment.status not in (PaymentStatus.CLAIMED, PaymentStatus.SUBMITTED):
        return False
    now = ports.clock.real_now()
    return payment.lease_until is not None and now < payment.lease_until <= now + LEASE


def settle(payment: Payment, ports: Ports, *, on_request: bool = False) -> Payment:
    """Ask the gateway how `payment` stands, and record it; the payment as it is now.

    What was never confirmed, or was declined, is canceled at the gateway before anything is
    released. `on_request`: somebody wants it canceled; else its payer has left it. Raises NoAnswer
    or Rejected when the gateway does not say, or says what cannot be read.
    """
    if payment.status in FINAL:
        return payment
    if payment.status is PaymentStatus.CLAIMED:
        # One may have been created. From here on its creator loses the compare-and-set.
        found = _find(payment, ports)
        if found is None:
            return give_up(payment, ports, on_request=on_request)
        payment, _ = store_intent(payment, found, ports)
        if payment.status in FINAL:
            # Another settler was sooner. If a copy of the ledger has charged it all the same,
            # `sync` adopts that charge.
            if found.status not in SETTLED_BY:
                cancel_orphan(found.id, ports)
            return payment
        if payment.gateway_id != found.id:
            # Its payer was sooner, with another intent: a request that came twice, days apart.
            return settle(payment, ports, on_request=on_request)
        return conclude(payment, found, ports, on_request=on_request)
    try:
        intent = ports.gateway.retrieve(payment.gateway_id)
    except Unreadable as error:
        record_unknown(payment, str(error), ports)
        raise
    if payment.status is PaymentStatus.PROCESSING and intent.status is IntentStatus.PROCESSING:
        return payment
    return conclude(payment, intent, ports, on_request=on_request)


def settle_if_left(payment: Payment, ports: Ports) -> Payment:
    """Settle a payment that its own payer has left; as it is, when the gateway does not say."""
    if has_lease(payment, ports):
        return payment
    try:
        return settle(payment, ports)
    except (NoAnswer, Rejected, Unreachable):
        return payment


def _find(payment: Payment, ports: Ports) -> Intent | None:
    """The intent of a payment whose id is not stored. Raises Unreadable where it may be one that
    cannot be read."""
    with ports.ledger.read() as unit:
        ledger_id = unit.company.identity().id
        found = unit.customers.get(payment.customer, EVERYTHING)
    customer = must_be_there(found, f"{payment.customer}, whose payment {payment.id} is,")
    unreadable = None
    for intent in ports.gateway.intents(ledger_id, customer=customer.gateway_id):
        if isinstance(intent, UnreadableIntent):
            unreadable = intent if intent.payment_id == payment.id else unreadable
        # A copy of the ledger may have used the same key for another amount: not this claim's.
        elif is_of(intent, payment):
            return intent
    if unreadable is not None:
        raise Unreadable(unreadable)
    return None
