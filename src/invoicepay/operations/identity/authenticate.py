"""From a secret to the person who holds it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor, Contact, Session
from invoicepay.billing.errors import NotAllowed, Unreachable
from invoicepay.operations.identity.secret_hash import secret_hash

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports, Unit

TOUCH_EVERY = timedelta(minutes=5)
"""How often the time of the last use is written, so that most reads write nothing."""


def authenticate(secret: str, ports: Ports) -> Actor:
    """Who holds `secret` (of a session or a token), as the ledger knows them now.

    Raises NotAllowed: `not_logged_in` for no secret or an unknown one, `session_expired` for one
    that ran out, lay idle, was revoked, or whose contact is not active. Real time, so that
    moving a sandbox's clock logs nobody in or out.
    """
    if not secret:
        raise NotAllowed("not_logged_in", "not logged in", "Log in with `invoicepay login`.")
    hashed, now = secret_hash(secret), ports.clock.real_now()
    with ports.ledger.read() as unit:
        session = unit.sessions.by_hash(hashed)
        contact = unit.contacts.get(session.contact_id) if session else None
    if session is None or contact is None:
        raise NotAllowed(
            "not_logged_in",
            "this session or token is not known to this ledger",
            "Check --ledger; or unset INVOICEPAY_TOKEN where it is set, and log in with "
            "`invoicepay login`.",
        )
    if not session.live_at(now) or contact.status != "active":
        raise _ended(session)
    never_used = session.last_used_at == session.created_at
    if now - session.last_used_at > (timedelta(0) if never_used else TOUCH_EVERY):
        # What was asked may well be a read of a ledger that cannot be written just now.
        with suppress(Unreachable):
            ports.ledger.transact(lambda unit: unit.sessions.touch(session.id, now))
    return actor_of(contact, session.id)


def actor_of(contact: Contact, session_id: str) -> Actor:
    return Actor(contact.id, contact.email, contact.role, contact.scope, session_id)


def reread_actor(unit: Unit, actor: Actor) -> Contact:
    """The actor's contact, read again inside the transaction that changes rights: nobody who has
    been disabled, logged out or given another role meanwhile changes rights. Raises NotAllowed."""
    return _reread(unit, actor)[0]


def require_login(unit: Unit, actor: Actor, what: str) -> Contact:
    """As reread_actor, for what a script's token must not do: a token that leaked could make
    itself last for good. Raises NotAllowed."""
    contact, session = _reread(unit, actor)
    if session.kind != "session":
        raise NotAllowed(
            "not_allowed",
            f"a token may not {what}",
            "Unset INVOICEPAY_TOKEN, and log in with `invoicepay login` for that.",
        )
    return contact


def _reread(unit: Unit, actor: Actor) -> tuple[Contact, Session]:
    contact = unit.contacts.get(actor.contact_id)
    sessions = unit.sessions.of_contact(actor.contact_id)
    session = next((s for s in sessions if s.id == actor.session_id), None)
    if (
        contact is None
        or session is None
        or session.revoked_at is not None
        or contact.status != "active"
        or contact.role is not actor.role
    ):
        raise NotAllowed(
            "session_expired", "the session has ended", "Log in again with `invoicepay login`."
        )
    return contact, session


def _ended(session: Session) -> NotAllowed:
    if session.kind == "token":
        return NotAllowed(
            "session_expired",
            "this token has expired or was revoked",
            "Unset INVOICEPAY_TOKEN, log in with `invoicepay login`, and make a new one with "
            "`invoicepay tokens create`.",
        )
    return NotAllowed(
        "session_expired", "the session has ended", "Log in again with `invoicepay login`."
    )
