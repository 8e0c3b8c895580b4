"""Log in with e-mail and password."""

from __future__ import annotations

from dataclasses import dataclass, field

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import NotAllowed
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.start_session import LoggedIn, start_session
from invoicepay.operations.throttle import count_attempt, login_name


@dataclass(frozen=True, slots=True)
class LogIn(Request[LoggedIn]):
    email: str
    password: str = field(repr=False)


def log_in(request: LogIn, actor: Actor | None, ports: Ports) -> LoggedIn:
    """A new session. Raises NotAllowed: `login_failed` in the same words and after the same work
    whether the e-mail is unknown, not active, or the password wrong; `login_throttled`."""
    email = login_name(request.email)
    with ports.ledger.write() as unit:
        count_attempt(unit, email, ports.clock.real_now())
        contact = unit.contacts.by_email(email)
    known = contact is not None and contact.status == "active"
    password_hash = contact.password_hash if contact is not None and known else ""
    matches = ports.passwords.verify(password_hash, request.password)  # slow: no transaction
    if contact is None or not known or not matches:
        raise _failed()
    with ports.ledger.write() as unit:
        # Disabled, or given another password, while we computed?
        if unit.contacts.get(contact.id) != contact:
            raise _failed()
        unit.sessions.clear_failures(email)
        return start_session(unit, contact, ports)


def _failed() -> NotAllowed:
    return NotAllowed(
        "login_failed",
        "e-mail or password is wrong",
        "Try again, or ask whoever invited you for a new invite (`invoicepay login --invite`).",
    )
