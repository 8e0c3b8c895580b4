"""The journal entry that a unit must end with which changes money rows past the operations."""

from __future__ import annotations

from datetime import UTC, datetime

from invoicepay.billing.ports import Unit


def told(unit: Unit) -> None:
    unit.journal.append("test", "", "", datetime(2026, 11, 1, tzinfo=UTC), {})
