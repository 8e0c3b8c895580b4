"""What will be paid, quoted: pure arithmetic, no ledger and no gateway."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from invoicepay.billing.charge import CHARGED, charge_limits
from invoicepay.billing.errors import Refused, Usage
from invoicepay.billing.invoice import Invoice, InvoiceKind, InvoiceStatus
from invoicepay.billing.method import Method, MethodStatus, MethodType
from invoicepay.billing.money import Money, plain_text
from invoicepay.billing.payment import Allocation


def digest(content: object) -> str:
    """SHA-256 (hex) of JSON-able `content`, the same for the same content anywhere."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))  # in ASCII
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PlanLine:
    """What is paid on an invoice, and the invoice as it was quoted."""

    invoice: Invoice
    amount_minor: int

    @property
    def leaves_minor(self) -> int:
        """What is owed on the invoice once this and all that is under way has arrived."""
        return self.invoice.payable_minor - self.amount_minor


@dataclass(frozen=True, slots=True)
class PaymentPlan:
    """One charge as quoted. `pay` takes only this, and refuses when its invoices have changed
    since."""

    payment_id: str
    customer: str
    currency: str
    method: Method
    lines: tuple[PlanLine, ...]
    request_digest: str
    memo: str = ""
    with_key: bool = False
    """Whether its id follows from a key, so that repeating it makes no second payment."""
    allow_pending: bool = False
    """Whether it may pay more of an invoice that acknowledged, accepted payments hold."""
    left_out: tuple[str, ...] = ()
    """Invoices of the selection that payments under way hold."""
    disputed: tuple[str, ...] = ()
    """Invoices of the selection that are left out because they are disputed."""
    not_chargeable: tuple[str, ...] = ()
    """Invoices of the selection that are left out because the gateway charges neither their
    currency nor their amount."""

    @property
    def allocations(self) -> tuple[Allocation, ...]:
        return tuple(Allocation(line.invoice.number, line.amount_minor) for line in self.lines)

    @property
    def total_minor(self) -> int:
        """The cash that will be charged, in minor units."""
        return sum(line.amount_minor for line in self.lines)

    @property
    def too_small_to_pay_later(self) -> tuple[PlanLine, ...]:
        """Lines that leave something, but less than one charge may be."""
        limits = charge_limits(self.currency)
        return tuple(
            line
            for line in self.lines
            if 0 < line.leaves_minor < limits.minimum and not line.leaves_minor % limits.step
        )

    @property
    def too_fine_to_pay_later(self) -> tuple[PlanLine, ...]:
        """Lines that leave more decimals than the gateway charges."""
        step = charge_limits(self.currency).step
        return tuple(line for line in self.lines if line.leaves_minor % step)

    @property
    def digest(self) -> str:
        return digest(
            {
                "payment": self.payment_id,
                "customer": self.customer,
                "currency": self.currency,
                "method": self.method.id,
                "allocations": [
                    [line.invoice.number, line.amount_minor, line.invoice.payable_minor]
                    for line in self.lines
                ],
                "memo": self.memo,
            }
        )


def one_customer(invoices: Sequence[Invoice], *, named: bool) -> str:
    """The customer of all `invoices`. Raises Usage naming the option that narrows a selection of
    several, or where the invoices were `named`, those of one."""
    customers = sorted({i.customer for i in invoices})
    if len(customers) > 1:
        those = [i.number for i in invoices if i.customer == customers[0]]
        raise Usage(
            "ambiguous_selection",
            f"one payment is for one customer; this selection has {_some(customers)}",
            f"Name those of one alone; of {customers[0]}: {' '.join(those)}."
            if named
            else f"Narrow it with --customer, e.g. --customer {customers[0]}.",
        )
    return customers[0]


def one_customer_and_currency(invoices: Sequence[Invoice], *, named: bool) -> tuple[str, str]:
    """The customer and currency that all `invoices` share. Raises Usage as `one_customer` does."""
    customer = one_customer(invoices, named=named)
    currencies = sorted({i.currency for i in invoices})
    if len(currencies) > 1:
        one = next((c for c in currencies if c in CHARGED), currencies[0])
        those = [i.number for i in invoices if i.currency == one]
        raise Usage(
            "ambiguous_selection",
            f"one payment is in one currency; this selection has {_some(currencies)}",
            f"Name those in one alone; in {one}: {' '.join(those)}."
            if named
            else f"Narrow it with --currency, e.g. --currency {one}.",
        )
    return customer, currencies[0]


def plan_lines(invoices: Sequence[Invoice], amounts: Mapping[str, int]) -> tuple[PlanLine, ...]:
    """A line for each invoice: `amounts` (number → minor units) where given, else all that is
    payable. Raises Refused for what is paid, void, under way, or more than is payable."""
    return tuple(PlanLine(i, _amount(i, amounts.get(i.number))) for i in invoices)


