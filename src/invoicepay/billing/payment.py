"""A payment, and the only table of how its state may change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from invoicepay.billing.method import MethodType


class PaymentStatus(StrEnum):
    CLAIMED = "claimed"
    """Balances are reserved; the gateway may not know of it yet."""
    SUBMITTED = "submitted"
    """The gateway's intent is stored; it may have been confirmed."""
    PROCESSING = "processing"
    """Accepted by the bank; still owed, still reserved."""
    UNKNOWN = "unknown"
    """Nobody knows whether money moved; still reserved."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def in_words(self) -> str:
        """What a sentence says of a payment in this state, e.g. `has succeeded`."""
        return _IN_WORDS.get(self, f"is {self}")


_IN_WORDS: dict[str, str] = {
    PaymentStatus.UNKNOWN: "has an unknown outcome",
    PaymentStatus.SUCCEEDED: "has succeeded",
    PaymentStatus.FAILED: "has failed",
    PaymentStatus.CANCELED: "was canceled",
}

FINAL = frozenset({PaymentStatus.SUCCEEDED, PaymentStatus.FAILED, PaymentStatus.CANCELED})
UNDER_WAY = frozenset(PaymentStatus) - FINAL

_CLAIMED, _SUBMITTED, _PROCESSING, _UNKNOWN, _SUCCEEDED, _FAILED, _CANCELED = PaymentStatus
TRANSITIONS: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _CLAIMED: frozenset({_SUBMITTED, _CANCELED}),
    _SUBMITTED: frozenset({_PROCESSING, _SUCCEEDED, _FAILED, _CANCELED, _UNKNOWN}),
    _UNKNOWN: frozenset({_PROCESSING, _SUCCEEDED, _FAILED, _CANCELED}),
    _PROCESSING: frozenset({_SUCCEEDED, _FAILED, _CANCELED}),
    _SUCCEEDED: frozenset(),
    _FAILED: frozenset(),
    _CANCELED: frozenset(),
}


GIVEN_UP = "given_up"
"""The failure code of a payment that its payer or a settler canceled before it could be charged:
the only end after which a key may be tried again."""
CANCELED_ON_REQUEST = "canceled_on_request"
"""The failure code of a payment that somebody canceled on purpose."""


def may_become(old: PaymentStatus, new: PaymentStatus) -> bool:
    """Whether a payment in `old` may be put into `new`. Nothing else changes a state."""
    return new in TRANSITIONS[old]


@dataclass(frozen=True, slots=True)
class Allocation:
    """The part of a payment that is for one invoice, in minor units of the payment's currency."""

    invoice: str
    amount_minor: int


class ReversalKind(StrEnum):
    REFUND = "refund"
    RETURN = "return"
    DISPUTE = "dispute"


@dataclass(frozen=True, slots=True)
class Reversal:
    """Money that went back. Dated, posted once, never an edit of the payment."""

    kind: ReversalKind
    amount_minor: int
    effective_on: date
    reason: str


@dataclass(frozen=True, slots=True)
class Payment:
    """One charge, or one receipt of money from elsewhere, with many allocations.

    Amounts in minor units of `currency`; instants UTC; `effective_on` in the company's zone.
    """

    id: str
    status: PaymentStatus
    customer: str
    currency: str
    amount_minor: int
    method_type: MethodType
    method_label: str
    created_at: datetime
    initiated_by: str
    livemode: bool
    allocations: tuple[Allocation, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    method_id: str = ""
    gateway_id: str = ""
    """The gateway's intent."""
    reference: str = ""
    """Of money from elsewhere: cheque or wire number."""
    lease_until: datetime | None = None
    """Real time (UTC) until which only its own payer works on it."""
    settled_at: datetime | None = None
    effective_on: date | None = None
    receipt_number: str = ""
    failure_code: str = ""
    failure_message: str = ""
    memo: str = ""
    order_number: str = ""
    request_digest: str = ""
    """Of one with a key: the key's id, a colon, and the digest of what was asked for, so that the
    key is known again, and refused with other content."""
    plan_digest: str = ""

    @property
    def outcome_known(self) -> bool:
        """Whether it was accepted or has ended: what a payer is told once and for all."""
        return self.status is PaymentStatus.PROCESSING or self.status in FINAL

    @property
    def given_up(self) -> bool:
        """Whether it ended before it could be charged, and nobody wanted it to."""
        return self.status is PaymentStatus.CANCELED and self.failure_code == GIVEN_UP

    @property
    def allocated_minor(self) -> int:
        return sum(a.amount_minor for a in self.allocations)

    @property
    def unapplied_minor(self) -> int:
        """What arrived and is on no invoice; 0 until it has arrived."""
        if self.status is not PaymentStatus.SUCCEEDED:
            return 0
        return self.amount_minor - self.allocated_minor

    @property
    def refunded_minor(self) -> int:
        return sum(r.amount_minor for r in self.reversals if r.kind is ReversalKind.REFUND)

    @property
    def disputed(self) -> bool:
        return any(r.kind is ReversalKind.DISPUTE for r in self.reversals)


def key_in(request_digest: str) -> str:
    """The id of the key that a payment was asked for with; empty without one."""
    key_id, colon, _ = request_digest.partition(":")
    return key_id if colon else ""


def sync_finds_out(payment: Payment) -> str:
    """How to find out what became of a payment under way, in words. One that its payer may still
    be at is left alone until its lease ends."""
    leased = payment.status in (PaymentStatus.CLAIMED, PaymentStatus.SUBMITTED)
    if not leased or payment.lease_until is None:
        return "`invoicepay sync` finds out"
    return "`invoicepay sync` finds out in two minutes"  # a lease is no longer
