"""Every read of a customer's things obeys its Scope: with another's, nothing is there."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Protocol

import pytest

from invoicepay.billing import ports
from invoicepay.billing.customer import Customer, Scope
from invoicepay.billing.invoice import InvoiceFilter, InvoiceState
from invoicepay.billing.payment import key_in
from invoicepay.billing.ports import OWED, MailStatus, PaymentFilter, Unit
from invoicepay.operations.payments.find import find_payment
from tests.world.clock import START
from tests.world.company import EVERYTHING, SmallCompany
from tests.world.told import told

OWN, OTHERS, NONE = Scope(frozenset({"C-1"})), Scope(frozenset({"C-2"})), Scope(frozenset())
ALL = InvoiceFilter(InvoiceState.ALL)
SENT = frozenset({MailStatus.SENT})
TODAY = date(2026, 11, 2)


@dataclass(frozen=True)
class Things:
    """Things of C-1, which every read below finds with its scope. All else in the ledger is
    C-2's, of whom there is one of each."""

    payment: str
    receipt: str
    method: str
    held: str
    key_id: str


Read = Callable[[Unit, Things, Scope], Any]
READS: dict[tuple[str, str], tuple[Read, ...]] = {
    ("CustomerStore", "get"): (lambda u, t, s: u.customers.get("C-1", s),),
    ("CustomerStore", "alike"): (lambda u, t, s: u.customers.alike("C‑1", s),),
    ("CustomerStore", "all"): (lambda u, t, s: _of(u.customers.all(s), "number"),),
    ("InvoiceStore", "get"): (lambda u, t, s: u.invoices.get("INV-1", s),),
    ("InvoiceStore", "alike"): (lambda u, t, s: u.invoices.alike("INV‑1", s),),
    ("InvoiceStore", "detail"): (lambda u, t, s: u.invoices.detail("INV-1", s),),
    ("InvoiceStore", "near"): (lambda u, t, s: u.invoices.near("inv1", s),),
    ("InvoiceStore", "page"): (
        lambda u, t, s: _of(u.invoices.page(ALL, s, TODAY).items),
        lambda u, t, s: u.invoices.page(replace(ALL, customer="C-1"), s, TODAY).items,
        lambda u, t, s: u.invoices.page(replace(ALL, customer="C-1"), s, TODAY).totals,
        lambda u, t, s: u.invoices.page(replace(ALL, currency="EUR"), s, TODAY).totals,
        lambda u, t, s: u.invoices.page(replace(ALL, currency="EUR"), s, TODAY, limit=1).items,
    ),
    ("MethodStore", "get"): (lambda u, t, s: u.methods.get(t.method, s),),
    ("MethodStore", "of_customer"): (lambda u, t, s: u.methods.of_customer("C-1", s),),
    ("PaymentStore", "get"): (lambda u, t, s: u.payments.get(t.payment, s),),
    ("PaymentStore", "starting"): (
        lambda u, t, s: u.payments.starting(t.payment[:8], s),
        lambda u, t, s: u.payments.starting(t.payment, s),
    ),
    ("PaymentStore", "with_receipt"): (lambda u, t, s: u.payments.with_receipt(t.receipt, s),),
    ("PaymentStore", "with_key"): (lambda u, t, s: u.payments.with_key(t.key_id, s),),
    ("PaymentStore", "page"): (
        lambda u, t, s: _of(u.payments.page(PaymentFilter(), s).items),
        lambda u, t, s: u.payments.page(PaymentFilter(customer="C-1"), s).items,
    ),
    ("PaymentStore", "unsettled"): (
        lambda u, t, s: _of(u.payments.unsettled(s)),
        lambda u, t, s: u.payments.unsettled(s, ["INV-2"]),
    ),
    ("OutboxStore", "owed"): (
        lambda u, t, s: _about(u.outbox.owed(s), t),
        lambda u, t, s: u.outbox.owed(s, t.held),
        lambda u, t, s: u.outbox.owed(s, t.held, START + timedelta(hours=1)),
    ),
    ("OutboxStore", "page"): (
        lambda u, t, s: _about(u.outbox.page(frozenset(MailStatus), s).items, t),
        lambda u, t, s: u.outbox.page(OWED, s, t.held).items,
        lambda u, t, s: u.outbox.page(SENT, s, t.payment, limit=1).items,
    ),
}
"""Store and method → reads of C-1's things. What they find is not empty."""

