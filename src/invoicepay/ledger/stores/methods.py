"""Payment methods."""

from __future__ import annotations

import sqlite3

from invoicepay.billing.customer import Scope
from invoicepay.billing.method import Method, MethodType
from invoicepay.ledger.rows import Row, reads

_SELECT = (
    "SELECT m.id, c.number, m.type, m.label, m.brand, m.last4, m.gateway_id, m.exp_month, "
    "m.exp_year, m.verified, m.removed, m.is_default, m.is_preferred "
    "FROM methods m JOIN customers c ON c.id = m.customer_id "
)


class Methods:
    """Implements billing.ports.MethodStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, method: Method) -> None:
        self._db.execute(
            "INSERT INTO methods (id, customer_id, type, label, brand, last4, gateway_id, "
            "exp_month, exp_year, verified, removed) "
            "SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM customers WHERE number = ?",
            (
                method.id,
                method.type.value,
                method.label,
                method.brand,
                method.last4,
                method.gateway_id,
                method.exp_month,
                method.exp_year,
                method.verified,
                method.removed,
                method.customer,
            ),
        )

    def get(self, method_id: str, scope: Scope) -> Method | None:
        row = self._db.execute(f"{_SELECT} WHERE m.id = ?", (method_id,)).fetchone()
        return _method(row) if row and scope.has(row[1]) else None

    def of_customer(self, customer: str, scope: Scope) -> list[Method]:
        if not scope.has(customer):
            return []
        rows = self._db.execute(
            f"{_SELECT} WHERE c.number = ? AND m.removed = 0 ORDER BY m.seq", (customer,)
        )
        return [_method(row) for row in rows]

    def set_default(self, method: Method) -> None:
        self.set_type_default(method)
        self._db.execute(
            "UPDATE methods SET is_preferred = 0 "
            "WHERE customer_id = (SELECT customer_id FROM methods WHERE id = ?)",
            (method.id,),
        )
        self._db.execute("UPDATE methods SET is_preferred = 1 WHERE id = ?", (method.id,))

    def set_type_default(self, method: Method) -> None:
        self._db.execute(
            "UPDATE methods SET is_default = 0 WHERE type = ? "
            "AND customer_id = (SELECT customer_id FROM methods WHERE id = ?)",
            (method.type.value, method.id),
        )
        self._db.execute("UPDATE methods SET is_default = 1 WHERE id = ?", (method.id,))

    def remove(self, method_id: str) -> None:
        self._db.execute(
            "UPDATE methods SET removed = 1, is_default = 0, is_preferred = 0 WHERE id = ?",
            (method_id,),
        )


@reads("a payment method", "s s s s s s s i? i? i i i i")
def _method(row: Row) -> Method:
    if (row[7] is None) is not (row[8] is None):
        raise ValueError("it expires in half a month")
    return Method(
        id=row[0],
        customer=row[1],
        type=MethodType(row[2]),
        label=row[3],
        brand=row[4],
        last4=row[5],
        gateway_id=row[6],
        exp_month=row[7],
        exp_year=row[8],
        verified=bool(row[9]),
        removed=bool(row[10]),
        default=bool(row[11]),
        preferred=bool(row[12]),
    )
