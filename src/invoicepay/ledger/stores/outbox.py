"""E-mails that are owed."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta

from invoicepay.billing.customer import Scope
from invoicepay.billing.invoice import Page
from invoicepay.billing.ports import OWED, MailKind, MailStatus, OutboxMail
from invoicepay.ledger.rows import (
    Row,
    instant_of,
    instant_text,
    of_page,
    optional_instant,
    reads,
    row_limit,
)
from invoicepay.ledger.stores.scope import customer_in

_COLUMNS = (
    "o.message_id, o.kind, o.payment_id, o.recipient, o.created_at, o.attempts, o.due_at, "
    "o.sent_at, o.discarded_at, o.last_error"
)
_OWED = "o.sent_at IS NULL AND o.discarded_at IS NULL"
# Never wait longer than for a retry: a clock that was ahead must not hold mail back.
_DUE = "(o.due_at <= :now OR o.due_at > :too_late)"
_STANDS: Mapping[frozenset[MailStatus], str] = {
    OWED: _OWED,
    frozenset({MailStatus.SENT}): "o.sent_at IS NOT NULL",
    frozenset(MailStatus): "1",
}

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

    def owed(
        self, scope: Scope, payment_id: str = "", due: datetime | None = None
    ) -> list[OutboxMail]:
        where, values = _about(scope, payment_id, few=True)
        if due is not None:
            where, values = f"{where} AND {_DUE}", values | _due_at(due)
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM outbox o JOIN payments p ON p.id = o.payment_id "
            f"WHERE {_OWED} AND {where} ORDER BY o.due_at, o.id",
            values,
        )
        return [_mail(row) for row in rows]

    def page(
        self,
        statuses: frozenset[MailStatus],
        scope: Scope,
        payment_id: str = "",
        *,
        limit: int | None = None,
    ) -> Page[OutboxMail]:
        few = statuses == OWED
        where, values = _about(scope, payment_id, few=few)
        parameters: dict[str, str | int] = {"limit": row_limit(limit), **values}
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM outbox o JOIN payments p ON p.id = o.payment_id "
            f"WHERE {where} AND {_STANDS[statuses]} "
            f"ORDER BY {'+' if few else ''}o.id DESC LIMIT :limit",
            parameters,
        ).fetchall()
        rows, more = of_page(rows, limit)
        return Page(tuple(map(_mail, rows)), more)

    def take(
        self, message_id: str, now: datetime, until: datetime, *, early: bool = False
    ) -> OutboxMail | None:
        row = self._db.execute(
            f"UPDATE outbox AS o SET attempts = attempts + 1, in_hand_until = :until "
            f"WHERE o.message_id = :message_id AND {_OWED} AND (:early OR {_DUE}) "
            "AND (o.in_hand_until IS NULL OR o.in_hand_until <= :now OR o.in_hand_until > :far) "
            f"RETURNING {_COLUMNS.replace('o.', '')}",
            {
                "message_id": message_id,
                "early": early,
                "until": instant_text(until),
                # Farther off than whoever took it a moment ago can have said: a clock was wrong.
                "far": instant_text(until + (until - now)),
            }
            | _due_at(now),
        ).fetchone()
        return _mail(row) if row else None

    def sent(self, message_id: str, at: datetime) -> None:
        self._db.execute(
            "UPDATE outbox SET sent_at = ?, in_hand_until = NULL, last_error = '' "
            "WHERE message_id = ?",
            (instant_text(at), message_id),
        )

    def not_sent(self, message_id: str, error: str, retry_at: datetime) -> None:
        self._db.execute(
            "UPDATE outbox SET last_error = ?, in_hand_until = NULL, due_at = ? "
            "WHERE message_id = ?",
            (error, instant_text(retry_at), message_id),
        )

    def discard(self, message_id: str, at: datetime) -> bool:
        done = self._db.execute(
            f"UPDATE outbox AS o SET discarded_at = ? WHERE o.message_id = ? AND {_OWED}",
            (instant_text(at), message_id),
        )
        return done.rowcount == 1


def _about(scope: Scope, payment_id: str, *, few: bool) -> tuple[str, dict[str, str]]:
    """A condition on mail `o` of payments `p`, and its named parameters. `few`: what is owed is
    little beside all that was sent and paid, so SQLite is to begin there; a plus tells it that
    no other index helps."""
    where, values = customer_in(scope, f"{'+' if few else ''}p.customer_id")
    if payment_id:
        where += " AND o.payment_id = :payment_id"
        values["payment_id"] = payment_id
    return where, values


def _due_at(now: datetime) -> dict[str, str]:
    return {"now": instant_text(now), "too_late": instant_text(now + LONGEST_WAIT)}


@reads("an e-mail", "s s s s s i s s? s? s")
def _mail(row: Row) -> OutboxMail:
    return OutboxMail(
        message_id=row[0],
        kind=MailKind(row[1]),
        payment_id=row[2],
        to=row[3],
        created_at=instant_of(row[4]),
        attempts=row[5],
        due_at=instant_of(row[6]),
        sent_at=optional_instant(row[7]),
        discarded_at=optional_instant(row[8]),
        last_error=row[9],
    )
