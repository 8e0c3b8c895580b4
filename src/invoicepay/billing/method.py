"""Payment methods: tokens of the gateway, never a card or bank number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class MethodType(StrEnum):
    """How a payment came. Only card and ach go through the gateway."""

    CARD = "card"
    ACH = "ach"
    CHECK = "check"
    WIRE = "wire"
    OTHER = "other"


class MethodStatus(StrEnum):
    ACTIVE = "active"
    NEEDS_VERIFICATION = "needs_verification"
    EXPIRED = "expired"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Method:
    """A payment method of a customer. `default`: of its type; `preferred`: used when a payment
    names none."""

    id: str
    customer: str
    type: MethodType
    label: str
    brand: str
    last4: str
    gateway_id: str
    exp_month: int | None = None
    exp_year: int | None = None
    verified: bool = True
    removed: bool = False
    default: bool = False
    preferred: bool = False

    def status(self, today: date) -> MethodStatus:
        """Status on `today`; a card is good through the last day of its month."""
        if self.removed:
            return MethodStatus.REMOVED
        if not self.verified:
            return MethodStatus.NEEDS_VERIFICATION
        if self.exp_year and (self.exp_year, self.exp_month or 12) < (today.year, today.month):
            return MethodStatus.EXPIRED
        return MethodStatus.ACTIVE

    @property
    def expires(self) -> str:
        """`2029-08`, or empty for what does not expire."""
        return f"{self.exp_year:04d}-{self.exp_month:02d}" if self.exp_year else ""

    @property
    def name(self) -> str:
        """`Visa ending 4242`: what payments and receipts call it."""
        return f"{self.brand} ending {self.last4}"
