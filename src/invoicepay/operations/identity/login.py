"""Logging in and out. A login is a random secret of which the ledger keeps the hash."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor, Contact, Role, Session
from invoicepay.billing.errors import NotAllowed
from invoicepay.operations.app import Request
from invoicepay.operations.identity.authenticate import require_login
from invoicepay.operations.identity.secret_hash import secret_hash
from invoicepay.operations.identity.throttle import count_attempt, login_name

if TYPE_CHECKING:
    from invoicepay.billing.identity import Mode
    from invoicepay.billing.ports import Ports, Unit

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


@dataclass(frozen=True, slots=True)
class NewLogin:
    """What a login takes from outside its transaction. `now` is real time, `recorded_at` the
    company's; both UTC."""

    session_id: str
    secret: str
    now: datetime
    recorded_at: datetime


def new_login(ports: Ports) -> NewLogin:
    clock = ports.clock
    return NewLogin(ports.ids.new(), ports.ids.secret(), clock.real_now(), clock.now())


def start_session(unit: Unit, contact: Contact, new: NewLogin) -> LoggedIn:
    """Add a session for `contact` in the caller's transaction."""
    session = Session(
        id=new.session_id,
        kind="session",
        contact_id=contact.id,
        secret_hash=secret_hash(new.secret),
        created_at=new.now,
        expires_at=new.now + LIFETIME,
        idle_seconds=int(IDLE.total_seconds()),
        last_used_at=new.now,
    )
    unit.sessions.add(session)
    unit.journal.append(
        "session.started", contact.id, contact.email, new.recorded_at, {"session": session.id}
    )
    return LoggedIn(
        token=new.secret,
        session_id=session.id,
        contact_id=contact.id,
        email=contact.email,
        name=contact.name,
        role=contact.role,
        customers=contact.customers,
        expires_at=session.expires_at,
    )


@dataclass(frozen=True, slots=True)
class LogIn(Request[LoggedIn]):
    email: str
    password: str = field(repr=False)


def log_in(request: LogIn, actor: Actor | None, ports: Ports) -> LoggedIn:
    """A new session. Raises NotAllowed: `login_failed` in the same words and after the same work
    whether the e-mail is unknown, not active, or the password wrong; `login_throttled`."""
    email = login_name(request.email)
    now = ports.clock.real_now()

    def attempt(unit: Unit) -> Contact | None:
        count_attempt(unit, email, now)
        return unit.contacts.by_email(email)

    contact = ports.ledger.transact(attempt)
    known = contact is not None and contact.status == "active"
    password_hash = contact.password_hash if contact is not None and known else ""
    matches = ports.passwords.verify(password_hash, request.password)  # slow: no transaction
    if contact is None or not known or not matches:
        raise _failed()
    login = new_login(ports)

    def start(unit: Unit) -> LoggedIn:
        # Disabled, or given another password, while we computed?
        if unit.contacts.get(contact.id) != contact:
            raise _failed()
        unit.sessions.clear_failures(email)
        return start_session(unit, contact, login)

    return ports.ledger.transact(start)


def _failed() -> NotAllowed:
    return NotAllowed(
        "login_failed",
        "e-mail or password is wrong",
        "Try again, or ask whoever invited you for a new invite (`invoicepay login --invite`).",
    )


@dataclass(frozen=True, slots=True)
class LogOut(Request[None]):
    pass


def log_out(request: LogOut, actor: Actor, ports: Ports) -> None:
    """Revoke this session. Raises NotAllowed for a token: `tokens revoke` ends those."""
    now, ended_at = ports.clock.real_now(), ports.clock.now()

    def end(unit: Unit) -> None:
        require_login(unit, actor, "log out; it is ended with `invoicepay tokens revoke`")
        unit.sessions.revoke(actor.session_id, now)
        unit.journal.append(
            "session.ended",
            actor.contact_id,
            actor.email,
            ended_at,
            {"session": actor.session_id},
        )

    ports.ledger.transact(end)


@dataclass(frozen=True, slots=True)
class Identity:
    """`kind`: session or token; `label`: the token's. Instants UTC, real time. `customers` is
    empty for finance and admin, who see all."""

    contact_id: str
    email: str
    name: str
    role: Role
    customers: tuple[str, ...]
    company: str
    ledger_id: str
    mode: Mode
    kind: str
    label: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class WhoAmI(Request[Identity]):
    pass


def who_am_i(request: WhoAmI, actor: Actor, ports: Ports) -> Identity:
    with ports.ledger.read() as unit:
        contact = unit.contacts.get(actor.contact_id)
        sessions = unit.sessions.of_contact(actor.contact_id)
        company, ledger = unit.company.get().name, unit.company.identity()
    session = next(s for s in sessions if s.id == actor.session_id)
    return Identity(
        contact_id=actor.contact_id,
        email=actor.email,
        name=contact.name if contact else "",
        role=actor.role,
        customers=contact.customers if contact else (),
        company=company,
        ledger_id=ledger.id,
        mode=ledger.mode,
        kind=session.kind,
        label=session.label,
        expires_at=session.expires_at,
    )
