"""Contacts as JSON, CSV and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoicepay.cli.layout import Column
from invoicepay.cli.records import Field, Record
from invoicepay.operations.mailing.address import readable

if TYPE_CHECKING:
    from invoicepay.operations.identity.contacts import ContactView

CONTACT: Record[ContactView] = Record(
    Field("email", lambda c: c.email),
    Field("name", lambda c: c.name),
    Field("role", lambda c: c.role.value),
    Field("customers", lambda c: list(c.customers)),
    Field("status", lambda c: c.status),
)
CONTACT_COLUMNS: list[Column[ContactView]] = [
    Column("E-mail", lambda c: readable(c.email)),
    Column("Name", lambda c: c.name),
    Column("Role", lambda c: c.role.value),
    Column("Customers", lambda c: ", ".join(c.customers)),
    Column("Status", lambda c: c.status),
]
