"""`invoicepay methods …`"""

from __future__ import annotations

from typing import Annotated

import typer

from invoicepay.billing.errors import Refused, not_found
from invoicepay.billing.method import Method
from invoicepay.cli.new_app import new_app
from invoicepay.cli.parameters import MethodId, OfCustomer
from invoicepay.cli.prompts import confirm
from invoicepay.cli.state import state_of

app = new_app(group=True)


@app.command("list")
def list_(
    context: typer.Context,
    customer: OfCustomer = None,
) -> None:
    """List payment methods."""
    from invoicepay.cli.show.methods import method_columns, method_record
    from invoicepay.operations.methods import ListMethods

    state = state_of(context)
    found = state.call(ListMethods(customer))
    state.out.many(
        found.methods,
        method_record(found.today),
        method_columns(found.methods, found.today),
        empty="no payment methods yet",
    )


@app.command()
def default(context: typer.Context, method_id: MethodId) -> None:
    """Pay with this method when none is named."""
    from invoicepay.operations.methods import SetDefaultMethod

    state = state_of(context)
    method = state.call(SetDefaultMethod(method_id))
    _answer(context, method, f"{method.name} ({method.id}) is the default now.")


@app.command()
def remove(
    context: typer.Context,
    method_id: MethodId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a payment method, here and at the gateway."""
    from invoicepay.operations.methods import ListMethods, RemoveMethod

    state = state_of(context)
    if not yes:
        methods = state.call(ListMethods()).methods
        found = next((method for method in methods if method.id == method_id), None)
        if found is None:
            raise not_found("payment method", method_id)
        if not confirm(f"Remove {found.name} of {found.customer}?", "--yes"):
            raise Refused("answered_no", "nothing was removed")
    method = state.call(RemoveMethod(method_id))
    _answer(context, method, f"{method.name} ({method.id}) is removed.")
    if method.default:
        state.out.note("It was a default; choose another with `invoicepay methods default ID`.")


def _answer(context: typer.Context, method: Method, text: str) -> None:
    from datetime import UTC, datetime

    from invoicepay.cli.show.methods import method_record

    out = state_of(context).out
    out.one(method_record(datetime.now(UTC).date())(method), lambda: out.text(text))
