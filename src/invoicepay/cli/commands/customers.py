"""`invoicepay customers …`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from invoicepay.billing.money import grouped_text
from invoicepay.cli import complete
from invoicepay.cli.layout import Column
from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import state_of

if TYPE_CHECKING:
    from invoicepay.billing.customer import Customer
    from invoicepay.operations.customers import CustomerView

app = new_app(group=True)


@app.command("list")
def list_(context: typer.Context) -> None:
    """List customers."""
    from invoicepay.cli.show.records import CUSTOMER_FIELDS, customer_record
    from invoicepay.operations.customers import ListCustomers

    state = state_of(context)
    columns: list[Column[Customer]] = [
        Column("Customer", lambda c: c.number),
        Column("Name", lambda c: c.name),
        Column("E-mail", _emails, gives_way=2),
        Column("Terms", lambda c: f"{c.terms_days} days", right=True, gives_way=1),
        Column("Currency", lambda c: c.currency),
    ]
    state.out.many(
        state.call(ListCustomers()),
        customer_record,
        columns,
        empty="no customers yet",
        fields=CUSTOMER_FIELDS,
    )


@app.command()
def show(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="CUSTOMER", autocompletion=complete.customers)],
) -> None:
    """Show a customer and what is open."""
    from invoicepay.operations.customers import ShowCustomer
    from invoicepay.operations.mailing.address import readable

    state = state_of(context)
    view = state.call(ShowCustomer(number))
    customer = view.customer
    facts = {
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
    state.out.one(_record(view), lambda: state.out.facts(facts))


def _emails(customer: Customer) -> str:
    from invoicepay.operations.mailing.address import readable

    return "; ".join(map(readable, customer.emails))


def _record(view: CustomerView) -> dict[str, Any]:
    from invoicepay.cli.show.records import amounts, customer_record

    return customer_record(view.customer) | {
        "emails": list(view.customer.emails),
        "contacts": [c.email for c in view.contacts],
        "open": [
            {
                "currency": t.currency,
                "count": t.count,
                **amounts(t.currency, balance=t.balance_minor),
            }
            for t in view.open
        ],
    }
