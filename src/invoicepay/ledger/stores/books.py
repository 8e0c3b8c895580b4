"""What must agree: every derived figure against the rows it is made of."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection
from contextlib import suppress

from invoicepay.billing.journal import Difference
from invoicepay.ledger.stores.scope import LAST_PAID, as_set

_SUMS = {
    "paid on {}": """
        SELECT i.number, i.paid_minor, coalesce(s.amount, 0) FROM invoices i
        LEFT JOIN (SELECT a.invoice_id, SUM(a.amount_minor) AS amount FROM allocations a
                   JOIN payments p ON p.seq = a.payment_seq
                   WHERE p.status = 'succeeded' AND {a.invoice_id}
                   GROUP BY a.invoice_id) s ON s.invoice_id = i.id
        WHERE i.kind = 'invoice' AND i.paid_minor <> coalesce(s.amount, 0) AND {i.id}""",
    "reserved on {}": """
        SELECT i.number, i.reserved_minor, coalesce(s.amount, 0) FROM invoices i
        LEFT JOIN (SELECT a.invoice_id, SUM(a.amount_minor) AS amount FROM allocations a
                   JOIN payments p ON p.seq = a.payment_seq
                   WHERE p.status IN ('claimed', 'submitted', 'processing', 'unknown')
                   AND {a.invoice_id}
                   GROUP BY a.invoice_id) s ON s.invoice_id = i.id
        WHERE i.reserved_minor <> coalesce(s.amount, 0) AND {i.id}""",
    "lines of {}": """
        SELECT i.number, i.total_minor, s.amount FROM invoices i
        JOIN (SELECT l.invoice_id, SUM(l.amount_minor + l.tax_minor) AS amount
              FROM invoice_lines l WHERE {l.invoice_id}
              GROUP BY l.invoice_id) s ON s.invoice_id = i.id
        WHERE i.total_minor <> s.amount AND {i.id}""",
    "allocations of payment {}": """
        SELECT p.id, p.amount_minor, SUM(a.amount_minor) FROM allocations a
        JOIN payments p ON p.seq = a.payment_seq
        WHERE {a.payment_seq by payment}
        GROUP BY p.seq HAVING SUM(a.amount_minor) > p.amount_minor""",
    "currency of payment {}": """
        SELECT p.id, p.currency, i.currency FROM allocations a
        JOIN payments p ON p.seq = a.payment_seq JOIN invoices i ON i.id = a.invoice_id
        WHERE i.currency <> p.currency AND {a.invoice_id}""",
    "customer of payment {}": """
        SELECT p.id, payer.number, owner.number FROM allocations a
        JOIN payments p ON p.seq = a.payment_seq JOIN invoices i ON i.id = a.invoice_id
        JOIN customers payer ON payer.id = p.customer_id
        JOIN customers owner ON owner.id = i.customer_id
        WHERE i.customer_id <> p.customer_id AND {a.invoice_id}""",
}
"""What a claim and an import, too, check of their invoices. In braces: the column that a choice of
invoices narrows, or the one that names their payments."""
_NARROWED = re.compile(r"\{([\w.]+)( by payment)?\}")
_INVOICES = "SELECT id FROM invoices WHERE number IN (SELECT value FROM json_each(:numbers))"
_PAYMENTS = f"SELECT payment_seq FROM allocations WHERE invoice_id IN ({_INVOICES})"


def _of_all(query: str) -> str:
    return _NARROWED.sub("1", query)


def _of_selected(query: str) -> str:
    return _NARROWED.sub(
        lambda found: f"{found[1]} IN ({_PAYMENTS if found[2] else _INVOICES})", query
    )


_CHECKS = {
    **_SUMS,
    "paid date of {}": f"""
        SELECT number, coalesce(date(paid_day * 86400, 'unixepoch'), 'none'),
               CASE WHEN open_minor = 0
               THEN coalesce(date({LAST_PAID} * 86400, 'unixepoch'), 'a date') ELSE 'none' END
        FROM invoices WHERE voided_day IS NULL AND total_minor <> 0
        AND ((open_minor = 0) <> (paid_day IS NOT NULL) OR paid_day <> {LAST_PAID})""",
}


_DERIVED = ("paid on {}", "reserved on {}", "paid date of {}")


_ALLOCATED = (
    "SELECT coalesce(SUM(a.amount_minor), 0) FROM allocations a JOIN payments p "
    "ON p.seq = a.payment_seq WHERE a.invoice_id = invoices.id"
)
_PAID = f"({_ALLOCATED} AND p.status IN ('succeeded'))"
_RESERVED = f"({_ALLOCATED} AND p.status IN ('claimed', 'submitted', 'processing', 'unknown'))"
_REBUILD = (
    f"UPDATE invoices SET paid_minor = {_PAID}, reserved_minor = {_RESERVED}, "
    f"paid_day = CASE WHEN voided_day IS NULL AND total_minor <> 0 AND total_minor = {_PAID} "
    f"THEN coalesce({LAST_PAID}, paid_day) END "
    "WHERE kind = 'invoice' AND number IN (SELECT value FROM json_each(?))"
)
_LOOK_ALIKES = """
    SELECT json_group_array(number) FROM
        (SELECT skeleton, number, open_minor FROM invoice_skeletons
         JOIN invoices ON id = invoice_id
         UNION ALL
         SELECT number, number, open_minor FROM invoices
         WHERE number IN (SELECT skeleton FROM invoice_skeletons)
         AND number NOT GLOB '*[^ -~]*' ORDER BY number)
    WHERE open_minor > 0 GROUP BY skeleton HAVING count(*) > 1 ORDER BY skeleton"""


class Books:
    """Implements billing.ports.BooksStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def differences(self) -> list[Difference]:
        return [
            _difference(what, name, expected, found)
            for what, query in _CHECKS.items()
            for name, found, expected in self._db.execute(_of_all(query))
        ]

    def differences_of(self, invoices: Collection[str]) -> list[Difference]:
        numbers = {"numbers": as_set(invoices)}
        return [
            _difference(what, name, expected, found)
            for what, query in _SUMS.items()
            for name, found, expected in self._db.execute(_of_selected(query), numbers)
        ]

    def look_alikes(self) -> list[tuple[str, ...]]:
        return [tuple(json.loads(numbers)) for (numbers,) in self._db.execute(_LOOK_ALIKES)]

    def rebuild(self, numbers: Collection[str]) -> None:
        # A sum that the schema's checks refuse means that the payments are wrong: all stays.
        with suppress(sqlite3.IntegrityError):
            self._db.execute(_REBUILD, (as_set(numbers),))


def _difference(what: str, name: str, expected: object, found: object) -> Difference:
    derived_of = name if what in _DERIVED else ""
    return Difference(what.format(name), str(expected), str(found), derived_of)
