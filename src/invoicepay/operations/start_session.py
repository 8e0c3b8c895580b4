"""What a login is: a random secret of which the ledger keeps the hash."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from invoicepay.billing.customer import Contact, Role, Session
from invoicepay.billing.ports import Ports, Unit
from invoicepay.operations.secret_hash import secret_hash

LIFETIME = timedelta(days=30)
"""A login ends then, however much it is used (NIST SP 800-63B, AAL1)."""
IDLE = timedelta(hours=72)
"""A login ends when it is not used for this long: a weekend and a day."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """`token` is the session's secret: for the keyring, never for a log. Instants UTC."""

    token: str = field(repr=False)
    session_id: str
    contact_id: str
    email: str
    name: str
    role: Role
    customers: tuple[str, ...]
    expires_at: datetime


def start_session(unit: Unit, contact: Contact, ports: Ports) -> LoggedIn:
    """Add a session for `contact` in the caller's transaction."""
    now, secret = ports.clock.real_now(), ports.ids.secret()
    session = Session(
        id=ports.ids.new(),
        kind="session",
        contact_id=contact.id,
        secret_hash=secret_hash(secret),
        created_at=now,
        expires_at=now + LIFETIME,
        idle_seconds=int(IDLE.total_seconds()),
        last_used_at=now,
    )
    unit.sessions.add(session)
    unit.journal.append(
        "session.started", contact.id, contact.email, ports.clock.now(), {"session": session.id}
    )
    return LoggedIn(
        token=secret,
        session_id=session.id,
        contact_id=contact.id,
        email=contact.email,
        name=contact.name,
        role=contact.role,
        customers=contact.customers,
        expires_at=session.expires_at,
    )
