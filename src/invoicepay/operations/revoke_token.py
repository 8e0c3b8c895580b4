"""End a token."""

from __future__ import annotations

from dataclasses import dataclass, replace

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import not_found
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.token_view import TokenView, token_view

SHORTEST = 4
"""Characters of an id that stand for the whole, where only one starts so."""


@dataclass(frozen=True, slots=True)
class RevokeToken(Request[TokenView]):
    token_id: str


def revoke_token(request: RevokeToken, actor: Actor, ports: Ports) -> TokenView:
    """End one's own token, at once and for good; again changes nothing. A token may end itself.
    Raises NotFound, also for another person's (disabling a contact ends all of theirs)."""
    with ports.ledger.write() as unit:
        now = ports.clock.real_now()
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
                ports.clock.now(),
                {"token": token.id, "label": token.label},
            )
    return token_view(replace(token, revoked_at=token.revoked_at or now), now)
