"""A ledger that nobody's import would have let through: hostile text in every row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from tests.world.program import DemoCompany

AT = "2026-10-31T12:00:00.000000Z"
FAR = "2099-10-31T12:00:00.000000Z"
DAY = 20_700


@pytest.fixture(scope="session")
def foreign(demo_template: DemoCompany, tmp_path_factory: pytest.TempPathFactory) -> DemoCompany:
    """The demo company, and for each string a customer, a contact, an invoice, a method, two
    payments and an e-mail that have it in all their fields. Not to be changed; seen by finance."""
    # This module is imported before the size is known, which those depend on.
    from tests.proofs.hostile.strings import STORABLE

    company = demo_template.copied_to(tmp_path_factory.mktemp("foreign") / "demo")
    with closing(sqlite3.connect(company.ledger)) as ledger, ledger:
        (finance,) = ledger.execute("SELECT id FROM contacts WHERE role = 'finance'").fetchone()
        for position, text in enumerate(STORABLE.values(), 10_000):
            _fill(ledger, position, text, finance)
    return company.as_("finance")


@pytest.fixture
def foreign_copy(foreign: DemoCompany, tmp_path: Path) -> DemoCompany:
    """One to change."""
    return foreign.copied_to(tmp_path / "demo")


def number_of(text: str) -> str:
    """What `text` is called where something must be unique and not empty."""
    return text or "(empty)"


def typed(texts: Iterable[str]) -> list[str]:
    """What rows made of `texts` are called, those that an argument can hold: it ends at a NUL."""
    return [number_of(text) for text in texts if "\0" not in text]


def id_of(position: int) -> str:
    """A payment's id in the usual form."""
    return f"{position:08x}-0000-4000-8000-000000000000"


def _fill(ledger: sqlite3.Connection, at: int, text: str, finance: str) -> None:
    number = number_of(text)
    _insert(ledger, "customers", id=at, number=number, name=text, email=text, address=text,
            currency="USD")  # fmt: skip
    _insert(ledger, "contacts", id=number, email=_lower(number), name=text, role="customer",
            status="active")  # fmt: skip
    _insert(ledger, "contact_customers", contact_id=number, customer_id=at)
    _insert(ledger, "sessions", id=number, kind="token", contact_id=finance, secret_hash=f"{at}",
            label=text, created_at=AT, expires_at=FAR, idle_seconds=1 << 40,
            last_used_at=AT)  # fmt: skip
    _insert(ledger, "invoices", id=at, number=number, kind="invoice", customer_id=at,
            issued_day=DAY, due_day=DAY + 30, currency="USD", total_minor=1000, paid_minor=400,
            po_number=text, order_number=text, memo=text)  # fmt: skip
    _insert(ledger, "invoice_lines", invoice_id=at, position=0, description=text, quantity=text,
            unit_price=text, amount_minor=1000, tax_rate=text)  # fmt: skip
    _insert(ledger, "methods", id=number, customer_id=at, type="card", label=text, brand=text,
            last4=text[:4], gateway_id=text, verified=1, is_default=1, is_preferred=1)  # fmt: skip
    words = dict.fromkeys(
        ("method_label", "method_id", "initiated_by", "reference", "failure_code",
         "failure_message", "memo", "order_number"), text
    )  # fmt: skip
    money = {"customer_id": at, "currency": "USD", "amount_minor": 400, "method_type": "card",
             "created_at": AT, "settled_at": AT, "livemode": 0}  # fmt: skip
    _insert(ledger, "payments", seq=at, id=id_of(at), status="succeeded", effective_day=DAY,
            receipt=at, gateway_id=text, **money, **words)  # fmt: skip
    _insert(ledger, "allocations", payment_seq=at, position=0, invoice_id=at, amount_minor=400)
    _insert(ledger, "reversals", payment_seq=at, kind="refund", amount_minor=1,
            effective_day=DAY, recorded_at=AT, reason=text, gateway_id=f"{at}")  # fmt: skip
    _insert(ledger, "payments", seq=at + 10_000, id=number, status="failed", **money, **words)
    _insert(ledger, "outbox", message_id=number, kind="failed", payment_id=number, recipient=text,
            created_at=AT, due_at=AT, attempts=1, last_error=text)  # fmt: skip


def _insert(ledger: sqlite3.Connection, table: str, **values: object) -> None:
    marks = ", ".join("?" * len(values))
    ledger.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", [*values.values()]
    )


def _lower(text: str) -> str:
    """As SQLite's lower() does: ASCII only."""
    return "".join(c.lower() if c.isascii() else c for c in text)
