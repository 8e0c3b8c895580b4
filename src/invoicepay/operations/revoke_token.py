"""End a token."""

from __future__ import annotations

from dataclasses import dataclass, replace

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import not_found
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.token_view import TokenView, token_view


@dataclass(frozen=True, slots=True)
class RevokeToken(Request[TokenView]):
    token_id: str


def revoke_token(request: RevokeToken, actor: Actor, ports: Ports) -> TokenView:
    """End one's own token, at once and for good; again changes nothing. A token may end itself.
    Raises NotFound, also for another person's (disabling a contact ends all of theirs)."""
    with ports.ledger.write() as unit:
        now = ports.clock.real_now()
        mine = unit.sessions.of_contact(actor.contact_id)
        token = next((s for s in mine if s.id == request.token_id and s.kind == "token"), None)
        if token is None:
            raise not_found("token", request.token_id)
        if token.revoked_at is None:
            unit.sessions.revoke(token.id, now)
            unit.journal.append(
                "token.revoked",
                actor.contact_id,
                actor.email,
                ports.clock.now(),
                {"token": token.id, "label": token.label},
            )
    return token_view(replace(token, revoked_at=token.revoked_at or now), now)
