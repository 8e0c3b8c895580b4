"""Customers: list those in scope, and show what one of them owes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from invoicepay.billing.customer import Actor, Customer, Role
from invoicepay.billing.dates import local_date
from invoicepay.billing.invoice import InvoiceFilter, InvoiceTotals
from invoicepay.operations.app import Request
from invoicepay.operations.identity.contacts import ContactView, contact_view
from invoicepay.operations.numbers import find_customer

if TYPE_CHECKING:
    from invoicepay.billing.ports import Ports


@dataclass(frozen=True, slots=True)
class ListCustomers(Request[tuple[Customer, ...]]):
    pass


def list_customers(request: ListCustomers, actor: Actor, ports: Ports) -> tuple[Customer, ...]:
    """By number."""
    with ports.ledger.read() as unit:
        return tuple(unit.customers.all(actor.scope))


@dataclass(frozen=True, slots=True)
class CustomerView:
    """`open`: sums of the open invoices, one for each currency. `contacts`: for staff only."""

    customer: Customer
    open: tuple[InvoiceTotals, ...]
    contacts: tuple[ContactView, ...]


@dataclass(frozen=True, slots=True)
class ShowCustomer(Request[CustomerView]):
    number: str


def show_customer(request: ShowCustomer, actor: Actor, ports: Ports) -> CustomerView:
    """The customer. Raises NotFound, the same for a customer out of scope."""
    with ports.ledger.read() as unit:
        customer = find_customer(unit, request.number, actor.scope)
        today = local_date(ports.clock.now(), unit.company.get().time_zone)
        wanted = InvoiceFilter(customer=customer.number)
        totals = unit.invoices.page(wanted, actor.scope, today, limit=1).totals or {}
        contacts = unit.contacts.all() if actor.role is not Role.CUSTOMER else []
    return CustomerView(
        customer,
        tuple(totals[currency] for currency in sorted(totals)),
        tuple(contact_view(c) for c in contacts if customer.number in c.customers),
    )
