"""One's own tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor
from invoicepay.operations.app import Request
from invoicepay.operations.token_view import TokenView, token_view

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports


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
