"""The people who can log in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor
from invoicepay.operations.app import Request
from invoicepay.operations.contact_view import ContactView, contact_view
from invoicepay.operations.find_number import selected_customer

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports


@dataclass(frozen=True, slots=True)
class ListContacts(Request[tuple[ContactView, ...]]):
    """`customer`: only contacts who act for it."""

    customer: str | None = None


def list_contacts(request: ListContacts, actor: Actor, ports: Ports) -> tuple[ContactView, ...]:
    """By e-mail. Raises NotFound for a customer who is not there."""
    with ports.ledger.read() as unit:
        wanted = selected_customer(unit, request.customer, actor.scope)
        contacts = unit.contacts.all()
    return tuple(contact_view(c) for c in contacts if wanted is None or wanted in c.customers)
