"""Backups that were put in place."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from invoicepay.billing.ports import OpenRestore
from invoicepay.ledger.rows import Row, instant_of, instant_text, optional_instant, reads


class Restores:
    """Implements billing.ports.RestoreStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def open(self) -> OpenRestore | None:
        # Several are open where a backup was made before its ledger's own restore was confirmed.
        rows = self._db.execute(
            "SELECT restored_at, since, synced_at, wider_rights FROM restores "
            "WHERE confirmed_at IS NULL"
        ).fetchall()
        found = [_open(row) for row in rows]
        if not found:
            return None
        synced = [each.synced_at for each in found]
        return OpenRestore(
            restored_at=max(each.restored_at for each in found),
            since=min(each.since for each in found),
            synced_at=None if None in synced else max(filter(None, synced)),
            wider_rights=tuple(sorted({email for each in found for email in each.wider_rights})),
        )

    def add(
        self,
        restored_at: datetime,
        since: datetime,
        receipts_from: int,
        wider_rights: Iterable[str],
    ) -> None:
        self._db.execute(
            "INSERT INTO restores (restored_at, since, receipts_from, wider_rights) "
            "VALUES (?, ?, ?, ?)",
            (
                instant_text(restored_at),
                instant_text(since),
                receipts_from,
                "\n".join(wider_rights),
            ),
        )

    def synced(self, at: datetime) -> None:
        self._db.execute(
            "UPDATE restores SET synced_at = ? WHERE synced_at IS NULL", (instant_text(at),)
        )

    def confirm(self, at: datetime) -> None:
        self._db.execute(
            "UPDATE restores SET confirmed_at = ? WHERE confirmed_at IS NULL", (instant_text(at),)
        )


@reads("a restore", "s s s? s")
def _open(row: Row) -> OpenRestore:
    restored_at, since, synced_at, wider_rights = row
    return OpenRestore(
        instant_of(restored_at),
        instant_of(since),
        optional_instant(synced_at),
        tuple(wider_rights.splitlines()),
    )
