"""What must agree: every derived figure against the rows it is made of."""

from __future__ import annotations

import sqlite3

from invoicepay.billing.ports import Difference

_CHECKS = {
    "paid on {}": """
        SELECT i.number, i.paid_minor, coalesce(s.amount, 0) FROM invoices i
        LEFT JOIN (SELECT a.invoice_id, SUM(a.amount_minor) AS amount FROM allocations a
                   JOIN payments p ON p.seq = a.payment_seq WHERE p.status = 'succeeded'
                   GROUP BY a.invoice_id) s ON s.invoice_id = i.id
        WHERE i.kind = 'invoice' AND i.paid_minor <> coalesce(s.amount, 0)""",
    "reserved on {}": """
        SELECT i.number, i.reserved_minor, coalesce(s.amount, 0) FROM invoices i
        LEFT JOIN (SELECT a.invoice_id, SUM(a.amount_minor) AS amount FROM allocations a
                   JOIN payments p ON p.seq = a.payment_seq
                   WHERE p.status IN ('claimed', 'submitted', 'processing', 'unknown')
                   GROUP BY a.invoice_id) s ON s.invoice_id = i.id
        WHERE i.reserved_minor <> coalesce(s.amount, 0)""",
    "lines of {}": """
        SELECT i.number, i.total_minor, s.amount FROM invoices i
        JOIN (SELECT invoice_id, SUM(amount_minor + tax_minor) AS amount FROM invoice_lines
              GROUP BY invoice_id) s ON s.invoice_id = i.id
        WHERE i.total_minor <> s.amount""",
    "allocations of payment {}": """
        SELECT p.id, p.amount_minor, coalesce(SUM(a.amount_minor), 0) FROM payments p
        LEFT JOIN allocations a ON a.payment_seq = p.seq
        GROUP BY p.seq HAVING coalesce(SUM(a.amount_minor), 0) > p.amount_minor""",
    "currency of payment {}": """
        SELECT p.id, p.currency, i.currency FROM payments p
        JOIN allocations a ON a.payment_seq = p.seq JOIN invoices i ON i.id = a.invoice_id
        WHERE i.currency <> p.currency OR i.customer_id <> p.customer_id""",
    "paid date of {}": """
        SELECT number, CASE WHEN open_minor = 0 THEN 'a date' ELSE 'none' END,
               coalesce(date(paid_day * 86400, 'unixepoch'), 'none')
        FROM invoices WHERE voided_day IS NULL AND total_minor <> 0
        AND (open_minor = 0) <> (paid_day IS NOT NULL)""",
}


class Books:
    """Implements billing.ports.BooksStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def differences(self) -> list[Difference]:
        return [
            Difference(what.format(name), str(expected), str(found))
            for what, query in _CHECKS.items()
            for name, found, expected in self._db.execute(query)
        ]
