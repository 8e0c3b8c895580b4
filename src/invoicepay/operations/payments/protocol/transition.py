"""The one place where a payment changes its state, with all that follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from invoicepay.billing.customer import EVERYTHING
from invoicepay.billing.dates import local_date
from invoicepay.billing.errors import DoesNotTie, must_be_there
from invoicepay.billing.payment import FINAL, Payment, PaymentStatus
from invoicepay.billing.ports import Intent, MailKind, PaymentChange, Unit
from invoicepay.operations.payments.protocol.notify import queue_mail

ASK_FINANCE = (
    "Do not pay again; show finance this line. Finance: the gateway's dashboard has what was "
    "charged; `invoicepay audit list` has what this ledger wrote."
)


def change_state(
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


def check_is_of(payment: Payment, intent: Intent) -> None:
    if not is_of(intent, payment):
        raise DoesNotTie(
            "books_differ",
            f"the gateway's {intent.id} is not what payment {payment.id} asked for",
            ASK_FINANCE,
            payment=payment.id,
        )
