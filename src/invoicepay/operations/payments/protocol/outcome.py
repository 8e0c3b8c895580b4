"""Step 4: what the gateway says becomes what the ledger says. All that its word decides is here,
and the ways to have it refuse a charge for good before anything is released."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from invoicepay.billing.customer import Customer, Scope
from invoicepay.billing.errors import DoesNotTie, Unreachable
from invoicepay.billing.method import MethodType
from invoicepay.billing.payment import (
    CANCELED_ON_REQUEST,
    FINAL,
    GIVEN_UP,
    Payment,
    PaymentStatus,
)
from invoicepay.billing.ports import (
    Intent,
    IntentStatus,
    NoAnswer,
    PaymentChange,
    Ports,
    Rejected,
    Unit,
)
from invoicepay.operations.payments.protocol.transition import (
    ASK_FINANCE,
    change_state,
    check_is_of,
    reread,
)

SETTLED_BY: Mapping[IntentStatus, PaymentStatus] = {
    IntentStatus.SUCCEEDED: PaymentStatus.SUCCEEDED,
    IntentStatus.PROCESSING: PaymentStatus.PROCESSING,
    IntentStatus.CANCELED: PaymentStatus.CANCELED,
}
"""The states that a gateway intent decides. In every other it can still be charged."""


def conclude(
    payment: Payment,
    intent: Intent,
    ports: Ports,
    *,
    refused: Rejected | None = None,
    on_request: bool = False,
    charged_now: bool = False,
) -> Payment:
    """Record what `intent` decides. One that could still be charged is canceled first; only
    when it reads `canceled` is anything released. Never confirms.

    `refused`: why the gateway would not confirm it. `on_request`: somebody wants it canceled.
    `charged_now`: see `record`.
    """
    if intent.status in SETTLED_BY:
        failure = intent if intent.failure_code else None
        return record(payment, intent, ports, failure=failure, charged_now=charged_now)
    declined = _declined(intent, refused)
    try:
        intent = cancel_intent(intent, ports, on_request=on_request)
    except (NoAnswer, Rejected) as error:
        return record_unknown(payment, str(error), ports)
    if intent.status not in SETTLED_BY:
        return record_unknown(payment, f"the gateway left it {intent.status}", ports)
    # A confirm that was on its way may have been declined just before.
    return record(payment, intent, ports, failure=declined or _declined(intent))


def _declined(intent: Intent, refused: Rejected | None = None) -> Intent | None:
    """The intent as the reason of a failure; None for one that was never confirmed."""
    if refused is not None and not intent.failure_code:
        return replace(
            intent, failure_code=refused.code or "refused", failure_message=refused.message
        )
    if intent.status is IntentStatus.REQUIRES_ACTION and not intent.failure_code:
        return replace(
            intent,
            failure_code="authentication_required",
            failure_message="The bank wants to authenticate this payment.",
        )
    return intent if intent.failure_code else None


def record(
    payment: Payment,
    intent: Intent,
    ports: Ports,
    *,
    failure: Intent | None = None,
    charged_now: bool = False,
) -> Payment:
    """Put `payment` into the state that `intent` (succeeded, processing or canceled) decides,
    with balances, journal and the e-mail that is owed for it.

    `failure`: the intent as it was when it was declined, before it was canceled; makes the
    payment failed rather than canceled. `charged_now`: `intent` is the answer of the charge itself,
    not found later. Recording the same again changes nothing. Raises DoesNotTie
    when the intent is not this payment's, or contradicts what is final.
    """
    now = ports.clock.now()
    return ports.ledger.transact(
        lambda unit: record_in(unit, payment, intent, now, failure=failure, charged_now=charged_now)
    )


def record_in(
    unit: Unit,
    payment: Payment,
    intent: Intent,
    now: datetime,
    *,
    failure: Intent | None = None,
    charged_now: bool = False,
) -> Payment:
    """As `record`, in the caller's transaction. `now`: the company's time, UTC."""
    change = _decided(intent, failure)
    status = change.status
    current = reread(payment, unit)
    check_is_of(current, intent)
    if current.status is status:
        return current
    if current.status in FINAL:
        if status is PaymentStatus.PROCESSING:
            return current  # an answer that was overtaken: the bank has answered meanwhile
        if current.status is not PaymentStatus.SUCCEEDED and status in (
            PaymentStatus.FAILED,
            PaymentStatus.CANCELED,
        ):
            return current  # two settlers saw the same end and name it differently
        raise DoesNotTie(
            "books_differ",
            f"payment {current.id} is {current.status} here and {intent.status} at the "
            f"gateway ({intent.id})",
            ASK_FINANCE,
            payment=current.id,
        )
    # A card's money moved soon after its intent was made; none tells a debit's settling day.
    earlier = current.method_type is MethodType.CARD and not charged_now
    return change_state(current, change, unit, now, intent.created_at if earlier else None)


def _decided(intent: Intent, failure: Intent | None) -> PaymentChange:
    status = SETTLED_BY[intent.status]
    if status is not PaymentStatus.CANCELED:
        # Charged, whatever an attempt before was declined for.
        return PaymentChange(status, failure_message="")
    if failure is None:
        return _canceled(on_request=not intent.abandoned)
    return PaymentChange(
        PaymentStatus.FAILED,
        failure_code=failure.failure_code,
        failure_message=failure.failure_message,
    )


def record_unknown(payment: Payment, why: str, ports: Ports) -> Payment:
    """Nobody knows whether money moved: what is reserved stays so. Returns the payment as it is
    now, which may be more than was known here."""
    now = ports.clock.now()
    change = PaymentChange(
        PaymentStatus.UNKNOWN, lease_until=ports.clock.real_now(), failure_message=why
    )

    def note(unit: Unit) -> Payment:
        current = reread(payment, unit)
        if current.status is not PaymentStatus.SUBMITTED:
            return current
        return change_state(current, change, unit, now)

    return ports.ledger.transact(note)


def give_up(payment: Payment, ports: Ports, why: str = "", *, on_request: bool = False) -> Payment:
    """`claimed → canceled`. Nobody confirms an intent whose id was not stored, so this is
    released at once. Returns the payment as it is now."""
    now = ports.clock.now()

    def release(unit: Unit) -> Payment:
        current = reread(payment, unit)
        if current.status is not PaymentStatus.CLAIMED:
            return current
        return change_state(current, _canceled(why, on_request=on_request), unit, now)

    return ports.ledger.transact(release)


def give_up_claims(customer: Customer, why: str, unit: Unit, now: datetime) -> None:
    """`claimed → canceled` for all of a customer's claims, in the caller's transaction: they
    reserved what was open before something came to be known. Their payers lose the
    compare-and-set, and confirm nothing."""
    for payment in unit.payments.unsettled(Scope(frozenset({customer.number}))):
        if payment.status is PaymentStatus.CLAIMED:
            change_state(payment, _canceled(why), unit, now)


def _canceled(why: str = "", *, on_request: bool = False) -> PaymentChange:
    code = CANCELED_ON_REQUEST if on_request else GIVEN_UP
    why = why or ("canceled on request" if on_request else "given up before it was charged")
    return PaymentChange(PaymentStatus.CANCELED, failure_code=code, failure_message=why)


def cancel_intent(intent: Intent, ports: Ports, *, on_request: bool = False) -> Intent:
    """`intent` as it is after that: canceled, or as it has moved on meanwhile. `on_request`:
    somebody wants it canceled; else it is given up. Raises NoAnswer, Rejected."""
    try:
        return ports.gateway.cancel(intent.id, on_request=on_request)
    except Rejected:  # it has moved on
        return ports.gateway.retrieve(intent.id)


def cancel_orphan(intent_id: str, ports: Ports) -> None:
    """Tidiness only: an intent that nobody will confirm."""
    with suppress(NoAnswer, Rejected, Unreachable):
        ports.gateway.cancel(intent_id)
