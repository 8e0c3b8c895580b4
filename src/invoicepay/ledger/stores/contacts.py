"""The people who log in, and their invites."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from invoicepay.billing.customer import Contact, Role
from invoicepay.ledger.rows import Row, instant_text, reads

_COLUMNS = "id, email, name, role, status, password_hash"


class Contacts:
    """Implements billing.ports.ContactStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def by_email(self, email: str) -> Contact | None:
        return self._one("email = ?", email.lower())

    def get(self, contact_id: str) -> Contact | None:
        return self._one("id = ?", contact_id)

    def all(self) -> list[Contact]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM contacts ORDER BY email").fetchall()
        return [self._contact(row) for row in rows]

    def put(self, contact: Contact) -> None:
        self._db.execute(
            f"INSERT INTO contacts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, "
            "role = excluded.role, status = excluded.status, "
            "password_hash = excluded.password_hash",
            (
                contact.id,
                contact.email.lower(),
                contact.name,
                contact.role.value,
                contact.status,
                contact.password_hash,
            ),
        )
        self._db.execute("DELETE FROM contact_customers WHERE contact_id = ?", (contact.id,))
        for number in contact.customers:
            added = self._db.execute(
                "INSERT INTO contact_customers (contact_id, customer_id) "
                "SELECT ?, id FROM customers WHERE number = ?",
                (contact.id, number),
            )
            assert added.rowcount == 1, f"contact of a customer that is not there: {number}"

    def add_invite(self, contact_id: str, code_hash: str, expires_at: datetime) -> None:
        self._db.execute("DELETE FROM invites WHERE contact_id = ?", (contact_id,))
        self._db.execute(
            "INSERT INTO invites (code_hash, contact_id, expires_at) VALUES (?, ?, ?)",
            (code_hash, contact_id, instant_text(expires_at)),
        )

    def end_invites(self) -> int:
        return self._db.execute("DELETE FROM invites").rowcount

    def whose_invite(self, code_hash: str, now: datetime) -> str | None:
        row = self._db.execute(
            "SELECT contact_id FROM invites WHERE code_hash = ? AND expires_at > ?",
            (code_hash, instant_text(now)),
        ).fetchone()
        return row[0] if row else None

    def take_invite(self, code_hash: str, now: datetime) -> str | None:
        row = self._db.execute(
            "DELETE FROM invites WHERE code_hash = ? AND expires_at > ? RETURNING contact_id",
            (code_hash, instant_text(now)),
        ).fetchone()
        return row[0] if row else None

    def _one(self, where: str, value: str) -> Contact | None:
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM contacts WHERE {where}", (value,)
        ).fetchone()
        return self._contact(row) if row else None

    def _contact(self, row: Row) -> Contact:
        numbers = self._db.execute(
            "SELECT number FROM contact_customers JOIN customers ON id = customer_id "
            "WHERE contact_id = ? ORDER BY number",
            (row[0],),
        )
        return _contact(row, tuple(map(_number, numbers)))


@reads("a customer", "s")
def _number(row: Row) -> str:
    return str(row[0])


@reads("a contact", "s s s s s s")
def _contact(row: Row, customers: tuple[str, ...]) -> Contact:
    contact_id, email, name, role, status, password_hash = row
    return Contact(contact_id, email, name, Role(role), customers, status, password_hash)
