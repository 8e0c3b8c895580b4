"""Logins, scripts' tokens, and failed logins. Real time throughout."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from invoicepay.billing.customer import Session
from invoicepay.ledger.rows import Row, instant_of, instant_text, optional_instant, reads

_COLUMNS = (
    "id, kind, contact_id, secret_hash, created_at, expires_at, idle_seconds, last_used_at, "
    "label, revoked_at"
)
_FAILURES_KEPT = timedelta(days=1)


class Sessions:
    """Implements billing.ports.SessionStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, session: Session) -> None:
        self._db.execute(
            f"INSERT INTO sessions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                session.id,
                session.kind,
                session.contact_id,
                session.secret_hash,
                instant_text(session.created_at),
                instant_text(session.expires_at),
                session.idle_seconds,
                instant_text(session.last_used_at),
                session.label,
            ),
        )

    def by_hash(self, secret_hash: str) -> Session | None:
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM sessions WHERE secret_hash = ?", (secret_hash,)
        ).fetchone()
        return _session(row) if row else None

    def touch(self, session_id: str, now: datetime) -> None:
        self._db.execute(
            "UPDATE sessions SET last_used_at = ? WHERE id = ?", (instant_text(now), session_id)
        )

    def revoke(self, session_id: str, now: datetime) -> None:
        self._db.execute(
            "UPDATE sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
            (instant_text(now), session_id),
        )

    def revoke_all(self, contact_id: str, now: datetime, *, keep: str = "") -> None:
        self._db.execute(
            "UPDATE sessions SET revoked_at = ? "
            "WHERE contact_id = ? AND id <> ? AND revoked_at IS NULL",
            (instant_text(now), contact_id, keep),
        )

    def end_all(self, now: datetime) -> int:
        return self._db.execute(
            "UPDATE sessions SET revoked_at = ? WHERE revoked_at IS NULL", (instant_text(now),)
        ).rowcount

    def of_contact(self, contact_id: str) -> list[Session]:
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM sessions WHERE contact_id = ? ORDER BY created_at, id",
            (contact_id,),
        )
        return [_session(row) for row in rows]

    def add_failure(self, email: str, at: datetime) -> None:
        self._db.execute(
            "DELETE FROM login_failures WHERE at < ?", (instant_text(at - _FAILURES_KEPT),)
        )
        self._db.execute(
            "INSERT INTO login_failures (email, at) VALUES (?, ?)",
            (email.lower(), instant_text(at)),
        )

    def failures(self, email: str, since: datetime) -> list[datetime]:
        rows = self._db.execute(
            "SELECT at FROM login_failures WHERE email = ? AND at >= ? ORDER BY at",
            (email.lower(), instant_text(since)),
        )
        return [instant_of(at) for (at,) in rows]

    def clear_failures(self, email: str) -> None:
        self._db.execute("DELETE FROM login_failures WHERE email = ?", (email.lower(),))


@reads("a session", "s s s s s s i s s s?")
def _session(row: Row) -> Session:
    return Session(
        id=row[0],
        kind=row[1],
        contact_id=row[2],
        secret_hash=row[3],
        created_at=instant_of(row[4]),
        expires_at=instant_of(row[5]),
        idle_seconds=row[6],
        last_used_at=instant_of(row[7]),
        label=row[8],
        revoked_at=optional_instant(row[9]),
    )
