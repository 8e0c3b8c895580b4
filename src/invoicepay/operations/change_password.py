"""Change one's own password."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import NotAllowed, Refused
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.authenticate import require_login
from invoicepay.operations.password_rules import check_new_password
from invoicepay.operations.throttle import count_attempt


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """`sessions_ended`: other logins that are out now. Tokens go on: `tokens revoke` ends them."""

    sessions_ended: int
    tokens_kept: int


@dataclass(frozen=True, slots=True)
class ChangePassword(Request[PasswordChanged]):
    current: str = field(repr=False)
    new: str = field(repr=False)


def change_password(request: ChangePassword, actor: Actor, ports: Ports) -> PasswordChanged:
    """Set `new`, end the contact's other logins, keep this one and the scripts' tokens.

    Guessing `current` is throttled like a login. Raises NotAllowed (`login_failed`,
    `login_throttled`, `not_allowed` for a token) or Refused (`weak_password`).
    """
    with ports.ledger.read() as unit:
        contact = require_login(unit, actor, "change a password")
        company = unit.company.get().name
    if request.new == request.current:
        raise Refused("weak_password", "the new password is the old one", "Choose another.")
    check_new_password(request.new, company, contact.email, contact.name)
    with ports.ledger.write() as unit:
        count_attempt(unit, contact.email, ports.clock.real_now())
    if not ports.passwords.verify(contact.password_hash, request.current):
        raise NotAllowed("login_failed", "the current password is wrong", "Try again.")
    password_hash = ports.passwords.hash(request.new)
    with ports.ledger.write() as unit:
        now = ports.clock.real_now()
        if require_login(unit, actor, "change a password") != contact:
            raise NotAllowed("login_failed", "the password was changed meanwhile", "Log in again.")
        unit.contacts.put(replace(contact, password_hash=password_hash))
        unit.sessions.clear_failures(contact.email)
        live = [s for s in unit.sessions.of_contact(contact.id) if s.live_at(now)]
        ended = [s for s in live if s.kind == "session" and s.id != actor.session_id]
        for session in ended:
            unit.sessions.revoke(session.id, now)
        unit.journal.append(
            "contact.password_set",
            contact.id,
            contact.email,
            ports.clock.now(),
            {"by": "owner", "sessions_ended": len(ended)},
        )
    return PasswordChanged(len(ended), sum(s.kind == "token" for s in live))
