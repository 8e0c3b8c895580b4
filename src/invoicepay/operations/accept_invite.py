"""Redeem a one-time code: choose a password, and be logged in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from invoicepay.billing.customer import Actor
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.check_invite import invited_contact
from invoicepay.operations.password_rules import check_new_password
from invoicepay.operations.secret_hash import code_hash
from invoicepay.operations.start_session import LoggedIn, start_session


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
    with ports.ledger.write() as unit:
        now = ports.clock.real_now()
        contact_id = unit.contacts.take_invite(code_hash(request.code), now)
        contact = invited_contact(unit, contact_id, request.email)
        check_new_password(request.password, company, contact.email, contact.name)
        accepted = replace(contact, status="active", password_hash=password_hash)
        unit.contacts.put(accepted)
        unit.sessions.revoke_all(contact.id, now)
        unit.sessions.clear_failures(contact.email)
        unit.journal.append(
            "contact.password_set",
            contact.id,
            contact.email,
            ports.clock.now(),
            {"by": "invite", "was": contact.status},
        )
        return start_session(unit, accepted, ports)
