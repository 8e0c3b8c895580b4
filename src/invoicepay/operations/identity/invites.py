"""Redeem a one-time code: check it before its holder chooses a password, then log them in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from invoicepay.billing.customer import Actor, Contact
from invoicepay.billing.errors import NotAllowed
from invoicepay.billing.ports import Ports, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.identity.login import LoggedIn, new_login, start_session
from invoicepay.operations.identity.password import check_new_password
from invoicepay.operations.identity.secret_hash import code_hash
from invoicepay.operations.identity.throttle import login_name


@dataclass(frozen=True, slots=True)
class CheckInvite(Request[None]):
    """`email` may be left out; given, it must be the invited one."""

    code: str = field(repr=False)
    email: str = ""


def check_invite(request: CheckInvite, actor: Actor | None, ports: Ports) -> None:
    """Raises NotAllowed (`invite_invalid`) where `accept_invite` would now; does not use up the
    code."""
    with ports.ledger.read() as unit:
        found = unit.contacts.whose_invite(code_hash(request.code), ports.clock.real_now())
        invited_contact(unit, found, request.email)


def invited_contact(unit: Unit, contact_id: str | None, email: str) -> Contact:
    """The contact whose code was found to be good. Raises NotAllowed (`invite_invalid`), in the
    same words where there is none, it is disabled, or `email` is not theirs."""
    contact = unit.contacts.get(contact_id) if contact_id else None
    if (
        contact is None
        or contact.status == "disabled"
        or (email and login_name(email) != contact.email)
    ):
        raise NotAllowed(
            "invite_invalid",
            "this code is not valid, was used already, or has expired",
            "Check it, or ask whoever invited you for a new one.",
        )
    return contact


@dataclass(frozen=True, slots=True)
class AcceptInvite(Request[LoggedIn]):
    """`email` may be left out; given, it must be the invited one."""

    code: str = field(repr=False)
    password: str = field(repr=False)
    email: str = ""


def accept_invite(request: AcceptInvite, actor: Actor | None, ports: Ports) -> LoggedIn:
    """Set the password, end every session and token that the contact had, and log in.

    The code is spent only when all of that happened. Raises NotAllowed (`invite_invalid`, one
    wording for unknown, spent and expired codes) or Refused (`weak_password`).
    """
    with ports.ledger.read() as unit:
        company = unit.company.get().name
    check_new_password(request.password, company)
    password_hash = ports.passwords.hash(request.password)  # slow: no transaction
    login = new_login(ports)

    def accept(unit: Unit) -> LoggedIn:
        contact_id = unit.contacts.take_invite(code_hash(request.code), login.now)
        contact = invited_contact(unit, contact_id, request.email)
        check_new_password(request.password, company, contact.email, contact.name)
        accepted = replace(contact, status="active", password_hash=password_hash)
        unit.contacts.put(accepted)
        unit.sessions.revoke_all(contact.id, login.now)
        unit.sessions.clear_failures(contact.email)
        unit.journal.append(
            "contact.password_set",
            contact.id,
            contact.email,
            login.recorded_at,
            {"by": "invite", "was": contact.status},
        )
        return start_session(unit, accepted, login)

    return ports.ledger.transact(accept)