WITHOUT_SCOPE = {
    "CompanyStore": {
        *{"get", "put", "identity", "created_at", "bind_gateway", "gateway_object"},
        "set_reconciled",
    },
    # The gateway's id: for `sync` by finance.
    "CustomerStore": {"by_gateway_id", "set_gateway_id"},
    # People: only for staff, for themselves, or before anybody is known.
    "ContactStore": {
        "by_email",
        "get",
        "all",
        "put",
        "add_invite",
        "whose_invite",
        "take_invite",
        "end_invites",
    },
    "SessionStore": {
        *{"add", "by_hash", "touch", "revoke", "revoke_all", "of_contact"},
        *{"add_failure", "failures", "clear_failures", "end_all"},
    },
    # Writes, of what has been read with a scope.
    "InvoiceStore": {"reserve", "release", "apply"},
    "MethodStore": {"add", "set_default", "set_type_default", "remove"},
    # `standings` says what the ledger explains; the gateway names the ids.
    # Acknowledged is what a caller's own payment is.
    "PaymentStore": {
        *{"add", "standings", "change", "next_receipt_number", "highest_receipt"},
        *{"acknowledge", "is_acknowledged", "not_acknowledged"},
        *{"add_unplaced", "unplaced", "place"},
    },
    "OutboxStore": {"add", "take", "sent", "not_sent", "discard"},
    # For staff only.
    "JournalStore": {"append", "append_all", "head", "hash_at", "page", "verify"},
    "RestoreStore": {"open", "add", "synced", "confirm"},
    "BooksStore": {"differences", "differences_of", "look_alikes", "rebuild"},
    "ComparisonStore": {"done_until", "set_done", "changed", "all", "charges_between"},
    "LoadingStore": {
        *{
            "prepare",
            "finish",
            "next_id",
            "alike",
            "customer",
            "customers",
            "put_customers",
            "invoices",
        },
        *{"add_invoices", "add_lines", "replace_invoices", "payments", "add_payments", "receive"},
        "largest_sum",
    },
}
"""Methods that take no scope, and why that is right."""


def _of(items: Any, field: str = "customer") -> list[Any]:
    return [item for item in items if getattr(item, field) == "C-1"]


def _about(mails: Any, things: Things) -> list[Any]:
    return [mail for mail in mails if mail.payment_id in (things.payment, things.held)]


@pytest.fixture
def things(company: SmallCompany) -> Things:
    paid = company.pay("INV-1", method="card", key="a")
    held = company.pay("INV-2", method="ach")
    with company.ledger.write() as unit:  # as before it was sent
        unit._connection.execute("UPDATE outbox SET sent_at = NULL WHERE payment_id = ?", [held.id])
        method = unit.methods.of_customer("C-1", EVERYTHING)[0]
    return Things(paid.id, paid.receipt_number, method.id, held.id, key_in(paid.request_digest))


TABLES = (
    *("acknowledgements", "allocations", "invoice_lines", "outbox", "payments", "methods"),
    "invoices",
    *("contact_customers", "customers"),
)
"""All that hangs on customers, in an order in which it can be deleted."""


class _Undo(Exception):
    """Ends a transaction that is not to be kept."""


CASES = [
    pytest.param(read, id=f"{store}.{method} {n}")
    for (store, method), reads in READS.items()
    for n, read in enumerate(reads)
]


@pytest.mark.parametrize("read", CASES)
def test_with_the_scope_of_another_nothing_is_there(
    company: SmallCompany, things: Things, read: Read
) -> None:
    nothing = _nothing(company, things, read)
    for scope in (OTHERS, NONE):
        with company.ledger.write() as unit:
            assert read(unit, things, scope) == nothing, scope
    for scope in (OWN, EVERYTHING):
        found = _undone(company, read, things, scope)
        assert found and found != nothing, scope


def _nothing(company: SmallCompany, things: Things, read: Read) -> Any:
    """What the read says in a ledger that has no customers at all."""
    try:
        with company.ledger.write() as unit:
            for table in ("payments", "methods", "invoices", "customers"):
                unit._connection.execute(f"DROP TRIGGER {table}_stay")
            for table in TABLES:
                unit._connection.execute(f"DELETE FROM {table}")
            found = read(unit, things, EVERYTHING)
            raise _Undo
    except _Undo:
        return found


def _undone(company: SmallCompany, read: Read, things: Things, scope: Scope) -> Any:
    """The read's result, and nothing else of it."""
    try:
        with company.ledger.write() as unit:
            found = read(unit, things, scope)
            raise _Undo
    except _Undo:
        return found


