"""The payments that the gateway should have, and up to where they have been compared with it."""

from __future__ import annotations

import sqlite3

from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import ChargedPayment
from invoicepay.ledger.rows import Row, instant_of, reads

_COLUMNS = (
    "p.id, p.status, c.number, c.gateway_id, p.amount_minor, p.currency, p.livemode, p.gateway_id, "
    "p.created_at"
)
_CHARGED = "p.method_type IN ('card', 'ach') AND p.status IN ('succeeded', 'processing')"
_CHANGED = (
    f"SELECT p.seq, j.seq, {_COLUMNS} FROM journal j JOIN payments p ON p.id = j.subject "
    "JOIN customers c ON c.id = p.customer_id WHERE j.seq > ? "
    f"AND {_CHARGED} AND j.kind = 'payment.' || p.status "  # the entry that put it so, once
    "ORDER BY j.seq LIMIT ?"
)
_ALL = (
    f"SELECT p.seq, 0, {_COLUMNS} FROM payments p JOIN customers c ON c.id = p.customer_id "
    f"WHERE p.seq > ? AND {_CHARGED} ORDER BY p.seq LIMIT ?"
)


class Comparisons:
    """Implements billing.ports.ComparisonStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def done_until(self) -> int:
        row = self._db.execute("SELECT done_until FROM comparison").fetchone()
        return _entry(row or ())

    def set_done(self, entry: int) -> None:
        self._db.execute("UPDATE comparison SET done_until = ?", (entry,))

    def changed(self, after: int, limit: int) -> list[ChargedPayment]:
        return [_charged(row) for row in self._db.execute(_CHANGED, (after, limit))]

    def all(self, after: int, limit: int) -> list[ChargedPayment]:
        return [_charged(row) for row in self._db.execute(_ALL, (after, limit))]

    def charges_between(self, first: int, last: int) -> int:
        (count,) = self._db.execute(
            "SELECT count(*) FROM payments WHERE seq BETWEEN ? AND ? AND gateway_id <> ''",
            (first, last),
        ).fetchone()
        return int(count)


@reads("how far payments were compared", "i")
def _entry(row: Row) -> int:
    return int(row[0])


@reads("a payment", "i i s s s s i s i s s")
def _charged(row: Row) -> ChargedPayment:
    (
        seq,
        entry,
        payment_id,
        status,
        customer_number,
        gateway_customer_id,
        amount_minor,
        currency,
        livemode,
        gateway_id,
        created_at,
    ) = row
    return ChargedPayment(
        seq,
        entry,
        payment_id,
        PaymentStatus(status),
        customer_number,
        gateway_customer_id,
        amount_minor,
        currency,
        bool(livemode),
        gateway_id,
        instant_of(created_at),
    )
