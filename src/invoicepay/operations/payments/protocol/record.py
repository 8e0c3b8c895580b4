"""Step 4: what the gateway says becomes what the ledger says, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from invoicepay.billing.customer import EVERYTHING, Customer, Scope
from invoicepay.billing.dates import local_date
from invoicepay.billing.errors import DoesNotTie, must_be_there
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
    MailKind,
    PaymentChange,
    Ports,
    Unit,
)
from invoicepay.operations.payments.protocol.notify import queue_mail

SETTLED_BY: Mapping[IntentStatus, PaymentStatus] = {
    IntentStatus.SUCCEEDED: PaymentStatus.SUCCEEDED,
    IntentStatus.PROCESSING: PaymentStatus.PROCESSING,
    IntentStatus.CANCELED: PaymentStatus.CANCELED,
}
"""The states that a gateway intent decides. In every other it can still be charged."""
_ASK_FINANCE = (
    "Do not pay again; show finance this line. Finance: the gateway's dashboard has what was "
    "charged; `invoicepay audit list` has what this ledger wrote."
)


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
    _check_same(current, intent)
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
            _ASK_FINANCE,
            payment=current.id,
        )
    # A card's money moved soon after its intent was made; none tells a debit's settling day.
    earlier = current.method_type is MethodType.CARD and not charged_now
    return _move(current, change, unit, now, intent.created_at if earlier else None)


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
        return _move(current, change, unit, now)

    return ports.ledger.transact(note)


def record_never_confirmed(
    payment: Payment, ports: Ports, why: str = "", *, on_request: bool = False
) -> Payment:
    """`claimed → canceled`. Nobody confirms an intent whose id was not stored, so this is
    released at once. Returns the payment as it is now."""
    now = ports.clock.now()

    def give_up(unit: Unit) -> Payment:
        current = reread(payment, unit)
        if current.status is not PaymentStatus.CLAIMED:
            return current
        return _move(current, _canceled(why, on_request=on_request), unit, now)

    return ports.ledger.transact(give_up)


def give_up_claims(customer: Customer, why: str, unit: Unit, now: datetime) -> None:
    """`claimed → canceled` for all of a customer's claims, in the caller's transaction: they
    reserved what was open before something came to be known. Their payers lose the
    compare-and-set, and confirm nothing."""
    for payment in unit.payments.unsettled(Scope(frozenset({customer.number}))):
        if payment.status is PaymentStatus.CLAIMED:
            _move(payment, _canceled(why), unit, now)


def _canceled(why: str = "", *, on_request: bool = False) -> PaymentChange:
    code = CANCELED_ON_REQUEST if on_request else GIVEN_UP
    why = why or ("canceled on request" if on_request else "given up before it was charged")
    return PaymentChange(PaymentStatus.CANCELED, failure_code=code, failure_message=why)


def record_submitted(payment: Payment, intent: Intent, ports: Ports) -> tuple[Payment, bool]:
    """Compare-and-set `claimed → submitted` with the intent's id. True for the one caller that
    may confirm it."""
    now = ports.clock.now()

    def store(unit: Unit) -> tuple[Payment, bool]:
        current = reread(payment, unit)
        if current.status is not PaymentStatus.CLAIMED:  # perhaps settled by another intent of its
            return current, False
        _check_same(current, intent)
        change = PaymentChange(PaymentStatus.SUBMITTED, gateway_id=intent.id)
        return _move(current, change, unit, now), True

    return ports.ledger.transact(store)


def reread(payment: Payment, unit: Unit) -> Payment:
    """As it is in this transaction. Raises DoesNotTie where it is not there."""
    return must_be_there(unit.payments.get(payment.id, EVERYTHING), f"payment {payment.id}")


def is_of(intent: Intent, payment: Payment) -> bool:
    """Whether `intent` is what `payment` asked the gateway for."""
    if payment.gateway_id:
        same = payment.gateway_id == intent.id
    else:
        same = payment.id == intent.payment_id
    theirs = (intent.amount_minor, intent.currency, intent.livemode)
    return same and theirs == (payment.amount_minor, payment.currency, payment.livemode)


def _check_same(payment: Payment, intent: Intent) -> None:
    if not is_of(intent, payment):
        raise DoesNotTie(
            "books_differ",
            f"the gateway's {intent.id} is not what payment {payment.id} asked for",
            _ASK_FINANCE,
            payment=payment.id,
        )


def _move(
    payment: Payment,
    change: PaymentChange,
    unit: Unit,
    now: datetime,
    charged_at: datetime | None = None,
) -> Payment:
    """The one place where a payment changes: its state, its invoices' balances, the journal,
    and the e-mail, all in the caller's transaction. `charged_at` (UTC): when the money moved, where
    that was not just now."""
    new = change.status
    settled: dict[str, Any] = {}
    if new is PaymentStatus.SUCCEEDED:
        effective_on = local_date(charged_at or now, unit.company.get().time_zone)
        settled = {"settled_at": now, "effective_on": effective_on}
        unit.invoices.apply(payment.allocations, effective_on)
        if not payment.receipt_number:
            settled["receipt_number"] = unit.payments.next_receipt_number()
    elif new in FINAL:
        settled = {"settled_at": now}
        unit.invoices.release(payment.allocations)
    changed = unit.payments.change(payment, replace(change, **settled))
    assert changed, "the transaction holds the write lock"
    unit.journal.append(
        f"payment.{new}",
        payment.id,
        "gateway",
        now,
        {
            "from": payment.status.value,
            "gateway_id": change.gateway_id or payment.gateway_id,
            "failure_code": change.failure_code or "",
        },
    )
    kind = _mail_kind(payment.status, new)
    if kind is not None:
        queue_mail(payment, kind, unit, now)
    return reread(payment, unit)


def _mail_kind(old: PaymentStatus, new: PaymentStatus) -> MailKind | None:
    """What to write about it. A decline at once is on the payer's screen already."""
    if new is PaymentStatus.PROCESSING:
        return MailKind.INITIATED
    if new is PaymentStatus.SUCCEEDED:
        return MailKind.RECEIVED
    if new in FINAL and old in (PaymentStatus.PROCESSING, PaymentStatus.UNKNOWN):
        return MailKind.FAILED
    return None
