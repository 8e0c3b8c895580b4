"""The people who can log in: list, invite and disable them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor, Contact, Role
from invoicepay.billing.errors import NotAllowed, Usage, not_found
from invoicepay.billing.text import NAME_LENGTH, check_text
from invoicepay.operations.app import Request
from invoicepay.operations.identity.authenticate import reread_actor
from invoicepay.operations.identity.secret_hash import code_hash
from invoicepay.operations.identity.throttle import login_name
from invoicepay.operations.mailing.address import check_email
from invoicepay.operations.numbers import find_customer, selected_customer

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports, Unit


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


GOOD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invited:
    """`code` works once, until `expires_at` (UTC, real time), for whoever types it: hand it to
    the person. `reset`: they had a password, which goes on working until the code is used.
    `was_disabled`: they were shut out, and are let in again. `mailed`: the mail server took the
    code; `not_mailed`: why it did not, empty also where it was not asked."""

    contact_id: str
    email: str
    name: str
    role: Role
    customers: tuple[str, ...]
    code: str = field(repr=False)
    expires_at: datetime
    reset: bool
    was_disabled: bool
    mailed: bool
    not_mailed: str


@dataclass(frozen=True, slots=True)
class InviteContact(Request[Invited]):
    """`role` None: the one they have, customer for somebody new. `customers` are added to
    those they have. `mail`: send them the code."""

    email: str
    customers: tuple[str, ...] = ()
    role: Role | None = None
    name: str = ""
    mail: bool = False


def invite_contact(request: InviteContact, actor: Actor, ports: Ports) -> Invited:
    """Make or change the contact and give out a new code; an earlier one stops working.

    Somebody invited or active keeps their customers and gets more; for an active contact the
    code resets the password. A disabled contact starts afresh, with only what is named now.
    They are invited whether or not an e-mail goes out.
    Raises NotAllowed (finance: customers' contacts only; nobody themselves), NotFound for a
    customer, BadInput for the address or the name, Usage where a customer's contact would have
    no customer.
    """
    email = check_email(request.email)
    name = check_text(request.name, "the name", longest=NAME_LENGTH)
    code, new_id, now = ports.ids.code(), ports.ids.new(), ports.clock.now()
    expires_at = ports.clock.real_now() + GOOD_FOR

    def invite(unit: Unit) -> tuple[Contact, bool, bool]:
        reread_actor(unit, actor)
        existing = unit.contacts.by_email(email)
        if existing is not None:
            check_may_manage(actor, existing.role)
            check_not_oneself(actor, existing)
        kept = existing or Contact(new_id, email, "", Role.CUSTOMER)
        was_disabled = kept.status == "disabled"
        if was_disabled:
            kept = replace(kept, status="invited", password_hash="")
        role = request.role or kept.role
        check_may_manage(actor, role)
        contact = replace(
            kept,
            name=name or kept.name,
            role=role,
            customers=_customers(unit, request, actor, kept, role, was_disabled),
        )
        unit.contacts.put(contact)
        unit.contacts.add_invite(contact.id, code_hash(code), expires_at)
        reset = contact.status == "active"
        unit.journal.append(
            "contact.invited",
            contact.id,
            actor.email,
            now,
            {
                "email": email,
                "role": role.value,
                "customers": list(contact.customers),
                "reset": reset,
            },
        )
        return contact, reset, was_disabled

    contact, reset, was_disabled = ports.ledger.transact(invite)
    problem = ""
    if request.mail:
        from invoicepay.operations.mailing.invite import mail_invite

        problem = mail_invite(contact, code, expires_at, reset=reset, ports=ports)
    return Invited(
        contact_id=contact.id,
        email=email,
        name=contact.name,
        role=contact.role,
        customers=contact.customers,
        code=code,
        expires_at=expires_at,
        reset=reset,
        was_disabled=was_disabled,
        mailed=request.mail and not problem,
        not_mailed=problem,
    )


def _customers(
    unit: Unit,
    request: InviteContact,
    actor: Actor,
    kept: Contact,
    role: Role,
    was_disabled: bool,
) -> tuple[str, ...]:
    named = [find_customer(unit, text, actor.scope).number for text in request.customers]
    if role is not Role.CUSTOMER:
        if named:
            raise Usage("usage", f"{role} sees all customers", "Leave out --customer.")
        return ()
    if was_disabled and not request.customers:
        before = "".join(f" --customer {number}" for number in kept.customers)
        raise Usage(
            "input_needed",
            f"{kept.email} is disabled; to let them in again, say for which customers",
            f"As before: `invoicepay contacts invite {kept.email}{before}`."
            if before
            else "Name each with --customer.",
        )
    customers = tuple(sorted({*(() if was_disabled else kept.customers), *named}))
    if not customers:
        raise Usage(
            "input_needed",
            "a customer's contact acts for at least one customer",
            "Name it with --customer.",
        )
    return customers


@dataclass(frozen=True, slots=True)
class DisableContact(Request[ContactView]):
    email: str


def disable_contact(request: DisableContact, actor: Actor, ports: Ports) -> ContactView:
    """Disable the contact: their sessions, tokens, invites and password stop working now. What
    they paid stays. Raises NotFound, NotAllowed (finance: customers' contacts only; nobody
    themselves)."""
    email = login_name(request.email)
    now, real_now = ports.clock.now(), ports.clock.real_now()

    def disable(unit: Unit) -> Contact:
        reread_actor(unit, actor)
        contact = unit.contacts.by_email(email)
        if contact is None:
            raise not_found("contact", email)
        check_may_manage(actor, contact.role)
        check_not_oneself(actor, contact)
        disabled = replace(contact, status="disabled", password_hash="")
        if contact != disabled:
            unit.contacts.put(disabled)
            unit.journal.append("contact.disabled", contact.id, actor.email, now, {"email": email})
        unit.sessions.revoke_all(contact.id, real_now)
        return disabled

    return contact_view(ports.ledger.transact(disable))