def _stores() -> Iterator[tuple[str, set[str], set[str]]]:
    """Each store of the ledger, its methods with a scope, and those without."""
    for name, store in inspect.getmembers(ports, inspect.isclass):
        if name.endswith("Store") and Protocol in store.__mro__:
            methods = {
                n: m for n, m in vars(store).items() if inspect.isfunction(m) and n[0] != "_"
            }
            scoped = {n for n, m in methods.items() if "scope" in inspect.signature(m).parameters}
            yield name, scoped, set(methods) - scoped


def test_every_method_of_every_store_has_a_row() -> None:
    """A new one says which of the two it is."""
    stores = list(_stores())
    assert {(name, m) for name, scoped, _ in stores for m in scoped} == set(READS)
    assert {name: without for name, _, without in stores if without} == WITHOUT_SCOPE


def test_no_scope_is_left_out_by_default() -> None:
    for name, store in inspect.getmembers(ports, inspect.isclass):
        for method, function in vars(store).items():
            if name.endswith("Store") and inspect.isfunction(function):
                scope = inspect.signature(function).parameters.get("scope")
                assert scope is None or scope.default is inspect.Parameter.empty, method


# --- Ids that begin alike ---


def test_the_beginning_of_an_id_is_looked_for_among_ones_own(company: SmallCompany) -> None:
    """That another's begin the same neither makes one's own ambiguous nor is told."""
    paid = company.pay("INV-1", method="card")
    ids = {number: f"{number}bcd0000-0000-4000-8000-00000000000" for number in "ab"}
    rows = (("C-1", "a", "1"), ("C-2", "a", "2"), ("C-2", "b", "1"), ("C-2", "b", "2"))
    with company.ledger.write() as unit:
        for customer, start, end in rows:
            other = replace(paid, id=ids[start] + end, customer=customer, gateway_id="")
            unit.payments.add(replace(other, receipt_number="", allocations=()))
        told(unit)
    with company.ledger.read() as unit:
        assert find_payment(unit, "abcd", OWN).id == ids["a"] + "1"
        assert unit.payments.starting("bbcd", OWN) == unit.payments.starting("cbcd", OWN) == []
        assert len(unit.payments.starting("bbcd", OTHERS)) == 2


# --- Work ---


NAMED: dict[str, tuple[Callable[[Unit, Any, Scope], Any], Any]] = {
    "customer": (lambda u, x, s: u.customers.get(x, s), "C-0"),
    "invoice": (lambda u, x, s: u.invoices.get(x, s), "INV-0"),
    "detail": (lambda u, x, s: u.invoices.detail(x, s), "INV-0"),
    "method": (lambda u, x, s: u.methods.get(x, s), "card-0000-00000000"),
    "payment": (lambda u, x, s: u.payments.get(x, s), str(uuid.UUID(int=0))),
    "receipt": (lambda u, x, s: u.payments.with_receipt(x, s), "R-999999"),
    "beginning": (lambda u, x, s: u.payments.starting(x, s), "00000000"),
}
"""Reads of one thing by its name, and a name that nothing has."""
FEW = 40
"""Steps of SQLite's machine that reading one row takes; a microsecond or two."""


@pytest.mark.parametrize("kind", NAMED)
def test_looking_for_anothers_takes_the_work_of_looking_for_nothing(
    company: SmallCompany, things: Things, kind: str
) -> None:
    """Or time would tell, the more customers somebody acts for, the better."""
    read, absent = NAMED[kind]
    names = {
        "customer": "C-1",
        "invoice": "INV-1",
        "detail": "INV-1",
        "method": things.method,
        "payment": things.payment,
        "receipt": things.receipt,
        "beginning": things.payment[:8],
    }
    with company.ledger.write() as unit:
        unit.loading.put_customers([Customer(f"X-{n}", f"Number {n}") for n in range(300)])
        told(unit)
    for count in (1, 300):
        scope = Scope(frozenset(f"X-{n}" for n in range(count)))
        with company.ledger.read() as unit:
            foreign, nothing = (_steps(unit, read, n, scope) for n in (names[kind], absent))
        assert 0 <= foreign - nothing <= FEW, (count, foreign, nothing)


def _steps(unit: Any, read: Callable[[Unit, Any, Scope], Any], name: str, scope: Scope) -> int:
    """How many steps SQLite's machine takes to find nothing."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    unit._connection.set_progress_handler(count, 1)
    assert not read(unit, name, scope)
    unit._connection.set_progress_handler(None, 1)
    return steps
