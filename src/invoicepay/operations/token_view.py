"""A token as its owner sees it: everything but the secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from invoicepay.billing.customer import Session


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
