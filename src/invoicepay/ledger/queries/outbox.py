"""E-mails that are owed."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import Any

from invoicepay.billing.customer import Scope
from invoicepay.billing.ports import MailKind, OutboxMail
from invoicepay.ledger.queries.scope import customer_in
from invoicepay.ledger.rows import (
    instant_of,
    instant_text,
    optional_instant,
    optional_instant_text,
)

_COLUMNS = "message_id, kind, payment_id, recipient, created_at, attempts, sent_at, last_error"

LONGEST_WAIT = timedelta(hours=12)


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

    def take_due(
        self, now: datetime, retry_at: datetime, scope: Scope, payment_id: str = ""
    ) -> OutboxMail | None:
        where, values = customer_in(scope, "p.customer_id")
        row = self._db.execute(
            "UPDATE outbox SET attempts = attempts + 1, due_at = :retry_at WHERE id = ("
            "SELECT o.id FROM outbox o JOIN payments p ON p.id = o.payment_id "
            # Never wait longer than for a retry: a clock that was ahead must not hold mail back.
            "WHERE o.sent_at IS NULL AND (o.due_at <= :now OR o.due_at > :too_late) "
            f"AND (:payment_id = '' OR o.payment_id = :payment_id) AND {where} "
            f"ORDER BY o.due_at, o.id LIMIT 1) RETURNING {_COLUMNS}",
            values
            | {
                "now": instant_text(now),
                "retry_at": instant_text(retry_at),
                "too_late": instant_text(now + LONGEST_WAIT),
                "payment_id": payment_id,
            },
        ).fetchone()
        return _mail(row) if row else None

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
