"""Shut a person out, at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import not_found
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.authenticate import reread_actor
from invoicepay.operations.contact_view import (
    ContactView,
    check_may_manage,
    check_not_oneself,
    contact_view,
)
from invoicepay.operations.throttle import login_name


@dataclass(frozen=True, slots=True)
class DisableContact(Request[ContactView]):
    email: str


def disable_contact(request: DisableContact, actor: Actor, ports: Ports) -> ContactView:
    """Disable the contact: their sessions, tokens, invites and password stop working now. What
    they paid stays. Raises NotFound, NotAllowed (finance: customers' contacts only; nobody
    themselves)."""
    email = login_name(request.email)
    with ports.ledger.write() as unit:
        reread_actor(unit, actor)
        contact = unit.contacts.by_email(email)
        if contact is None:
            raise not_found("contact", email)
        check_may_manage(actor, contact.role)
        check_not_oneself(actor, contact)
        disabled = replace(contact, status="disabled", password_hash="")
        if contact != disabled:
            unit.contacts.put(disabled)
            unit.journal.append(
                "contact.disabled", contact.id, actor.email, ports.clock.now(), {"email": email}
            )
        unit.sessions.revoke_all(contact.id, ports.clock.real_now())
    return contact_view(disabled)
