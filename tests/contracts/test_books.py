"""What every BooksStore must do: name each figure that is not what its rows make of it, of all
invoices or of some, and make it so again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest

from invoicepay.billing.invoice import Invoice, InvoiceFilter, InvoiceState
from invoicepay.billing.journal import Difference
from invoicepay.billing.payment import PaymentStatus
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.ledger.unit import SqliteUnit
from tests.contracts.test_payments import made
from tests.world.clock import START
from tests.world.company import EVERYTHING, make_template, open_copy
from tests.world.told import told

CLAIMED, SUBMITTED, PROCESSING, UNKNOWN, SUCCEEDED, FAILED, CANCELED = PaymentStatus
TODAY = START.date()
EARLIER, LATEST = TODAY - timedelta(days=5), TODAY - timedelta(days=2)
ALL = ("INV-1", "INV-2", "INV-3", "INV-4", "INV-9", "CM-1", "VOID-1", "NIL-1")
PAYMENTS = [
    made(1, ("INV-1", 4000), ("INV-2", 1000), amount_minor=5500, effective_on=LATEST),
    made(2, ("INV-1", 6000), amount_minor=6000, effective_on=EARLIER),
    made(3, ("INV-2", 100), status=CLAIMED),
    made(4, ("INV-2", 200), status=SUBMITTED),
    made(5, ("INV-2", 400), ("INV-3", 600), status=PROCESSING),
    made(6, ("INV-2", 800), status=UNKNOWN),
    made(7, ("INV-2", 1000), status=FAILED),
    made(8, ("INV-2", 1000), status=CANCELED),
    made(9, ("VOID-1", 900), effective_on=LATEST),
]
_INVOICE = (
    "INSERT INTO invoices (number, kind, customer_id, issued_day, due_day, currency, total_minor, "
    "paid_minor, paid_day, voided_day) SELECT ?, ?, id, 1, 1, 'USD', ?, ?, ?, ? FROM customers "
    "WHERE number = 'C-1'"
)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteLedger]:
    """In which each figure is made of several rows, and some of none."""
    folder = tmp_path_factory.mktemp("books")
    ledger = open_copy(make_template(folder), folder).ledger
    with ledger.write() as unit:
        for row in (
            ("CM-1", "credit_memo", -500, -500, 20000, None),
            ("VOID-1", "invoice", 900, 900, None, 20000),
            ("NIL-1", "invoice", 0, 0, None, None),
        ):
            unit._connection.execute(_INVOICE, row)
        for position, amount, tax in ((0, 5000, 25), (1, 2400, 100)):
            unit._connection.execute(
                "INSERT INTO invoice_lines (invoice_id, position, description, quantity, "
                "unit_price, amount_minor, tax_minor) SELECT id, ?, 'Bolts', '1', '', ?, ? "
                "FROM invoices WHERE number = 'INV-3'",
                (position, amount, tax),
            )
        for payment in PAYMENTS:
            unit.payments.add(payment)
            if payment.status in (FAILED, CANCELED) or payment.allocations[0].invoice == "VOID-1":
                continue
            unit.invoices.reserve(payment.allocations)
            if payment.effective_on:
                unit.invoices.apply(payment.allocations, payment.effective_on)
        told(unit)
        assert unit.books.differences() == unit.books.differences_of(ALL) == []
    yield ledger
    ledger.close()


@contextmanager
def edited(ledger: SqliteLedger, *statements: str) -> Iterator[SqliteUnit]:
    """As another program would have, for as long as the block takes."""
    with suppress(_Undo), ledger.write() as unit:
        for statement in statements:
            unit._connection.execute(statement)
        yield unit
        raise _Undo


class _Undo(Exception):
    """Ends a transaction that is not to be kept."""


def _set(number: str, columns: str) -> str:
    return f"UPDATE invoices SET {columns} WHERE number = '{number}'"


def _payment(n: int, columns: str) -> str:
    return f"UPDATE payments SET {columns} WHERE id = '{made(n).id}'"


def _paid(number: str, expected: str, found: str, what: str = "paid on") -> Difference:
    return Difference(f"{what} {number}", expected, found, number)


def _reserved(number: str, expected: str, found: str) -> Difference:
    return _paid(number, expected, found, "reserved on")


def _date(number: str, expected: str, found: str) -> Difference:
    return _paid(number, expected, found, "paid date of")


def _of_payment(what: str, n: int, expected: str, found: str) -> Difference:
    return Difference(f"{what} of payment {made(n).id}", expected, found)


def _lines(expected: str, found: str = "7525") -> Difference:
    return Difference("lines of INV-3", expected, found)


EDITS: dict[str, list[Difference]] = {
    _set("INV-1", "paid_minor = 9999, paid_day = NULL"): [_paid("INV-1", "10000", "9999")],
    _set("INV-1", "paid_minor = 9999"): [
        _paid("INV-1", "10000", "9999"),
        _date("INV-1", "none", "2026-10-31"),
    ],
    _set("INV-2", "paid_minor = 1001"): [_paid("INV-2", "1000", "1001")],
    _set("INV-9", "paid_minor = 1"): [_paid("INV-9", "0", "1")],
    _set("VOID-1", "paid_minor = 899"): [_paid("VOID-1", "900", "899")],
    _payment(3, "status = 'succeeded', effective_day = 20000"): [
        _paid("INV-2", "1100", "1000"),
        _reserved("INV-2", "1400", "1500"),
    ],
    _set("INV-2", "reserved_minor = 1499"): [_reserved("INV-2", "1500", "1499")],
    _set("INV-9", "reserved_minor = 5"): [_reserved("INV-9", "0", "5")],
    _set("CM-1", "paid_minor = 0, paid_day = NULL, reserved_minor = 5"): [
        _reserved("CM-1", "0", "5")
    ],
    _payment(3, "status = 'failed'"): [_reserved("INV-2", "1400", "1500")],
    _payment(4, "status = 'failed'"): [_reserved("INV-2", "1300", "1500")],
    _payment(6, "status = 'failed'"): [_reserved("INV-2", "700", "1500")],
    _payment(5, "status = 'failed'"): [
        _reserved("INV-2", "1100", "1500"),
        _reserved("INV-3", "0", "600"),
    ],
    _set("INV-3", "total_minor = 7524"): [_lines("7525", "7524")],
    "UPDATE invoice_lines SET amount_minor = amount_minor + 1 WHERE position = 0": [_lines("7526")],
    "UPDATE invoice_lines SET tax_minor = tax_minor - 1 WHERE position = 1": [_lines("7524")],
    "DELETE FROM invoice_lines WHERE position = 1": [_lines("5025")],
    _payment(1, "amount_minor = 4999"): [_of_payment("allocations", 1, "5000", "4999")],
    _payment(8, "amount_minor = 1"): [_of_payment("allocations", 8, "1000", "1")],
    _payment(2, "currency = 'EUR'"): [_of_payment("currency", 2, "USD", "EUR")],
    _payment(2, "customer_id = 2"): [_of_payment("customer", 2, "C-1", "C-2")],
    # The day of the last payment, whichever was recorded last.
    _set("INV-1", "paid_day = NULL"): [_date("INV-1", "2026-10-31", "none")],
    _set("INV-1", "paid_day = paid_day + 1"): [_date("INV-1", "2026-10-31", "2026-11-01")],
    _payment(1, "effective_day = 20000"): [_date("INV-1", "2026-10-28", "2026-10-31")],
    _set("INV-2", "paid_day = 1"): [_date("INV-2", "none", "1970-01-02")],
    _set("CM-1", "paid_day = NULL"): [_date("CM-1", "a date", "none")],
}
"""An edit, and the figures that it leaves wrong."""
INVOICES_OF = {made(1).id: ("INV-1", "INV-2"), made(2).id: ("INV-1",), made(8).id: ("INV-2",)}


@pytest.mark.parametrize("edit", EDITS)
def test_a_figure_that_does_not_tie_is_named_with_what_it_should_be(
    ledger: SqliteLedger, edit: str
) -> None:
    with edited(ledger, edit) as unit:
        assert unit.books.differences() == EDITS[edit]


@pytest.mark.parametrize("edit", EDITS)
def test_of_some_invoices_only_their_own_figures_are_looked_at(
    ledger: SqliteLedger, edit: str
) -> None:
    """And those of the payments that are on them. The day is not asked for: nobody pays by it."""
    expected = [d for d in EDITS[edit] if not d.what.startswith("paid date")]
    with edited(ledger, edit) as unit:
        for number in ALL:
            here = [
                d
                for d in expected
                if d.what.endswith(f" {number}")
                or number in INVOICES_OF.get(d.what.rpartition(" ")[2], ())
            ]
            assert unit.books.differences_of([number]) == here, number
        assert unit.books.differences_of(ALL) == expected
        assert unit.books.differences_of([]) == []


DERIVED = [
    _set("INV-1", "paid_minor = 9999, paid_day = NULL, reserved_minor = 1"),
    _set("INV-2", "paid_minor = 0, paid_day = 5, reserved_minor = 0"),
    _set("INV-3", "paid_minor = 1, reserved_minor = 1"),
    _set("INV-9", "paid_minor = total_minor, paid_day = 5"),
    _set("VOID-1", "paid_minor = 0, paid_day = 5"),
    _set("NIL-1", "paid_day = 5"),
]


def _all(unit: SqliteUnit) -> dict[str, Invoice]:
    found = unit.invoices.page(InvoiceFilter(InvoiceState.ALL), EVERYTHING, TODAY).items
    return {invoice.number: invoice for invoice in found}


def test_what_is_derived_is_rebuilt_from_the_payments(ledger: SqliteLedger) -> None:
    with edited(ledger) as unit:
        right = _all(unit)
        for statement in DERIVED:
            unit._connection.execute(statement)
        wrong = _all(unit)

        unit.books.rebuild(["INV-2", "INV-9"])
        assert _all(unit) == wrong | {number: right[number] for number in ("INV-2", "INV-9")}
        unit.books.rebuild(ALL)
        assert _all(unit) == right


def test_what_a_credit_memo_was_used_for_is_not_in_the_payments(ledger: SqliteLedger) -> None:
    with edited(ledger) as unit:
        unit.books.rebuild(["CM-1"])

        assert _all(unit)["CM-1"].paid_minor == -500


def test_nothing_is_rebuilt_where_the_payments_are_more_than_the_invoice(
    ledger: SqliteLedger,
) -> None:
    too_much = "UPDATE allocations SET amount_minor = 6001 WHERE amount_minor = 6000"
    with edited(ledger, too_much, *DERIVED) as unit:
        before = _all(unit)

        unit.books.rebuild(ALL)

        assert _all(unit) == before
