"""Who is logged in, for whom they may act, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor, Role
from invoicepay.billing.identity import Mode
from invoicepay.operations.app import Request

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports


@dataclass(frozen=True, slots=True)
class Identity:
    """`kind`: session or token; `label`: the token's. Instants UTC, real time. `customers` is
    empty for finance and admin, who see all."""

    contact_id: str
    email: str
    name: str
    role: Role
    customers: tuple[str, ...]
    company: str
    ledger_id: str
    mode: Mode
    kind: str
    label: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class WhoAmI(Request[Identity]):
    pass


def who_am_i(request: WhoAmI, actor: Actor, ports: Ports) -> Identity:
    with ports.ledger.read() as unit:
        contact = unit.contacts.get(actor.contact_id)
        sessions = unit.sessions.of_contact(actor.contact_id)
        company, ledger = unit.company.get().name, unit.company.identity()
    session = next(s for s in sessions if s.id == actor.session_id)
    return Identity(
        contact_id=actor.contact_id,
        email=actor.email,
        name=contact.name if contact else "",
        role=actor.role,
        customers=contact.customers if contact else (),
        company=company,
        ledger_id=ledger.id,
        mode=ledger.mode,
        kind=session.kind,
        label=session.label,
        expires_at=session.expires_at,
    )
