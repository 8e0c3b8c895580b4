"""What every InvoiceStore must do with one invoice, with bounds, and with balances; test_ledger.py
has selections, their order, pages and sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from invoicepay.billing.customer import Address, Customer
from invoicepay.billing.errors import DoesNotTie
from invoicepay.billing.invoice import (
    Invoice,
    InvoiceDetail,
    InvoiceFilter,
    InvoiceKind,
    InvoiceLine,
    InvoicePayment,
    InvoiceState,
)
from invoicepay.billing.money import CURRENCIES, decimals
from invoicepay.billing.payment import Allocation, PaymentStatus
from invoicepay.billing.ports import InvoiceRow, Unit
from tests.contracts.test_payments import made
from tests.world.clock import START
from tests.world.company import EVERYTHING, SmallCompany
from tests.world.journaled import journal_changes

TODAY = START.date()
FIRST = date(1970, 1, 1)
ROW = InvoiceRow(
    id=0,
    number="X-1",
    kind="invoice",
    customer_id=0,
    issued_day=20001,
    due_day=20002,
    currency="USD",
    total_minor=7000,
    tax_minor=700,
    paid_minor=0,
    po_number="PO-1",
    order_number="ORDER-1",
    memo="Thanks",
    disputed=1,
    paid_day=None,
    voided_day=None,
    content_digest="digest",
)


@pytest.fixture
def unit(company: SmallCompany) -> Iterator[Unit]:
    """A transaction with a customer X, whom the invoices below are for."""
    with company.ledger.write() as unit:
        unit.loading.put_customers([Customer("X", "Xylem", address=Address(("Quay 1", "Bergen")))])
        yield unit
        journal_changes(unit)


def add(unit: Unit, *rows: InvoiceRow) -> list[int]:
    """Their row ids."""
    customer = unit.loading.customer("X")
    assert customer is not None
    first = unit.loading.next_id("invoices")
    ids = list(range(first, first + len(rows)))
    unit.loading.add_invoices(
        [row._replace(id=i, customer_id=customer.id) for i, row in zip(ids, rows, strict=True)]
    )
    return ids


def selected(unit: Unit, selection: InvoiceFilter) -> list[str]:
    page = unit.invoices.page(replace(selection, customer="X"), EVERYTHING, TODAY)
    return [invoice.number for invoice in page.items]


# --- One ---


def test_an_invoice_is_read_as_it_was_loaded(unit: Unit) -> None:
    add(
        unit,
        ROW,
        ROW._replace(number="X-2", disputed=0, voided_day=20004),
        ROW._replace(number="X-3", kind="credit_memo", total_minor=-7000, tax_minor=-700),
    )
    plain = Invoice(
        number="X-1",
        customer="X",
        issued_on=FIRST + timedelta(days=20001),
        due_on=FIRST + timedelta(days=20002),
        currency="USD",
        total_minor=7000,
        kind=InvoiceKind.INVOICE,
        customer_name="Xylem",
        tax_minor=700,
        po_number="PO-1",
        order_number="ORDER-1",
        memo="Thanks",
        disputed=True,
    )
    void = replace(plain, number="X-2", disputed=False, voided_on=FIRST + timedelta(days=20004))
    memo = replace(
        plain, number="X-3", kind=InvoiceKind.CREDIT_MEMO, total_minor=-7000, tax_minor=-700
    )

    expected = [plain, void, memo]
    assert [unit.invoices.get(each.number, EVERYTHING) for each in expected] == expected
    every = InvoiceFilter(InvoiceState.ALL, customer="X")
    assert list(unit.invoices.page(every, EVERYTHING, TODAY).items) == expected
    assert unit.invoices.get("X-4", EVERYTHING) is None


def test_an_invoice_in_full_has_its_lines_and_payments_in_their_order(unit: Unit) -> None:
    (other, mine) = add(unit, ROW, ROW._replace(number="X-2"))
    unit.loading.add_lines(
        [
            (mine, 1, "Nuts", "2", "0.005", 1, 2, "8.25%"),
            (other, 0, "Screws", "1", "", 7000, 0, ""),
            (mine, 0, "Bolts", "3", "10", 3000, 0, ""),
        ]
    )
    by_x = {"customer": "X", "method_label": "Visa", "created_at": START}
    for payment in (
        made(2, ("X-1", 5), ("X-2", 10), **by_x, effective_on=date(2026, 10, 30)),
        made(1, ("X-2", 20), **by_x, status=PaymentStatus.FAILED),
        made(3, ("X-1", 30), **by_x),
    ):
        unit.payments.add(payment)
    invoice = unit.invoices.get("X-2", EVERYTHING)
    assert invoice is not None

    assert unit.invoices.detail("X-2", EVERYTHING) == InvoiceDetail(
        invoice=invoice,
        lines=(
            InvoiceLine("Bolts", "3", "10", 3000),
            InvoiceLine("Nuts", "2", "0.005", 1, 2, "8.25%"),
        ),
        payments=(
            InvoicePayment(made(2).id, "succeeded", "Visa", date(2026, 10, 30), 10),
            InvoicePayment(made(1).id, "failed", "Visa", START.date(), 20),
        ),
        bill_to=Address(("Quay 1", "Bergen")),
    )
    assert unit.invoices.detail("X-3", EVERYTHING) is None


# --- Bounds ---


def test_days_are_included_but_the_one_that_it_is_due_before(unit: Unit) -> None:
    days = [TODAY + timedelta(days=n) for n in (-1, 0, 1)]
    for day, number in zip(days, "abc", strict=True):
        at = (day - FIRST).days
        add(unit, ROW._replace(number=number, issued_day=at, due_day=at))

    assert selected(unit, InvoiceFilter(issued_since=TODAY)) == ["b", "c"]
    assert selected(unit, InvoiceFilter(issued_until=TODAY)) == ["a", "b"]
    assert selected(unit, InvoiceFilter(due_before=TODAY)) == ["a"]
    assert selected(unit, InvoiceFilter(InvoiceState.OVERDUE)) == ["a"]


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_totals_are_compared_in_the_currencys_own_units(unit: Unit, currency: str) -> None:
    """What lies between two of them is rounded so that it selects no more."""
    one = 10 ** decimals(currency)
    add(
        unit,
        *(
            ROW._replace(number=f"x{n}", currency=currency, total_minor=n * one + change)
            for n, change in ((1, 0), (5, -1), (6, 0), (7, 1))
        ),
    )

    def between(low: str, high: str) -> list[str]:
        bounds = InvoiceFilter(min_total=Decimal(low), max_total=Decimal(high))
        return selected(unit, bounds)

    assert between("6", "6") == ["x6"]
    assert between("5", "7") == ["x6"]
    assert between("0.9999", "1.0001") == ["x1"]
    assert between("6.0001", "8.0001") == ["x7"]
    assert between("-1e30", "5.9999") == ["x1", "x5"]
    assert between("5.0001", "1e30") == ["x6", "x7"]


# --- Balances ---


def balance(unit: Unit, number: str) -> tuple[int, int, int, date | None]:
    """Payable, reserved, paid, and when that became all."""
    invoice = unit.invoices.get(number, EVERYTHING)
    assert invoice is not None
    return invoice.payable_minor, invoice.reserved_minor, invoice.paid_minor, invoice.paid_on


def test_a_reservation_is_released_or_becomes_what_is_paid(unit: Unit) -> None:
    add(unit, ROW, ROW._replace(number="X-2"))
    both = [Allocation("X-2", 7000), Allocation("X-1", 3000)]

    unit.invoices.reserve(both)
    assert balance(unit, "X-1") == (4000, 3000, 0, None)
    assert balance(unit, "X-2") == (0, 7000, 0, None)
    unit.invoices.release(both[1:])
    assert balance(unit, "X-1") == (7000, 0, 0, None)
    unit.invoices.apply(both[:1], TODAY)
    assert balance(unit, "X-2") == (0, 0, 7000, TODAY)
    unit.invoices.reserve(both[1:])
    unit.invoices.apply([Allocation("X-1", 2000)], TODAY)
    assert balance(unit, "X-1") == (4000, 1000, 2000, None)


@pytest.mark.parametrize("last", [TODAY - timedelta(days=3), TODAY + timedelta(days=3)])
def test_an_invoice_is_paid_since_the_day_of_its_last_payment(unit: Unit, last: date) -> None:
    """Whichever is recorded last: a debit settles days after a card that was used later."""
    add(unit, ROW)
    for n, day in enumerate((TODAY, last), 1):
        payment = made(n, ("X-1", 3500), customer="X", effective_on=day)
        unit.invoices.reserve(payment.allocations)
        unit.payments.add(payment)
        unit.invoices.apply(payment.allocations, day)

    assert balance(unit, "X-1") == (0, 0, 7000, max(TODAY, last))


def test_an_invoice_that_is_not_there_moves_no_balance(company: SmallCompany) -> None:
    missing = [Allocation("INV-404", 1)]
    for move in ("reserve", "release", "apply"):
        more = [TODAY] if move == "apply" else []
        with pytest.raises(DoesNotTie) as error, company.ledger.write() as unit:
            getattr(unit.invoices, move)(missing, *more)
        assert error.value.code == "books_differ"
        assert error.value.message == "INV-404, which a payment names, is not in the ledger"
