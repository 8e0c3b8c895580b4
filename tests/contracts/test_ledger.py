"""What every Ledger must do with selections, transactions and scopes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invoicepay.billing.customer import Company, Scope
from invoicepay.billing.errors import BadInput, Refused, Unreachable
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import Invoice, InvoiceFilter, InvoiceSort, InvoiceState
from invoicepay.billing.money import decimals
from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import PaymentChange
from invoicepay.ledger.backup_copy import look_at
from invoicepay.ledger.file import create
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.imports.import_records import ImportRecords
from tests.world.clock import START
from tests.world.company import EVERYTHING, SmallCompany, make_template, open_copy
from tests.world.journaled import journal_changes

TODAY = date(2026, 11, 2)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqliteLedger, list[Invoice]]]:
    """400 invoices and credit memos of two customers and three currencies, in every state."""
    folder = tmp_path_factory.mktemp("many")
    company = open_copy(make_template(folder), folder)
    rows = ["number,customer,issued_on,due_on,currency,total"]
    for n in range(400):
        issued = TODAY - timedelta(days=n * 7 % 120)
        due = issued + timedelta(days=n * 11 % 50)
        currency = ("USD", "EUR", "JPY")[n % 3]
        total = str(100 + n * 37 % 5000) + ("" if currency == "JPY" else ".25")
        rows.append(f"X-{n * 7919 % 400:03d},C-{n % 2 + 1},{issued},{due},{currency},{total}")
    file = folder / "many.csv"
    file.write_text("\n".join(rows))
    company.finance.call(ImportRecords("invoices", str(file)))
    with sqlite3.connect(company.ledger.path) as db:  # states that take long to reach
        db.execute(
            "UPDATE invoices SET kind = 'credit_memo', total_minor = -total_minor WHERE id % 7 = 3"
        )
        db.execute(
            "UPDATE invoices SET paid_minor = total_minor, paid_day = due_day WHERE id % 5 = 0"
        )
        db.execute("UPDATE invoices SET paid_minor = total_minor / 3 WHERE id % 5 = 1")
        db.execute("UPDATE invoices SET reserved_minor = 100 WHERE id % 5 = 2")
        db.execute("UPDATE invoices SET voided_day = issued_day WHERE id % 17 = 3 AND id % 5 > 2")
    db.close()
    with company.ledger.read() as unit:
        every = unit.invoices.page(InvoiceFilter(InvoiceState.ALL), EVERYTHING, TODAY).items
    yield company.ledger, list(every)
    company.ledger.close()


def _selected(invoice: Invoice, selection: InvoiceFilter, scope: Scope) -> bool:
    """The meaning of a selection, written as plainly as possible."""
    total = Decimal(invoice.total_minor).scaleb(-decimals(invoice.currency))
    states = {
        InvoiceState.OPEN: invoice.balance_minor > 0,
        InvoiceState.OVERDUE: invoice.balance_minor > 0 and invoice.due_on < TODAY,
        InvoiceState.PAID: invoice.status == "paid",
        InvoiceState.ALL: True,
    }
    return (
        states[selection.state]
        and scope.has(invoice.customer)
        and selection.customer in (None, invoice.customer)
        and selection.currency in (None, invoice.currency)
        and (selection.issued_since is None or invoice.issued_on >= selection.issued_since)
        and (selection.issued_until is None or invoice.issued_on <= selection.issued_until)
        and (selection.due_before is None or invoice.due_on < selection.due_before)
        and (selection.min_total is None or total >= selection.min_total)
        and (selection.max_total is None or total <= selection.max_total)
    )


def _key(invoice: Invoice, sort: InvoiceSort) -> tuple[Any, str]:
    by = {
        "due": invoice.due_on,
        "issued": invoice.issued_on,
        "number": invoice.number,
        "customer": invoice.customer,
        "total": invoice.total_minor,
        "balance": invoice.balance_minor,
    }
    return by[sort.value.lstrip("-")], invoice.number


dates = st.none() | st.dates(TODAY - timedelta(days=130), TODAY + timedelta(days=60))
amounts = st.none() | st.decimals(0, 5200, places=3)
selections = st.builds(
    InvoiceFilter,
    state=st.sampled_from(InvoiceState),
    customer=st.sampled_from([None, None, "C-1", "C-404"]),
    currency=st.sampled_from([None, "USD", "JPY"]),
    issued_since=dates,
    issued_until=dates,
    due_before=dates,
    min_total=amounts,
    max_total=amounts,
    sort=st.sampled_from(InvoiceSort),
)
scopes = st.sampled_from(
    [EVERYTHING, Scope(frozenset({"C-1"})), Scope(frozenset()), Scope(frozenset({"C-1", "C-2"}))]
)


@given(selections, scopes, st.none() | st.integers(1, 50))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_selection_is_what_it_says_in_order_and_at_most_so_many_with_its_sums(
    many: tuple[SqliteLedger, list[Invoice]],
    selection: InvoiceFilter,
    scope: Scope,
    limit: int | None,
) -> None:
    ledger, every = many
    expected = sorted(
        (i for i in every if _selected(i, selection, scope)),
        key=lambda i: _key(i, selection.sort),
        reverse=selection.sort.value.startswith("-"),
    )

    with ledger.read() as unit:
        page = unit.invoices.page(selection, scope, TODAY, limit=limit)

    assert list(page.items) == expected[:limit]
    assert page.more == (limit is not None and limit < len(expected))
    assert page.totals is not None
    for currency in {i.currency for i in every}:
        of = [i for i in expected if i.currency == currency]
        totals = page.totals.get(currency)
        assert (totals.count if totals else 0) == len(of)
        if totals:
            assert totals.balance_minor == sum(i.balance_minor for i in of)
            assert totals.total_minor == sum(i.total_minor for i in of if not i.voided_on)
            assert totals.void == sum(i.voided_on is not None for i in of)
            assert totals.paid_minor == sum(i.paid_minor for i in of)
            assert totals.processing_minor == sum(i.reserved_minor for i in of)
            late = (i.balance_minor for i in of if i.balance_minor > 0 and i.due_on < TODAY)
            assert totals.overdue_minor == sum(late)


def test_sums_are_left_out_where_nobody_wants_them(company: SmallCompany) -> None:
    with company.ledger.read() as unit:
        page = unit.invoices.page(InvoiceFilter(), EVERYTHING, TODAY, totals=False)

    assert len(page.items) == 5
    assert page.totals is None


def test_a_sum_that_does_not_fit_says_what_to_do(company: SmallCompany) -> None:
    with company.ledger.write() as unit:
        unit._connection.execute("UPDATE invoices SET total_minor = 4 << 60 WHERE id < 4")
        journal_changes(unit)

        with pytest.raises(BadInput) as error:
            unit.invoices.page(InvoiceFilter(), EVERYTHING, TODAY, limit=1)

    assert error.value.code == "amount_too_large"
    assert error.value.hint == "Narrow it with --customer or --since."


def test_a_sum_that_fails_for_another_reason_is_not_said_to_be_too_large(
    many: tuple[SqliteLedger, list[Invoice]],
) -> None:
    ledger, _ = many
    with ledger.read() as unit:
        # It takes more steps of SQLite's machine than the page does.
        unit._connection.set_progress_handler(lambda: True, 1000)
        unit.invoices.page(InvoiceFilter(), EVERYTHING, TODAY, limit=1, totals=False)
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            unit.invoices.page(InvoiceFilter(), EVERYTHING, TODAY, limit=1)
        unit._connection.set_progress_handler(None, 0)


# --- Transactions ---


def import_invoices(company: SmallCompany, folder: Path, *numbers: str) -> None:
    """Of C-1, in that order."""
    rows = [f"{number},C-1,2026-01-05,USD,5.00" for number in numbers]
    file = folder / "invoices.csv"
    file.write_text("\n".join(["number,customer,issued_on,currency,total", *rows]))
    company.finance.call(ImportRecords("invoices", str(file)))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ord-1063", ["ORD-1063"]), ("ORD1063", ["ORD-1063"]), ("1063", ["ORD-1063"]),
        ("#1063.", ["ORD-1063"]), ("ＯＲＤ‐１０６３", ["ORD-1063"]), ("o_rd/1063", ["ORD-1063"]),
        ("63", []), ("2063", []), ("1063x", []), ("-", []), ("", []), ("%", []), ("7", []),
        ("00007", ["A-00007", "B-00007", "C-00007"]), ("b-00007", ["B-00007"]), ("x1", ["X-1"]),
        ("recu", ["RECU"]), ("0063", []),
    ],
)  # fmt: skip
def test_numbers_that_somebody_may_have_meant(
    company: SmallCompany, tmp_path: Path, written: str, meant: list[str]
) -> None:
    letters = (f"{letter}-00007" for letter in "DCBA")
    import_invoices(company, tmp_path, "ORD-1063", "RECU", "X-1", *letters)
    with company.ledger.read() as unit:
        assert unit.invoices.near(written, EVERYTHING) == meant


def test_the_same_number_comes_before_longer_ones_that_end_so(
    company: SmallCompany, tmp_path: Path
) -> None:
    import_invoices(company, tmp_path, "AA-777", "B-777", "N.777", "777")
    with company.ledger.read() as unit:
        assert unit.invoices.near("n777", EVERYTHING) == ["N.777"]
        assert unit.invoices.near("#777", EVERYTHING) == ["777", "B-777", "N.777"]


def test_what_raises_leaves_nothing(company: SmallCompany) -> None:
    before = company.invoice("INV-1")

    with pytest.raises(ZeroDivisionError), company.ledger.write() as unit:
        unit.company.put(Company("Other"))
        unit.customers.set_gateway_id("C-2", "cus_other")
        raise ZeroDivisionError

    assert company.invoice("INV-1") == before
    with company.ledger.read() as unit:
        assert unit.company.get().name == "Tidewheel Supply Co."


def test_transactions_do_not_nest(company: SmallCompany) -> None:
    with company.ledger.write(), pytest.raises(AssertionError), company.ledger.write():
        raise NotImplementedError("not reached")


def test_a_read_is_a_snapshot_that_cannot_write(company: SmallCompany) -> None:
    with company.ledger.read() as unit:
        before = unit.invoices.get("INV-1", EVERYTHING)
        company.another_process().pay("INV-1", method="card")
        assert unit.invoices.get("INV-1", EVERYTHING) == before
    with pytest.raises(AssertionError), company.ledger.read() as unit:
        unit.company.put(Company("Other"))
    with company.ledger.read() as unit:
        assert unit.company.get().name == "Tidewheel Supply Co."


def test_a_change_is_compare_and_set(company: SmallCompany) -> None:
    payment = company.pay("INV-1", method="ach")
    stale = replace(payment, status=PaymentStatus.UNKNOWN)

    with company.ledger.write() as unit:
        assert not unit.payments.change(stale, PaymentChange(PaymentStatus.CANCELED))

    assert company.payment(payment.id) == payment


def test_a_customers_id_at_the_gateway_is_set_once(company: SmallCompany) -> None:
    with company.ledger.write() as unit:
        assert unit.customers.set_gateway_id("C-2", "cus_first")
        assert not unit.customers.set_gateway_id("C-2", "cus_second")
        assert not unit.customers.set_gateway_id("C-404", "cus_third")
        journal_changes(unit)

    with company.ledger.read() as unit:
        found = unit.customers.by_gateway_id("cus_first")
        assert found is not None
        assert found.number == "C-2"
        assert unit.customers.by_gateway_id("cus_second") is None


def test_what_the_ledger_has_at_the_gateway(company: SmallCompany, template: Path) -> None:
    with SqliteLedger(template).read() as unit:
        assert unit.company.gateway_object() == ""
        assert unit.company.created_at() == START
    with company.ledger.read() as unit:
        assert unit.company.gateway_object() == "cus_0"
    payment = company.pay("INV-1", method="card")
    with company.ledger.read() as unit:
        assert unit.company.gateway_object() == payment.gateway_id


def test_a_change_that_the_table_does_not_have_is_our_bug(company: SmallCompany) -> None:
    payment = company.pay("INV-1", method="card")

    with pytest.raises(AssertionError), company.ledger.write() as unit:
        unit.payments.change(payment, PaymentChange(PaymentStatus.UNKNOWN))


# --- What the file itself refuses ---

FORBIDDEN = [
    "UPDATE journal SET actor = 'x'",
    "DELETE FROM journal",
    "DELETE FROM payments",
    "UPDATE payments SET status = 'claimed'",
    "UPDATE payments SET status = 'canceled', effective_day = NULL",
    "UPDATE ledger SET mode = 'live'",
    "UPDATE ledger SET id = 'other'",
    "UPDATE ledger SET gateway_account = 'acct_other'",
    "UPDATE invoices SET paid_minor = total_minor + 1",
    "UPDATE invoices SET paid_minor = -1 WHERE number = 'INV-2'",
    "UPDATE invoices SET reserved_minor = -1 WHERE number = 'INV-2'",
    "UPDATE invoices SET reserved_minor = total_minor + 1 WHERE number = 'INV-2'",
    "UPDATE payments SET amount_minor = 0",
    "UPDATE allocations SET amount_minor = -5",
    "DELETE FROM invoices WHERE number = 'INV-1'",
    "UPDATE methods SET is_default = 1",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_schema_repeats_the_money_rules(company: SmallCompany, statement: str) -> None:
    company.pay("INV-1", method="card")
    db = sqlite3.connect(company.ledger.path)
    db.execute("PRAGMA foreign_keys = ON")

    with pytest.raises(sqlite3.IntegrityError):
        db.execute(statement)
    db.close()


# --- The file ---


def test_commits_survive_a_power_cut(company: SmallCompany) -> None:
    """NORMAL would lose acknowledged commits."""
    with company.ledger.write() as unit:
        (level,) = unit._connection.execute("PRAGMA synchronous").fetchone()
        (journal,) = unit._connection.execute("PRAGMA journal_mode").fetchone()

    assert (level, journal) == (2, "wal")


def test_private_from_the_first_byte_whatever_the_umask(tmp_path: Path) -> None:
    code = (
        "import os, sys; os.umask(0)\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from invoicepay.billing.customer import Company\n"
        "from invoicepay.billing.identity import Mode\n"
        "from invoicepay.ledger.file import create\n"
        "from invoicepay.ledger.sqlite_ledger import SqliteLedger\n"
        "path = Path(sys.argv[1])\n"
        "create(path, company=Company('A'), mode=Mode.SANDBOX, ledger_id='7',\n"
        "       now=datetime(2026, 1, 1, tzinfo=UTC))\n"
        "ledger = SqliteLedger(path)\n"
        "with ledger.write() as unit:\n"
        "    unit.company.put(Company('B'))\n"
        "    unit.journal.append('test', '', '', datetime(2026, 1, 1, tzinfo=UTC), {})\n"
        "print(*(oct(p.stat().st_mode & 0o777) for p in path.parent.iterdir()),\n"
        "      oct(path.parent.stat().st_mode & 0o777))\n"
    )
    path = tmp_path / "new" / "ledger.db"

    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )

    assert set(done.stdout.split()[:-1]) == {"0o600"}
    assert done.stdout.split()[-1] == "0o700"


def test_an_existing_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("mine")

    with pytest.raises(Refused):
        create(path, company=Company("A"), mode=Mode.SANDBOX, ledger_id="7", now=START)

    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def _not_ours(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (x)")
    db.close()


def _newer(path: Path) -> None:
    create(path, company=Company("A"), mode=Mode.SANDBOX, ledger_id="7", now=START)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: None, "ledger_missing"),
        (lambda path: path.write_bytes(b""), "ledger_unusable"),
        (lambda path: path.write_bytes(b"not a database" * 100), "ledger_unusable"),
        (lambda path: path.mkdir(), "ledger_missing"),
        (_not_ours, "ledger_unusable"),
        (_newer, "ledger_newer"),
    ],
)
def test_what_is_not_a_ledger_is_named(tmp_path: Path, make: Any, code: str) -> None:
    path = tmp_path / "ledger.db"
    make(path)

    with pytest.raises(Unreachable) as error, SqliteLedger(path).read():
        raise NotImplementedError("not reached")

    assert error.value.code == code


def test_a_backup_of_a_ledger_in_use_is_whole_and_opens(
    company: SmallCompany, tmp_path: Path
) -> None:
    target = tmp_path / "copy.db"
    process = company.another_process()
    with process.ledger.write() as unit:
        unit.company.put(Company("Not committed"))
        company.ledger.backup(target)
        journal_changes(unit)

    copy = SqliteLedger(target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert copy.integrity() == []
    with copy.read() as unit:
        assert unit.company.get().name == "Tidewheel Supply Co."
    copy.close()
    process.ledger.close()
    with pytest.raises(Refused):
        company.ledger.backup(target)


def test_a_backup_that_cannot_be_written_says_so(company: SmallCompany, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Unreachable) as error:
        company.ledger.backup(tmp_path / "file" / "copy.db")

    assert error.value.code == "write_failed"


QUERIES = {
    "a customer's open invoices": (
        "SELECT * FROM invoices i WHERE i.customer_id IN (SELECT id FROM customers WHERE number "
        "IN (SELECT value FROM json_each('[\"C-1\"]'))) AND i.open_minor <> 0 AND i.open_minor > 0"
    ),
    "open invoices by due date": (
        "SELECT * FROM invoices i WHERE i.open_minor <> 0 AND i.open_minor > 0 "
        "ORDER BY i.due_day, i.number LIMIT 20"
    ),
    "payments under way": (
        "SELECT * FROM payments p WHERE p.status IN "
        "('claimed', 'submitted', 'processing', 'unknown') ORDER BY p.seq"
    ),
    "allocations of an invoice": "SELECT * FROM allocations WHERE invoice_id = 1",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_the_commands_queries_use_an_index(company: SmallCompany, query: str) -> None:
    db = sqlite3.connect(company.ledger.path)
    plan = " ".join(str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
    db.close()

    assert "USING" in plan.replace("json_each", "")
    assert "SCAN i " not in plan.replace("SCAN i USING", "")
    assert "TEMP B-TREE" not in plan


def test_a_python_with_too_old_an_sqlite_is_told(
    company: SmallCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 9))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.36.9")
    says = "this Python has SQLite 3.36.9, and a ledger needs 3.37.0 or newer"
    with pytest.raises(Unreachable, match=says), SqliteLedger(company.ledger.path).read():
        pass
    with pytest.raises(Unreachable, match=says):
        look_at(company.ledger.path, lambda unit: None)
    new = tmp_path / "new.db"
    with pytest.raises(Unreachable, match=says):
        create(new, company=Company("A"), mode=Mode.SANDBOX, ledger_id="7", now=company.clock.now())
    assert not new.exists()
