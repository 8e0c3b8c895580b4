"""Invite a person, or give somebody who is here already a way back in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from invoicepay.billing.customer import Actor, Contact, Role
from invoicepay.billing.errors import Usage
from invoicepay.billing.ports import Ports, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.authenticate import reread_actor
from invoicepay.operations.contact_view import check_may_manage, check_not_oneself
from invoicepay.operations.email_address import check_email
from invoicepay.operations.find_number import find_customer
from invoicepay.operations.invite_mail import mail_invite
from invoicepay.operations.plain_text import check_line
from invoicepay.operations.secret_hash import code_hash

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
    customer, Usage where a customer's contact would have none.
    """
    email = check_email(request.email)
    name = check_line(request.name, "the name", longest=200)
    code = ports.ids.code()
    with ports.ledger.write() as unit:
        reread_actor(unit, actor)
        existing = unit.contacts.by_email(email)
        if existing is not None:
            check_may_manage(actor, existing.role)
            check_not_oneself(actor, existing)
        kept = existing or Contact(ports.ids.new(), email, "", Role.CUSTOMER)
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
        expires_at = ports.clock.real_now() + GOOD_FOR
        unit.contacts.put(contact)
        unit.contacts.add_invite(contact.id, code_hash(code), expires_at)
        reset = contact.status == "active"
        unit.journal.append(
            "contact.invited",
            contact.id,
            actor.email,
            ports.clock.now(),
            {
                "email": email,
                "role": role.value,
                "customers": list(contact.customers),
                "reset": reset,
            },
        )
    problem = ""
    if request.mail:
        problem = mail_invite(contact, code, expires_at, reset=reset, ports=ports)
    return Invited(
        contact_id=contact.id,
        email=email,
        name=contact.name,
        role=role,
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
