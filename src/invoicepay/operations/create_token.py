"""Make a token for scripts: INVOICEPAY_TOKEN."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from invoicepay.billing.customer import Actor, Session
from invoicepay.billing.errors import Usage
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.authenticate import require_login
from invoicepay.operations.plain_text import check_line
from invoicepay.operations.secret_hash import secret_hash

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
    label = check_line(request.label, "the label", longest=100)
    if not label:
        raise Usage("input_needed", "a token needs a label", "Say what it is for.")
    secret = PREFIX + ports.ids.secret()
    with ports.ledger.write() as unit:
        require_login(unit, actor, "make tokens")
        now = ports.clock.real_now()
        lifetime = timedelta(days=request.days)
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
        unit.sessions.add(session)
        unit.journal.append(
            "token.created",
            actor.contact_id,
            actor.email,
            ports.clock.now(),
            {"token": session.id, "label": label, "expires_at": session.expires_at.isoformat()},
        )
    return TokenCreated(session.id, label, secret, session.expires_at)
