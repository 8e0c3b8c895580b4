"""Money rows that tests change past the operations, with the journal entry that must go with it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from invoicepay.billing.ports import Unit
from invoicepay.ledger.sqlite_ledger import SqliteLedger


def told(unit: Unit) -> None:
    """The entry that such a unit ends with."""
    unit.journal.append("test", "", "", datetime(2026, 11, 1, tzinfo=UTC), {})


def change(path: Path, *statements: str) -> None:
    """As if an operation had done it."""
    with closing(SqliteLedger(path)) as ledger, ledger.write() as unit:
        for statement in statements:
            unit._connection.execute(statement)
        told(unit)
