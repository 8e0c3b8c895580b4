"""A contact as staff sees it: everything but the password's hash."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor, Contact, Role
from invoicepay.billing.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class ContactView:
    """`status`: invited, active or disabled. `customers` is empty for finance and admin."""

    id: str
    email: str
    name: str
    role: Role
    customers: tuple[str, ...]
    status: str


def contact_view(contact: Contact) -> ContactView:
    return ContactView(
        contact.id, contact.email, contact.name, contact.role, contact.customers, contact.status
    )


def check_may_manage(actor: Actor, role: Role) -> None:
    """Finance looks after customers' contacts, admin after everybody. Raises NotAllowed."""
    if actor.role is not Role.ADMIN and role is not Role.CUSTOMER:
        raise NotAllowed(
            "not_allowed",
            f"{actor.email} ({actor.role}) may manage customers' contacts only",
            "Ask an admin.",
        )


def check_not_oneself(actor: Actor, contact: Contact) -> None:
    """Nobody changes their own rights; so there is always an admin left. Raises NotAllowed."""
    if contact.id == actor.contact_id:
        raise NotAllowed(
            "not_allowed",
            "nobody may invite or disable themselves",
            "Ask another admin; your own password changes with `invoicepay passwd`.",
        )
