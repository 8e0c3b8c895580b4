"""Ledgers that an older version has made: schema_1.sql is one as it was written before the first
change of the schema, with a card payment, a declined one and a bank debit under way."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from invoicepay.billing.customer import Customer, Scope
from invoicepay.billing.identity import Mode
from invoicepay.billing.payment import PaymentStatus
from invoicepay.ledger.integrity import tables_of
from invoicepay.ledger.log import schema_of
from invoicepay.ledger.migrations import migrations
from invoicepay.ledger.schema import APPLICATION_ID, SCHEMA_VERSION
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.methods import AttachTestMethod
from tests.world.company import EVERYTHING, SmallCompany, make_template
from tests.world.scripted_gateway import ScriptedGateway

SCHEMA_1 = Path(__file__).with_name("schema_1.sql")
NAMES = [migration.name for migration in migrations._migrations]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger of schema 1."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA user_version = 1")
        db.executescript(SCHEMA_1.read_text("utf-8"))
    return path


@pytest.fixture
def company(old: Path) -> Iterator[SmallCompany]:
    gateway = ScriptedGateway()
    gateway.create_customer(Customer("C-1", ""), "a ledger", "a key")  # the old ledger's cus_0
    company = SmallCompany(SqliteLedger(old), gateway)
    company.clock.move(days=2)
    yield company
    company.ledger.close()


def test_the_version_counts_the_migrations() -> None:
    assert len(NAMES) == SCHEMA_VERSION


def test_the_old_ledger_is_what_the_first_migration_makes(old: Path) -> None:
    with closing(sqlite3.connect(old)) as db, closing(sqlite3.connect(":memory:")) as fresh:
        migrations.apply(Database(fresh), stop_before=NAMES[1])
        assert tables_of(db) == tables_of(fresh)


def test_it_opens_with_every_row_as_it_was_and_verifies(company: SmallCompany) -> None:
    with company.ledger.read() as unit:
        identity = unit.company.identity()
        checked = unit.journal.verify()
        head = unit.journal.head()

    assert (identity.mode, identity.gateway_account) == (Mode.SANDBOX, "acct_scripted")
    assert checked.differences == ()
    assert head is not None
    assert head.seq >= 20
    assert company.ledger.integrity() == []  # among others, the schema is as a new ledger's
    company.assert_books_balance()
    with company.ledger.write() as unit:
        (version,) = unit._connection.execute("PRAGMA user_version").fetchone()
        assert schema_of(version) == SCHEMA_VERSION


def test_it_pays(company: SmallCompany) -> None:
    company.call(AttachTestMethod("C-1", "pm_card_visa"))
    with company.ledger.read() as unit:
        method = unit.methods.of_customer("C-1", EVERYTHING)[-1]

    payment = company.pay("INV-3", method=method.id)

    assert payment.status is PaymentStatus.SUCCEEDED
    assert company.invoice("INV-3").balance_minor == 0
    assert company.invoice("INV-1").balance_minor == 0
    assert company.invoice("INV-2").reserved_minor == 10_000
    company.assert_books_balance()


def test_it_is_migrated_once_and_by_one_of_several(old: Path) -> None:
    first, second = SqliteLedger(old), SqliteLedger(old)
    with first.read(), second.read():
        pass
    first.close()
    second.close()
    with closing(sqlite3.connect(old)) as db:
        applied = db.execute("SELECT name FROM _sqlite_migrations ORDER BY id").fetchall()
    assert [name for (name,) in applied] == NAMES


def test_a_migration_that_fails_leaves_the_old_ledger(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(old)) as db:
        before = list(db.iterdump())

    def broken(db: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(migrations._migrations[-1], "fn", broken)
    with pytest.raises(ZeroDivisionError), SqliteLedger(old).read():
        raise NotImplementedError("not reached")

    with closing(sqlite3.connect(old)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert list(db.iterdump()) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET mode = 'live'",
        "UPDATE ledger SET mode = 'test'",
        "UPDATE ledger SET id = 'other'",
        "UPDATE ledger SET gateway_account = 'acct_other'",
        "INSERT INTO ledger (one, id, mode, created_at) VALUES (2, 'x', 'test', '')",
    ],
)
def test_a_migrated_ledger_is_still_for_good(
    company: SmallCompany, old: Path, statement: str
) -> None:
    with company.ledger.read():
        pass
    with closing(sqlite3.connect(old)) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute(statement)


def test_only_the_three_modes_are_ledgers(tmp_path: Path) -> None:
    path = make_template(tmp_path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TRIGGER ledger_is_for_good")
        for mode in Mode:
            db.execute("UPDATE ledger SET mode = ?", [mode])
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("UPDATE ledger SET mode = 'practice'")


def test_numbers_that_are_not_ascii_are_found_by_what_they_look_like(old: Path) -> None:
    with closing(sqlite3.connect(old)) as db, db:
        columns = "kind, customer_id, issued_day, due_day, currency, total_minor"
        for number in ("R\u00e9-7", "Re\u0301-7", "\u0421-8"):
            db.execute(
                f"INSERT INTO invoices (number, {columns}) SELECT ?, {columns} FROM invoices "
                "WHERE number = 'INV-1'",
                (number,),
            )
        db.execute("INSERT INTO customers (number, name) VALUES ('C\u20119', 'Nine'), ('C-9', '')")
    ledger = SqliteLedger(old)
    with ledger.read() as unit:
        alike = [i.number for i in unit.invoices.alike("R\u00e9-7", EVERYTHING)]
        assert alike == ["Re\u0301-7", "R\u00e9-7"]
        assert [i.number for i in unit.invoices.alike("C-8", EVERYTHING)] == ["\u0421-8"]
        assert [i.number for i in unit.invoices.alike("INV-1", EVERYTHING)] == ["INV-1"]
        for scope in (EVERYTHING, Scope(frozenset({"C\u20119", "C-9"}))):
            alike = [c.number for c in unit.customers.alike("C-9", scope)]
            assert alike == ["C-9", "C\u20119"]
        kept = unit._connection.execute("SELECT count(*) FROM invoice_skeletons").fetchone()
    assert kept == (3,)
    ledger.close()


def test_what_numbers_look_like_is_filled_anew_where_an_earlier_version_knew_less(
    old: Path,
) -> None:
    with closing(sqlite3.connect(old)) as db, db:
        migrations.apply(Database(db), stop_before="0010_more_look_alikes")
        db.execute("INSERT INTO customers (number, name) VALUES ('C\u30fc9', 'Nine')")
        db.execute("INSERT INTO customer_skeletons SELECT number, id FROM customers")
    ledger = SqliteLedger(old)
    with ledger.read() as unit:
        assert [c.number for c in unit.customers.alike("C-9", EVERYTHING)] == ["C\u30fc9"]
        kept = unit._connection.execute("SELECT skeleton FROM customer_skeletons").fetchall()
    assert kept == [("C-9",)]
    ledger.close()
