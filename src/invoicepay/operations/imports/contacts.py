"""Contacts from a file. They log in once they have been invited."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid5

from invoicepay.billing.customer import Contact, Role
from invoicepay.billing.errors import BadInput, quoted
from invoicepay.billing.text import NAME_LENGTH
from invoicepay.operations.imports.cells import Words, as_spelled, free_text
from invoicepay.operations.imports.customers import find_customer
from invoicepay.operations.imports.job import Job, twice
from invoicepay.operations.imports.problems import CellError
from invoicepay.operations.mailing.address import check_email

_ROLES = tuple(role.value for role in Role)


def load_contacts(job: Job, seed: UUID) -> None:
    """Add and, with `update`, change contacts. Finance may do so with customers' contacts,
    an admin with all. New ids come from `seed`: the same, should the transaction run again."""
    roles, seen = Words(_ROLES, default=Role.CUSTOMER.value), set[str]()
    for line, row in job.table.rows():
        try:
            contact = _contact(job, row, roles)
            if contact.email in seen:
                raise twice("email", contact.email)
            seen.add(contact.email)
            _put(job, contact, seed)
        except CellError as error:
            job.refuse(line, error)


def _contact(job: Job, row: list[str], roles: Words) -> Contact:
    index = job.table.shape.index
    if not row[index["email"]].strip():
        raise CellError("email", "it is empty")
    try:
        email = check_email(row[index["email"]])
    except BadInput as error:
        raise CellError("email", error.message) from None
    try:
        role = Role(roles[row[index["role"]]])
    except ValueError as error:
        raise CellError("role", str(error)) from None
    named = {n.strip() for n in row[index["customers"]].split(";") if n.strip()}
    numbers = sorted({_customer(job, text) for text in sorted(named)})
    if role is Role.CUSTOMER and not numbers:
        raise CellError("customers", "a contact with the role customer acts for at least one")
    if role is not Role.CUSTOMER and numbers:
        raise CellError("customers", f"a contact with the role {role} sees all customers")
    name = free_text(row[index["name"]], "name", most=NAME_LENGTH, lines=False)
    if not name:
        raise CellError("name", "it is empty")
    return Contact("", email, name, role, tuple(numbers))


def _customer(job: Job, text: str) -> str:
    """The number of the customer called `text`. Raises CellError."""
    customer = find_customer(job, as_spelled(text, "customers"), "customers")
    if customer is None:
        raise CellError("customers", f"there is no customer {quoted(text)}")
    return customer.number


def _put(job: Job, new: Contact, seed: UUID) -> None:
    counts = job.imported.contacts
    old = job.unit.contacts.by_email(new.email)
    staff = {c.role for c in (old, new) if c is not None} - {Role.CUSTOMER}
    if staff and job.actor.role is not Role.ADMIN and (old is None or not _same(old, new)):
        raise CellError("role", f"only an admin imports contacts with the role {min(staff)}")
    if old is not None and old.id == job.actor.contact_id and not _same(old, new):
        raise CellError("email", "nobody changes their own role, name or customers")
    if old is None:
        job.unit.contacts.put(replace(new, id=str(uuid5(seed, new.email))))
        counts.added += 1
        return
    if _same(old, new):
        counts.unchanged += 1
        return
    if not job.update:
        reason = f"{new.email} is in the ledger with another name, role or customers"
        raise CellError("email", reason, "changed_record")
    changed = replace(old, name=new.name, role=new.role, customers=new.customers)
    job.unit.contacts.put(changed)
    data = {"role": new.role.value, "customers": list(new.customers)}
    job.journal([("contact.changed", old.id, data)])
    counts.changed += 1


def _same(old: Contact, new: Contact) -> bool:
    return (old.name, old.role, sorted(old.customers)) == (
        new.name,
        new.role,
        sorted(new.customers),
    )
