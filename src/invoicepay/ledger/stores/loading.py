"""The bulk statements of imports."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from invoicepay.billing.customer import Customer, emails_text
from invoicepay.billing.ports import (
    AllocationRow,
    InvoiceRow,
    LineRow,
    LoadedCustomer,
    LoadedInvoice,
    PaymentRow,
)
from invoicepay.ledger import skeletons
from invoicepay.ledger.rows import Row, instant_text, reads
from invoicepay.ledger.stores.customers import address_text
from invoicepay.ledger.stores.scope import LAST_PAID, as_set

_CUSTOMER = "SELECT id, number, name, email, address, currency, terms_days FROM customers "
_LARGE = 20_000
"""Invoices from which sorting an index once beats growing it row by row (measured: 2.3 s → 1.0 s
for 200,000)."""
_CACHE_KIB = 65_536
"""Page cache of a large load: the index of numbers is entered in random order."""


class Loading:
    """Implements billing.ports.LoadingStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._dropped: list[str] = []

    def prepare(self, invoices: int) -> None:
        """A large load into a smaller table takes its indexes down until `finish`. DDL is
        part of the transaction: undone with it."""
        if invoices < _LARGE or invoices < self.next_id("invoices"):
            return
        self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        indexes = self._db.execute(
            "SELECT name, sql FROM sqlite_master "
            "WHERE type = 'index' AND tbl_name = 'invoices' AND sql IS NOT NULL"
        ).fetchall()
        for name, statement in indexes:
            self._db.execute(f"DROP INDEX {name}")
            self._dropped.append(statement)

    def finish(self) -> None:
        while self._dropped:
            self._db.execute(self._dropped.pop())

    def next_id(self, table: str) -> int:
        assert table in ("customers", "invoices", "payments"), table
        (last,) = self._db.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()
        return int(last) + 1

    def alike(self, table: str, numbers: Sequence[str]) -> dict[str, list[str]]:
        return skeletons.numbers_alike(self._db, table, numbers)

    def customer(self, number: str) -> LoadedCustomer | None:
        row = self._db.execute(_CUSTOMER + "WHERE number = ?", (number,)).fetchone()
        return _customer(row) if row else None

    def customers(self, numbers: Sequence[str]) -> dict[str, LoadedCustomer]:
        rows = self._db.execute(
            _CUSTOMER + "WHERE number IN (SELECT value FROM json_each(?))", (as_set(numbers),)
        )
        return {customer.number: customer for customer in map(_customer, rows)}

    def put_customers(self, customers: Sequence[Customer]) -> None:
        self._db.executemany(
            "INSERT INTO customers (number, name, email, address, currency, terms_days) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET name = excluded.name, "
            "email = excluded.email, address = excluded.address, currency = excluded.currency, "
            "terms_days = excluded.terms_days",
            [
                (
                    c.number,
                    c.name,
                    emails_text(c.emails),
                    address_text(c.address),
                    c.currency,
                    c.terms_days,
                )
                for c in customers
            ],
        )
        skeletons.add(self._db, "customers", [customer.number for customer in customers])

    def invoices(self, numbers: Sequence[str]) -> dict[str, LoadedInvoice]:
        rows = self._db.execute(
            "SELECT id, number, kind, customer_id, currency, total_minor, paid_minor, "
            "reserved_minor, voided_day, content_digest, "
            "EXISTS (SELECT 1 FROM allocations WHERE invoice_id = invoices.id) FROM invoices "
            "WHERE number IN (SELECT value FROM json_each(?))",
            (as_set(numbers),),
        )
        return {invoice.number: invoice for invoice in map(_invoice, rows)}

    def add_invoices(self, rows: Sequence[InvoiceRow]) -> int:
        added = self._db.executemany(
            "INSERT INTO invoices (id, number, kind, customer_id, issued_day, due_day, currency, "
            "total_minor, tax_minor, paid_minor, po_number, order_number, memo, disputed, "
            "paid_day, voided_day, content_digest) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (number) DO NOTHING",
            map(tuple, rows),  # sqlite3 binds a plain tuple in 2.2 µs, a named one in 3.4
        ).rowcount
        skeletons.add(self._db, "invoices", [row.number for row in rows])
        return added

    def add_lines(self, rows: Sequence[LineRow]) -> None:
        self._db.executemany("INSERT INTO invoice_lines VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def replace_invoices(self, rows: Sequence[InvoiceRow]) -> None:
        # What is paid, and since when, is the ledger's own. A total brought down to what is paid
        # makes the invoice paid since its last payment.
        self._db.executemany("DELETE FROM invoice_lines WHERE invoice_id = ?", _ids(rows))
        self._db.executemany(
            "UPDATE invoices SET kind = :kind, customer_id = :customer_id, "
            "issued_day = :issued_day, due_day = :due_day, currency = :currency, "
            "total_minor = :total_minor, tax_minor = :tax_minor, po_number = :po_number, "
            "order_number = :order_number, memo = :memo, disputed = :disputed, "
            "voided_day = :voided_day, content_digest = :content_digest WHERE id = :id",
            [row._asdict() for row in rows],
        )
        self._db.executemany(
            "UPDATE invoices SET paid_day = CASE WHEN open_minor = 0 AND voided_day IS NULL "
            f"THEN coalesce({LAST_PAID}, issued_day) END WHERE id = ?",
            _ids(rows),
        )

    def payments(self, payment_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
        rows = self._db.execute(
            "SELECT id, seq, request_digest FROM payments "
            "WHERE id IN (SELECT value FROM json_each(?))",
            (as_set(payment_ids),),
        )
        return {payment_id: (seq, digest) for payment_id, seq, digest in rows}

    def add_payments(
        self,
        payments: Sequence[PaymentRow],
        allocations: Sequence[AllocationRow],
        *,
        at: datetime,
        initiated_by: str,
        livemode: bool,
    ) -> None:
        instant = instant_text(at)
        rest = (instant, instant, initiated_by, livemode)
        self._db.executemany(
            "INSERT INTO payments (seq, id, customer_id, currency, amount_minor, method_type, "
            "method_label, reference, effective_day, memo, request_digest, status, created_at, "
            "settled_at, initiated_by, livemode) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'succeeded', ?, ?, ?, ?)",
            [(*payment, *rest) for payment in payments],
        )
        self._db.executemany("INSERT INTO allocations VALUES (?, ?, ?, ?)", allocations)

    def receive(self, moves: Sequence[tuple[int, int]]) -> None:
        self._db.executemany(
            "UPDATE invoices SET paid_minor = paid_minor + ?, paid_day = CASE "
            f"WHEN total_minor = paid_minor + ? THEN {LAST_PAID} END WHERE id = ?",
            [(amount_minor, amount_minor, row_id) for row_id, amount_minor in moves],
        )

    def largest_sum(self) -> int:
        # In halves: the sum itself may not fit 64 bits, and SQLite refuses such a sum.
        halves = "SELECT SUM(abs({0}) >> 32), SUM(abs({0}) & 0xFFFFFFFF) FROM {1} GROUP BY currency"
        rows = self._db.execute(
            halves.format("total_minor", "invoices")
            + " UNION ALL "
            + halves.format("amount_minor", "payments")
        )
        return max(((high << 32) + low for high, low in rows), default=0)


@reads("a customer", "i s s s s s i")
def _customer(row: Row) -> LoadedCustomer:
    return LoadedCustomer(*row)


@reads("an invoice", "i s s i s i i i i? s i")
def _invoice(row: Row) -> LoadedInvoice:
    return LoadedInvoice(*row)


def _ids(rows: Sequence[InvoiceRow]) -> list[tuple[int]]:
    return [(row.id,) for row in rows]
