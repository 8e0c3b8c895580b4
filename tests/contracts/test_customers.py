"""What every CompanyStore, CustomerStore and MethodStore must do: each field comes back, and one
customer's defaults are no other's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from invoicepay.billing.customer import Address, Company, Customer, Scope
from invoicepay.billing.errors import Unreachable
from invoicepay.billing.identity import LedgerIdentity, Mode
from invoicepay.billing.method import Method, MethodType
from invoicepay.billing.ports import Unit
from invoicepay.ledger.file import create
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from tests.world.clock import START
from tests.world.company import EVERYTHING
from tests.world.told import told

FULL = Company(
    name="Tidewheel",
    address=Address(("Quay 1", "Bergen")),
    email="a@example.com",
    phone="+1 555 0100",
    website="https://tidewheel.example",
    tax_id="12-3456789",
    time_zone="America/New_York",
    currency="EUR",
    terms="Net 30",
    remit_to="Box 7",
    logo=b"\x89PNG",
)
CUSTOMERS = [
    Customer(
        "B", "Second", ("b@example.com", "c@example.com"), Address(("Road 2", "Oslo")), "EUR", 14
    ),
    Customer("A", "First"),
    Customer("C", "Third", terms_days=0),
]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    path = tmp_path / "ledger.db"
    create(path, company=Company("A"), mode=Mode.TEST, ledger_id="ledger-1", now=START)
    ledger = SqliteLedger(path)
    yield ledger
    ledger.close()


@pytest.fixture
def unit(ledger: SqliteLedger) -> Iterator[Unit]:
    with ledger.write() as unit:
        yield unit
        told(unit)


# --- The company ---


def test_the_company_is_what_was_put_last(unit: Unit) -> None:
    assert unit.company.get() == Company("A")
    for company in (FULL, replace(FULL, name="Other", logo=b"")):
        unit.company.put(company)
        assert unit.company.get() == company


def test_what_ledger_it_is(unit: Unit) -> None:
    assert unit.company.identity() == LedgerIdentity("ledger-1", Mode.TEST, "", None)
    assert unit.company.created_at() == START
    until = START + timedelta(microseconds=1)
    unit.company.bind_gateway("acct_1")
    unit.company.set_reconciled(until)
    assert unit.company.identity() == LedgerIdentity("ledger-1", Mode.TEST, "acct_1", until)


@pytest.mark.parametrize("odd", ["", "-a", "a/b", "../a", "a b", "é", "a\n", "a" * 65])
def test_an_id_that_no_file_should_be_named_after_is_refused(
    ledger: SqliteLedger, odd: str
) -> None:
    _edit(ledger, "UPDATE ledger SET id = ?", odd)

    with pytest.raises(Unreachable) as error, ledger.read() as unit:
        unit.company.identity()
    assert error.value.code == "ledger_damaged"


@pytest.mark.parametrize("plain", ["a", "0-A", "Z" * 64])
def test_any_other_id_is_read(ledger: SqliteLedger, plain: str) -> None:
    _edit(ledger, "UPDATE ledger SET id = ?", plain)

    with ledger.read() as unit:
        assert unit.company.identity().id == plain


def test_a_time_zone_that_is_none_is_damage(ledger: SqliteLedger) -> None:
    """And no other time than the company's."""
    _edit(ledger, "UPDATE company SET time_zone = ?", "Mars/Olympus")

    with pytest.raises(Unreachable) as error, ledger.read() as unit:
        unit.company.get()
    assert error.value.code == "ledger_damaged"


def test_a_ledger_that_says_nothing_of_itself_is_damaged(ledger: SqliteLedger) -> None:
    for table in ("company", "ledger"):
        _edit(ledger, f"DELETE FROM {table} WHERE one = ?", 1)
    for read in ("get", "identity", "created_at"):
        with pytest.raises(Unreachable) as error, ledger.read() as unit:
            getattr(unit.company, read)()
        assert error.value.code == "ledger_damaged", read


def _edit(ledger: SqliteLedger, statement: str, value: object) -> None:
    """As another program would."""
    ledger.close()
    with closing(sqlite3.connect(ledger.path)) as db, db:
        db.execute("DROP TRIGGER IF EXISTS ledger_is_for_good")
        db.execute(statement, (value,))


def test_what_the_ledger_has_at_the_gateway_is_a_charge_before_a_customer(unit: Unit) -> None:
    unit.loading.put_customers(CUSTOMERS)
    assert unit.company.gateway_object() == ""
    unit.customers.set_gateway_id("C", "cus_c")
    assert unit.company.gateway_object() == "cus_c"


# --- Customers ---


def test_customers_come_back_by_number(unit: Unit) -> None:
    unit.loading.put_customers(CUSTOMERS)
    second, first, third = CUSTOMERS

    assert unit.customers.all(EVERYTHING) == [first, second, third]
    assert unit.customers.all(Scope(frozenset({"C", "A", "X"}))) == [first, third]
    assert unit.customers.all(Scope(frozenset())) == []
    assert [unit.customers.get(each.number, EVERYTHING) for each in CUSTOMERS] == CUSTOMERS
    assert unit.customers.get("B", Scope(frozenset({"B"}))) == second
    assert unit.customers.get("B", Scope(frozenset({"A"}))) is None
    assert unit.customers.get("X", EVERYTHING) is None


