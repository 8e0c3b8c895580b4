"""E-mails that are owed."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

from invoicepay.billing.ports import MailKind, OutboxMail
from invoicepay.ledger.rows import (
    instant_of,
    instant_text,
    optional_instant,
    optional_instant_text,
)

_COLUMNS = "message_id, kind, payment_id, recipient, created_at, attempts, sent_at, last_error"


class Outbox:
    """Implements billing.ports.OutboxStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, mail: OutboxMail) -> None:
        created = instant_text(mail.created_at)
        self._db.execute(
            "INSERT INTO outbox (message_id, kind, payment_id, recipient, created_at, due_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (mail.message_id, mail.kind.value, mail.payment_id, mail.to, created, created),
        )

    def take_due(self, now: datetime, retry_at: datetime, payment_id: str = "") -> list[OutboxMail]:
        rows = self._db.execute(
            "UPDATE outbox SET attempts = attempts + 1, due_at = ? "
            "WHERE sent_at IS NULL AND due_at <= ? AND (? = '' OR payment_id = ?) "
            f"RETURNING {_COLUMNS}",
            (instant_text(retry_at), instant_text(now), payment_id, payment_id),
        ).fetchall()
        return sorted(map(_mail, rows), key=lambda mail: (mail.created_at, mail.message_id))

    def sent(self, message_id: str, at: datetime) -> None:
        self._db.execute(
            "UPDATE outbox SET sent_at = ?, last_error = '' WHERE message_id = ?",
            (instant_text(at), message_id),
        )

    def not_sent(self, message_id: str, error: str, retry_at: datetime | None = None) -> None:
        self._db.execute(
            "UPDATE outbox SET last_error = ?, due_at = coalesce(?, due_at) WHERE message_id = ?",
            (error, optional_instant_text(retry_at), message_id),
        )

    def waiting(self) -> list[OutboxMail]:
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM outbox WHERE sent_at IS NULL ORDER BY due_at, id"
        )
        return [_mail(row) for row in rows]


def _mail(row: tuple[Any, ...]) -> OutboxMail:
    return OutboxMail(
        message_id=row[0],
        kind=MailKind(row[1]),
        payment_id=row[2],
        to=row[3],
        created_at=instant_of(row[4]),
        attempts=row[5],
        sent_at=optional_instant(row[6]),
        last_error=row[7],
    )
