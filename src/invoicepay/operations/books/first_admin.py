"""The contact that a new ledger starts with."""

from __future__ import annotations

from invoicepay.billing.customer import Company, Contact, Role
from invoicepay.billing.ports import Ids, Passwords
from invoicepay.operations.identity.password import check_new_password
from invoicepay.operations.mailing.address import check_email


def first_admin(
    email: str, password: str, company: Company, passwords: Passwords, ids: Ids
) -> Contact:
    """An active admin. Raises Refused (`weak_password`) or BadInput for the e-mail."""
    address = check_email(email)
    check_new_password(password, company.name, address)
    return Contact(
        id=ids.new(),
        email=address,
        name="",
        role=Role.ADMIN,
        status="active",
        password_hash=passwords.hash(password),
    )