def test_a_customers_id_at_the_gateway_finds_that_customer(unit: Unit) -> None:
    unit.loading.put_customers(CUSTOMERS)
    assert unit.customers.set_gateway_id("B", "cus_b")
    assert unit.customers.set_gateway_id("C", "cus_c")
    assert not unit.customers.set_gateway_id("B", "cus_x")

    assert unit.customers.by_gateway_id("cus_b") == replace(CUSTOMERS[0], gateway_id="cus_b")
    assert unit.customers.by_gateway_id("cus_c") == replace(CUSTOMERS[2], gateway_id="cus_c")
    assert unit.customers.by_gateway_id("cus_x") is None


# --- Payment methods ---

CARD = Method("card-1", "A", MethodType.CARD, "Visa 4242", "Visa", "4242", "pm_1", 12, 2029)
BANK = Method("bank-1", "A", MethodType.ACH, "Bank 6789", "Bank", "6789", "pm_2", verified=False)


def of(number: int, method: Method, customer: str = "A") -> Method:
    return replace(
        method, id=f"m-{number}", gateway_id=f"pm_{number}", label=f"{number}", customer=customer
    )


def test_a_method_comes_back_as_it_was_added(unit: Unit) -> None:
    unit.loading.put_customers(CUSTOMERS)
    removed = replace(of(3, CARD), removed=True, customer="B")
    for method in (CARD, BANK, removed):
        unit.methods.add(method)

    assert [unit.methods.get(m.id, EVERYTHING) for m in (CARD, BANK, removed)] == [
        CARD,
        BANK,
        removed,
    ]
    assert unit.methods.get("card-2", EVERYTHING) is None
    assert unit.methods.get(CARD.id, Scope(frozenset({"B"}))) is None


def test_a_customers_methods_are_its_own_that_are_not_removed_oldest_first(unit: Unit) -> None:
    unit.loading.put_customers(CUSTOMERS)
    methods = [of(2, CARD), of(1, BANK), of(3, CARD, "B"), of(4, CARD), of(5, BANK)]
    for method in methods:
        unit.methods.add(method)
    unit.methods.remove("m-4")

    assert unit.methods.of_customer("A", EVERYTHING) == [methods[0], methods[1], methods[4]]
    assert unit.methods.of_customer("B", EVERYTHING) == [methods[2]]
    assert unit.methods.of_customer("C", EVERYTHING) == []
    assert unit.methods.of_customer("A", Scope(frozenset({"B"}))) == []
    assert unit.methods.get("m-4", EVERYTHING) == replace(methods[3], removed=True)


def test_one_of_each_type_is_the_default_and_one_of_all_is_preferred(unit: Unit) -> None:
    """Of each customer."""
    unit.loading.put_customers(CUSTOMERS)
    methods = [
        of(1, CARD),
        of(2, CARD),
        of(3, BANK),
        of(4, BANK),
        of(5, CARD, "B"),
        of(6, BANK, "B"),
    ]
    for method in methods:
        unit.methods.add(method)

    def stand() -> tuple[str, str]:
        """The defaults, and the preferred."""
        found = [m for c in "AB" for m in unit.methods.of_customer(c, EVERYTHING)]
        return "".join(m.label for m in found if m.default), "".join(
            m.label for m in found if m.preferred
        )

    for change, which, expected in (
        (unit.methods.set_default, 1, ("1", "1")),
        (unit.methods.set_default, 5, ("15", "15")),
        (unit.methods.set_type_default, 3, ("135", "15")),
        (unit.methods.set_type_default, 6, ("1356", "15")),
        (unit.methods.set_default, 4, ("1456", "45")),
        (unit.methods.set_type_default, 2, ("2456", "45")),
        (unit.methods.set_default, 2, ("2456", "25")),
    ):
        change(methods[which - 1])
        assert stand() == expected, (change, which)
    unit.methods.remove("m-2")
    assert stand() == ("456", "5")
    removed = unit.methods.get("m-2", EVERYTHING)
    assert removed is not None
    assert (removed.removed, removed.default, removed.preferred) == (True, False, False)


@pytest.mark.parametrize("columns", ["exp_month = NULL", "exp_year = NULL"])
def test_a_method_that_expires_in_half_a_month_is_damage(
    ledger: SqliteLedger, columns: str
) -> None:
    with ledger.write() as unit:
        unit.loading.put_customers(CUSTOMERS)
        unit.methods.add(CARD)
        told(unit)
    _edit(ledger, f"UPDATE methods SET {columns} WHERE id = ?", CARD.id)

    with pytest.raises(Unreachable) as error, ledger.read() as unit:
        unit.methods.get(CARD.id, EVERYTHING)
    assert error.value.code == "ledger_damaged"
