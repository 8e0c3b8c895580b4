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


@dataclass(frozen=True, slots=True)
class ChargeLimits:
    """What the gateway takes in one charge, in minor units, both inclusive."""

    minimum: int
    maximum: int


# Stripe, "Minimum and maximum charge amounts": 0.50 USD or its equivalent, at most eight digits.
# For currencies not in Stripe's table the minimum is one unit; the gateway has the last word.
MAXIMUM_CHARGE = 99_999_999
MINIMUM_CHARGE = {
    "USD": 50, "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500,
    "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50,
    "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300,
    "SGD": 50, "THB": 1000,
}  # fmt: skip


def charge_limits(currency: str) -> ChargeLimits:
    """Limits of one charge in `currency`."""
    return ChargeLimits(MINIMUM_CHARGE.get(currency, 1), MAXIMUM_CHARGE)
