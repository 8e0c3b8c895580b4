"""Sets as SQL: one JSON parameter each, however large they are."""

from __future__ import annotations

import json
from collections.abc import Iterable

from invoicepay.billing.customer import Scope


def customer_in(scope: Scope, column: str) -> tuple[str, dict[str, str]]:
    """A condition on `column` (a customer's row id), and its named parameter.

    For lists. One object that is asked for by its name is checked with `Scope.has` instead:
    SQLite builds this set only where there is a row to check, so that time would tell whether
    there is one.
    """
    if scope.customers is None:
        return "1", {}
    among = "(SELECT id FROM customers WHERE number IN (SELECT value FROM json_each(:scope)))"
    return f"{column} IN {among}", {"scope": as_set(scope.customers)}


def as_set(values: Iterable[str | int]) -> str:
    """For `IN (SELECT value FROM json_each(?))`."""
    return json.dumps(list(values))
