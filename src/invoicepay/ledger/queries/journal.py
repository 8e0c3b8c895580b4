"""The append-only journal."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime

from invoicepay.ledger.rows import instant_text


class Journal:
    """Implements billing.ports.JournalStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def append(
        self, kind: str, subject: str, actor: str, at: datetime, data: Mapping[str, object]
    ) -> None:
        self._db.execute(
            "INSERT INTO journal (recorded_at, kind, subject, actor, data) VALUES (?, ?, ?, ?, ?)",
            (
                instant_text(at),
                kind,
                subject,
                actor,
                json.dumps(data, sort_keys=True, separators=(",", ":")),
            ),
        )
