"""Customers as JSON, CSV, a table and on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoicepay.billing.customer import Customer, emails_text
from invoicepay.billing.money import grouped_text
from invoicepay.cli.layout import Column
from invoicepay.cli.records import Amount, Field, Nested, Part, Record
from invoicepay.operations.mailing.address import readable

if TYPE_CHECKING:
    from invoicepay.billing.invoice import InvoiceTotals
    from invoicepay.operations.customers import CustomerView

CUSTOMER = Record[Customer](
    Field("number", lambda c: c.number),
    Field("name", lambda c: c.name),
    Field("email", lambda c: emails_text(c.emails)),  # all addresses, as files of customers do
    Field("address", lambda c: list(c.address.lines)),
    Field("currency", lambda c: c.currency),
    Field("terms_days", lambda c: c.terms_days),
)
_OPEN: Record[InvoiceTotals] = Record(
    Field("currency", lambda t: t.currency),
    Field("count", lambda t: t.count),
    Amount("balance", lambda t: t.balance_minor),
    currency=lambda t: t.currency,
)
CUSTOMER_VIEW: Record[CustomerView] = Record(
    Part(lambda v: v.customer, CUSTOMER),
    Field("emails", lambda v: list(v.customer.emails)),
    Field("contacts", lambda v: [c.email for c in v.contacts]),
    Nested("open", "open", lambda v: v.open, _OPEN),
)


def _emails(customer: Customer) -> str:
    return "; ".join(map(readable, customer.emails))


CUSTOMER_COLUMNS: list[Column[Customer]] = [
    Column("Customer", lambda c: c.number),
    Column("Name", lambda c: c.name),
    Column("E-mail", _emails, gives_way=2),
    Column("Terms", lambda c: f"{c.terms_days} days", right=True, gives_way=1),
    Column("Currency", lambda c: c.currency),
]


def customer_facts(view: CustomerView) -> dict[str, str]:
    customer = view.customer
    return {
        "Customer": f"{customer.name} ({customer.number})",
        "Address": " / ".join(customer.address.lines),
        "E-mail": _emails(customer),
        "Terms": f"{customer.terms_days} days",
        "Contacts": ", ".join(readable(c.email) for c in view.contacts),
        "Open": "; ".join(
            f"{t.count} invoice(s), {grouped_text(t.balance_minor, t.currency)} {t.currency}"
            for t in view.open
        )
        or "nothing",
    }
