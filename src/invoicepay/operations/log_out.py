"""End the session in the ledger, wherever its secret may still lie."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.authenticate import require_login


@dataclass(frozen=True, slots=True)
class LogOut(Request[None]):
    pass


def log_out(request: LogOut, actor: Actor, ports: Ports) -> None:
    """Revoke this session. Raises NotAllowed for a token: `tokens revoke` ends those."""
    with ports.ledger.write() as unit:
        require_login(unit, actor, "log out; it is ended with `invoicepay tokens revoke`")
        unit.sessions.revoke(actor.session_id, ports.clock.real_now())
        unit.journal.append(
            "session.ended",
            actor.contact_id,
            actor.email,
            ports.clock.now(),
            {"session": actor.session_id},
        )
