"""Tokens for scripts (INVOICEPAY_TOKEN): make, list and end one's own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor, Session
from invoicepay.billing.errors import Usage, not_found
from invoicepay.billing.text import check_text
from invoicepay.operations.app import Request
from invoicepay.operations.identity.authenticate import require_login
from invoicepay.operations.identity.secret_hash import secret_hash

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports, Unit


@dataclass(frozen=True, slots=True)
class TokenView:
    """`status`: active, expired or revoked. Instants UTC, real time."""

    id: str
    label: str
    status: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime


def token_view(session: Session, now: datetime) -> TokenView:
    live = "active" if session.live_at(now) else "expired"
    return TokenView(
        id=session.id,
        label=session.label,
        status="revoked" if session.revoked_at else live,
        created_at=session.created_at,
        expires_at=session.expires_at,
        last_used_at=session.last_used_at,
    )


DEFAULT_DAYS = 90
MOST_DAYS = 366
PREFIX = "invoicepay_"
"""Lets secret scanners, and people, see what it is."""


@dataclass(frozen=True, slots=True)
class TokenCreated:
    """`token` is shown this once. `expires_at` UTC, real time."""

    id: str
    label: str
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CreateToken(Request[TokenCreated]):
    """`label` says what it is for; it works for `days` days, however little it is used."""

    label: str
    days: int = DEFAULT_DAYS


def create_token(request: CreateToken, actor: Actor, ports: Ports) -> TokenCreated:
    """A token with the rights of its maker. Raises NotAllowed when asked with a token, Usage
    for a lifetime out of bounds, BadInput for a label that cannot be shown."""
    if not 1 <= request.days <= MOST_DAYS:
        raise Usage("usage", f"a token works for 1 to {MOST_DAYS} days, not {request.days}")
    label = check_text(request.label, "the label", longest=100)
    if not label:
        raise Usage("input_needed", "a token needs a label", "Say what it is for.")
    secret, made_at = PREFIX + ports.ids.secret(), ports.clock.now()
    now, lifetime = ports.clock.real_now(), timedelta(days=request.days)
    session = Session(
        id=ports.ids.new(),
        kind="token",
        contact_id=actor.contact_id,
        secret_hash=secret_hash(secret),
        created_at=now,
        expires_at=now + lifetime,
        idle_seconds=int(lifetime.total_seconds()),
        last_used_at=now,
        label=label,
    )

    def add(unit: Unit) -> None:
        require_login(unit, actor, "make tokens")
        unit.sessions.add(session)
        unit.journal.append(
            "token.created",
            actor.contact_id,
            actor.email,
            made_at,
            {"token": session.id, "label": label, "expires_at": session.expires_at.isoformat()},
        )

    ports.ledger.transact(add)
    return TokenCreated(session.id, label, secret, session.expires_at)


@dataclass(frozen=True, slots=True)
class ListTokens(Request[tuple[TokenView, ...]]):
    """`ended`: also those that expired or were revoked."""

    ended: bool = False


def list_tokens(request: ListTokens, actor: Actor, ports: Ports) -> tuple[TokenView, ...]:
    """Oldest first."""
    now = ports.clock.real_now()
    with ports.ledger.read() as unit:
        sessions = unit.sessions.of_contact(actor.contact_id)
    views = (token_view(s, now) for s in sessions if s.kind == "token")
    return tuple(v for v in views if request.ended or v.status == "active")


SHORTEST = 4
"""Characters of an id that stand for the whole, where only one starts so."""


@dataclass(frozen=True, slots=True)
class RevokeToken(Request[TokenView]):
    token_id: str


def revoke_token(request: RevokeToken, actor: Actor, ports: Ports) -> TokenView:
    """End one's own token, at once and for good; again changes nothing. A token may end itself.
    Raises NotFound, also for another person's (disabling a contact ends all of theirs)."""
    now, ended_at = ports.clock.real_now(), ports.clock.now()

    def revoke(unit: Unit) -> Session:
        mine = unit.sessions.of_contact(actor.contact_id)
        wanted = request.token_id
        tokens = [s for s in mine if s.kind == "token"]
        found = [s for s in tokens if len(wanted) >= SHORTEST and s.id.startswith(wanted)]
        if len(found) != 1:
            raise not_found("token", wanted)
        token = found[0]
        if token.revoked_at is None:
            unit.sessions.revoke(token.id, now)
            unit.journal.append(
                "token.revoked",
                actor.contact_id,
                actor.email,
                ended_at,
                {"token": token.id, "label": token.label},
            )
        return token

    token = ports.ledger.transact(revoke)
    return token_view(replace(token, revoked_at=token.revoked_at or now), now)
