"""Invoices and credit memos, how they are selected and what a selection sums to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from invoicepay.billing.customer import Address

if TYPE_CHECKING:
    from decimal import Decimal

T = TypeVar("T")


class InvoiceKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_MEMO = "credit_memo"


class InvoiceStatus(StrEnum):
    OPEN = "open"
    PARTIAL = "partial"
    PROCESSING = "processing"
    PAID = "paid"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Invoice:
    """What a customer owes. Amounts in minor units of `currency`; dates in the company's zone.

    A credit memo has a negative total, so that balances sum.
    """

    number: str
    customer: str
    issued_on: date
    due_on: date
    currency: str
    total_minor: int
    kind: InvoiceKind = InvoiceKind.INVOICE
    customer_name: str = ""
    tax_minor: int = 0
    """Part of the total."""
    paid_minor: int = 0
    reserved_minor: int = 0
    """Claimed by payments under way; still owed."""
    po_number: str = ""
    order_number: str = ""
    memo: str = ""
    disputed: bool = False
    paid_on: date | None = None
    """When the balance became zero."""
    voided_on: date | None = None

    @property
    def balance_minor(self) -> int:
        return 0 if self.voided_on else self.total_minor - self.paid_minor

    @property
    def payable_minor(self) -> int:
        return max(self.balance_minor - self.reserved_minor, 0)

    @property
    def status(self) -> InvoiceStatus:
        """Status, first that fits: void, paid, processing, partial, open."""
        if self.voided_on:
            return InvoiceStatus.VOID
        if self.balance_minor == 0:
            return InvoiceStatus.PAID
        if self.reserved_minor:
            return InvoiceStatus.PROCESSING
        return InvoiceStatus.PARTIAL if self.paid_minor else InvoiceStatus.OPEN

    def days_overdue(self, today: date) -> int:
        """Whole days past due while something is owed, else 0."""
        return max((today - self.due_on).days, 0) if self.balance_minor > 0 else 0


class InvoiceLine(NamedTuple):
    """`quantity` and `unit_price` are decimal text as billed (a price may have fractions of a
    cent); `amount_minor` is before tax."""

    description: str
    quantity: str = "1"
    unit_price: str = ""
    amount_minor: int = 0
    tax_minor: int = 0
    tax_rate: str = ""
    """As printed, e.g. `8.25%`."""


class InvoicePayment(NamedTuple):
    """A payment as its invoice shows it; `amount_minor` is what it puts on this invoice."""

    payment_id: str
    status: str
    method_label: str
    paid_on: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class InvoiceDetail:
    """An invoice with all that is printed on it."""

    invoice: Invoice
    lines: tuple[InvoiceLine, ...]
    payments: tuple[InvoicePayment, ...]
    bill_to: Address


class InvoiceState(StrEnum):
    """What a selection is about; `open` is balance > 0."""

    OPEN = "open"
    OVERDUE = "overdue"
    PAID = "paid"
    ALL = "all"


class InvoiceSort(StrEnum):
    """Sort keys; a leading minus descends. Ties are broken by number."""

    DUE = "due"
    ISSUED = "issued"
    NUMBER = "number"
    CUSTOMER = "customer"
    TOTAL = "total"
    BALANCE = "balance"
    DUE_LATEST = "-due"
    ISSUED_LATEST = "-issued"
    NUMBER_LAST = "-number"
    CUSTOMER_LAST = "-customer"
    TOTAL_LARGEST = "-total"
    BALANCE_LARGEST = "-balance"


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """A selection as data. Dates are inclusive but for `due_before`."""

    state: InvoiceState = InvoiceState.OPEN
    customer: str | None = None
    currency: str | None = None
    issued_since: date | None = None
    issued_until: date | None = None
    due_before: date | None = None
    min_total: Decimal | None = None
    """Major units, compared with each invoice's total in its own currency."""
    max_total: Decimal | None = None
    sort: InvoiceSort = InvoiceSort.DUE


@dataclass(frozen=True, slots=True)
class InvoiceTotals:
    """One currency's sums over a whole selection, in minor units. Void invoices count, and are in
    no sum."""

    currency: str
    count: int
    total_minor: int
    paid_minor: int
    processing_minor: int
    balance_minor: int
    overdue_minor: int
    void: int
    """How many of `count` are void."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The beginning of a selection. `more`: it goes on after these; `totals` by currency cover the
    selection as a whole."""

    items: tuple[T, ...]
    more: bool = False
    totals: Mapping[str, InvoiceTotals] | None = None
