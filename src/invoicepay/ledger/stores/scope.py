"""Parts of queries that several stores share. Sets are one JSON parameter each, however large."""

from __future__ import annotations

import json
from collections.abc import Iterable

from invoicepay.billing.customer import Scope

LAST_PAID = (
    "(SELECT max(effective_day) FROM allocations JOIN payments ON seq = payment_seq "
    "WHERE invoice_id = invoices.id)"
)
"""An expression: the day of an invoice's last payment; NULL where it has none."""


def customer_in(scope: Scope, column: str) -> tuple[str, dict[str, str]]:
    """A condition on `column` (a customer's row id), and its named parameter.

    For lists. One object that is asked for by name is checked with `Scope.has` instead: SQLite
    builds this set only where there is a row to check, so the time it takes would show whether
    there is one.
    """
    if scope.customers is None:
        return "1", {}
    among = "(SELECT id FROM customers WHERE number IN (SELECT value FROM json_each(:scope)))"
    return f"{column} IN {among}", {"scope": as_set(scope.customers)}


def as_set(values: Iterable[str | int]) -> str:
    """For `IN (SELECT value FROM json_each(?))`."""
    return json.dumps(list(values))