def _amount(invoice: Invoice, wanted: int | None) -> int:
    number, payable = invoice.number, invoice.payable_minor
    if invoice.kind is InvoiceKind.CREDIT_MEMO:
        what = f"{number} is a credit memo; there is nothing to pay"
        raise Refused("not_payable", what, f"See `invoicepay invoices show {number}`.")
    if invoice.status is InvoiceStatus.VOID:
        what = f"{number} is void; there is nothing to pay"
        raise Refused("not_payable", what, f"See `invoicepay invoices show {number}`.")
    if invoice.status is InvoiceStatus.PAID:
        when = f" on {invoice.paid_on}" if invoice.paid_on else ""
        raise Refused(
            "already_paid", f"{number} was paid{when}", f"See `invoicepay invoices show {number}`."
        )
    if not payable:
        raise Refused(
            "in_flight",
            f"payments under way are for all of {number}, nothing of it is left to pay",
            f"See `invoicepay invoices show {number}`; `invoicepay sync` asks the bank.",
        )
    amount = payable if wanted is None else wanted
    if amount > payable:
        raise Refused(
            "amount_exceeds_payable",
            f"{Money(amount, invoice.currency)} is more than is payable on {number}, "
            f"{Money(payable, invoice.currency)}",
            f"Pay that at most: --amount {number}={plain_text(payable, invoice.currency)}.",
        )
    if amount <= 0:
        raise Usage("usage", f"the amount for {number} must be more than zero")
    return amount


def check_method(method: Method, currency: str, today: date) -> None:
    """Raises Refused or Usage when `method` cannot take a payment in `currency` on `today`."""
    status = method.status(today)
    if status is not MethodStatus.ACTIVE:
        raise Refused(
            "method_unusable",
            f"{method.name} ({method.id}) cannot be used: {status.replace('_', ' ')}",
            "Choose another with --method; `invoicepay methods list` shows them.",
        )
    if method.type is MethodType.ACH and currency != "USD":
        raise Usage(
            "currency_not_supported",
            f"a bank debit (ACH) is in USD only, this selection is in {currency}",
            "Pay by card: --method card.",
        )


PAY_OUTSIDE = (
    "Pay it in another way, e.g. by wire, which finance records with `invoicepay import payments`"
)
"""For what the gateway does not charge."""


def check_limits(lines: Sequence[PlanLine], currency: str) -> None:
    """Raises Usage when the gateway would not take the sum of `lines` in one charge."""
    if currency not in CHARGED:
        raise Usage(
            "currency_not_supported",
            f"no card and no bank account is charged in {currency}",
            f"{PAY_OUTSIDE}.",
        )
    limits = charge_limits(currency)
    total_minor = sum(line.amount_minor for line in lines)
    if total_minor % limits.step:
        raise Usage(
            "amount_not_chargeable",
            f"{Money(total_minor, currency)} cannot be charged, only multiples of "
            f"{Money(limits.step, currency)}",
            f"{PAY_OUTSIDE}{_or_a_part(lines, total_minor % limits.step)}.",
        )
    if total_minor < limits.minimum:
        raise Usage(
            "under_limit",
            f"{Money(total_minor, currency)} is less than the smallest charge, "
            f"{Money(limits.minimum, currency)}",
            "Pay more of it, or more invoices at once.",
        )
    if total_minor > limits.maximum:
        raise Usage(
            "over_limit",
            f"{Money(total_minor, currency)} is more than the largest single charge, "
            f"{Money(limits.maximum, currency)}",
            "Pay in parts: fewer invoices, or --amount NUMBER=AMOUNT.",
        )


def _or_a_part(lines: Sequence[PlanLine], excess_minor: int) -> str:
    """The other way: to pay that much less of an invoice, where one is large enough."""
    line = max(lines, key=lambda line: line.amount_minor)
    part, invoice = line.amount_minor - excess_minor, line.invoice
    if part < charge_limits(invoice.currency).minimum:
        return ""
    return f", or less here: --amount {invoice.number}={plain_text(part, invoice.currency)}"


def chargeable(invoices: Sequence[Invoice], amounts: Mapping[str, int]) -> list[Invoice]:
    """Those of `invoices`, all in one currency that is charged, that one charge can pay, with
    `amounts` as in `plan_lines`: all, or else those whose own amount can be charged."""
    if not invoices:
        return []
    step = charge_limits(invoices[0].currency).step
    wanted = {i.number: amounts.get(i.number, i.payable_minor) for i in invoices}
    if sum(wanted.values()) % step == 0:
        return list(invoices)
    return [i for i in invoices if wanted[i.number] % step == 0]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
