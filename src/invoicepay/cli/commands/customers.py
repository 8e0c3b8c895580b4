"""`invoicepay customers …`"""

from __future__ import annotations

from typing import Annotated

import typer

from invoicepay.cli import complete
from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import state_of

app = new_app(group=True)


@app.command("list")
def list_(context: typer.Context) -> None:
    """List customers."""
    from invoicepay.cli.show.customers import CUSTOMER, CUSTOMER_COLUMNS
    from invoicepay.operations.customers import ListCustomers

    state = state_of(context)
    state.out.many(
        state.call(ListCustomers()),
        CUSTOMER,
        CUSTOMER_COLUMNS,
        empty="no customers yet",
    )


@app.command()
def show(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="CUSTOMER", autocompletion=complete.customers)],
) -> None:
    """Show a customer and what is open."""
    from invoicepay.cli.show.customers import CUSTOMER_VIEW, customer_facts
    from invoicepay.operations.customers import ShowCustomer

    out, view = state_of(context).out, state_of(context).call(ShowCustomer(number))
    out.one(CUSTOMER_VIEW(view), lambda: out.facts(customer_facts(view)), CUSTOMER_VIEW)
