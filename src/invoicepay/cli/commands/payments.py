"""`invoicepay payments …`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from invoicepay.billing.payment import PaymentStatus
from invoicepay.cli.days import first_day
from invoicepay.cli.new_app import new_app
from invoicepay.cli.parameters import OfCustomer, PaymentId
from invoicepay.cli.state import state_of

app = new_app(group=True)

Text = Optional[str]  # noqa: UP045 - typer reads it at run time


@app.command("list")
def list_(
    context: typer.Context,
    since: Annotated[
        Text, typer.Option(metavar="D", help="Received, or made, on or after.")
    ] = None,
    status: Annotated[Optional[PaymentStatus], typer.Option(help="In one status.")] = None,  # noqa: UP045
    customer: OfCustomer = None,
    limit: Annotated[Optional[int], typer.Option(min=1, help="At most so many.")] = None,  # noqa: UP045
) -> None:
    """List payments, the last recorded first."""
    from invoicepay.cli.show.payments import PAYMENT, payment_columns
    from invoicepay.operations.payments.find import ListPayments

    state = state_of(context)
    since_date = first_day(since, state)
    page = state.call(ListPayments(since_date, status, customer, limit))
    narrowed = since or status or customer
    empty = "no payment is in this selection" if narrowed else "no payments yet"
    state.out.many(page.items, PAYMENT, payment_columns(page.items, state), empty=empty)


@app.command()
def show(context: typer.Context, payment_id: PaymentId) -> None:
    """Show a payment."""
    from invoicepay.cli.show.payments import show_payment
    from invoicepay.operations.payments.find import ShowPayment

    state = state_of(context)
    payment = state.call(ShowPayment(payment_id))
    show_payment(payment, state)
    if payment.outcome_known:
        state.acknowledge(payment.id)


@app.command()
def receipt(
    context: typer.Context,
    payment_id: PaymentId,
    dir: Annotated[Path, typer.Option(help="Folder for the file.")] = Path(),
    view: Annotated[bool, typer.Option("--view", help="Open it.")] = False,
    stdout: Annotated[bool, typer.Option("--stdout", help="Write it to stdout.")] = False,
) -> None:
    """Download a payment's receipt, or the notice of one under way, as PDF."""
    import sys

    from invoicepay.cli.downloads import (
        check_stdout,
        open_file,
        safe_name,
        say_missing,
    )
    from invoicepay.operations.payments.receipt import RenderReceipt
    from invoicepay.system.files import write_whole

    state = state_of(context)
    if stdout:
        check_stdout()
    rendered = state.call(RenderReceipt(payment_id))
    if stdout:
        sys.stdout.buffer.write(rendered.content)
        say_missing(state.out, {rendered.name: rendered.missing})
        return
    path = dir / safe_name(rendered.name, ".pdf")
    write_whole(path, rendered.content)
    record = {"file": str(path), "missing": rendered.missing}
    state.out.one(record, lambda: state.out.text(str(path)))
    say_missing(state.out, {rendered.name: rendered.missing})
    if view:
        open_file(path)


@app.command()
def cancel(context: typer.Context, payment_id: PaymentId) -> None:
    """Give up a payment that the bank does not have yet."""
    from invoicepay.cli.show.payments import show_payment
    from invoicepay.operations.payments.cancel import CancelPayment

    state = state_of(context)
    show_payment(state.call(CancelPayment(payment_id)), state)
