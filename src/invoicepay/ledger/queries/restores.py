"""Backups that were put in place."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from invoicepay.billing.ports import OpenRestore
from invoicepay.ledger.rows import Row, instant_of, instant_text, optional_instant, reads


class Restores:
    """Implements billing.ports.RestoreStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def open(self) -> OpenRestore | None:
        # Several are open where a backup was made before its ledger's own restore was confirmed.
        row = self._db.execute(
            "SELECT max(restored_at), min(since), CASE WHEN count(synced_at) = count(*) "
            "THEN max(synced_at) END FROM restores WHERE confirmed_at IS NULL HAVING count(*) > 0"
        ).fetchone()
        return _open(row) if row else None

    def add(self, restored_at: datetime, since: datetime, receipts_from: int) -> None:
        self._db.execute(
            "INSERT INTO restores (restored_at, since, receipts_from) VALUES (?, ?, ?)",
            (instant_text(restored_at), instant_text(since), receipts_from),
        )

    def synced(self, at: datetime) -> None:
        self._db.execute(
            "UPDATE restores SET synced_at = ? WHERE synced_at IS NULL", (instant_text(at),)
        )

    def confirm(self, at: datetime) -> None:
        self._db.execute(
            "UPDATE restores SET confirmed_at = ? WHERE confirmed_at IS NULL", (instant_text(at),)
        )


@reads("a restore", "s s s?")
def _open(row: Row) -> OpenRestore:
    restored_at, since, synced_at = row
    return OpenRestore(instant_of(restored_at), instant_of(since), optional_instant(synced_at))
