"""`invoicepay pay`"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from invoicepay.billing.errors import OutcomeUnknown, Refused, Usage
from invoicepay.billing.invoice import InvoiceState
from invoicepay.billing.payment import FINAL
from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import State, state_of

if TYPE_CHECKING:
    from invoicepay.billing.payment import Payment

app = new_app()

Text = Optional[str]  # noqa: UP045 - typer reads it at run time


@app.command()
def pay(
    context: typer.Context,
    numbers: Annotated[Optional[list[str]], typer.Argument(metavar="NUMBER...")] = None,  # noqa: UP045
    open: Annotated[bool, typer.Option("--open", help="Everything open.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Everything past due.")] = False,
    customer: Annotated[Text, typer.Option(metavar="C", help="Of one customer.")] = None,
    currency: Annotated[Text, typer.Option(metavar="X", help="In one currency.")] = None,
    method: Annotated[
        str, typer.Option(metavar="card|ach|ID", help="Instead of the default.")
    ] = "",
    amount: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="NUMBER=A", help="Pay a part of an invoice."),
    ] = None,
    memo: Annotated[str, typer.Option(metavar="T", help="A line of your own.")] = "",
    key: Annotated[str, typer.Option(metavar="T", help="The same key never pays twice.")] = "",
    expect_total: Annotated[str, typer.Option(metavar="A", help="Refuse any other total.")] = "",
    max_total: Annotated[str, typer.Option(metavar="A", help="Refuse a larger total.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Until the bank has settled it.")] = False,
    timeout: Annotated[str, typer.Option(metavar="T", help="How long --wait waits.")] = "5m",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Pay invoices in one charge: named ones, or everything --open or --overdue."""
    from invoicepay.cli.durations import seconds
    from invoicepay.cli.payment_view import print_plan, show_plan
    from invoicepay.cli.prompts import can_ask, confirm
    from invoicepay.operations.pay import Pay
    from invoicepay.operations.quote import Quote

    state = state_of(context)
    if open and overdue:
        raise Usage("usage", "say one of --open, --overdue")
    selected = InvoiceState.OPEN if open else InvoiceState.OVERDUE if overdue else None
    if selected and yes and not (expect_total or max_total or dry_run):
        raise Usage(
            "guard_needed",
            f"--yes with --{selected} pays whatever is there",
            "Add --expect-total or --max-total.",
        )
    if not (yes or dry_run or can_ask()):
        raise Usage("input_needed", "paying needs a yes, and there is no terminal", "Say --yes.")
    patience = seconds(timeout)
    quoted = state.call(
        Quote(
            numbers=tuple(numbers or ()),
            state=selected,
            customer=customer,
            currency=currency,
            amounts=tuple(_amount(text) for text in amount or ()),
            method=method,
            memo=memo,
            key=key,
            expect_total=expect_total,
            max_total=max_total,
            settle_first=not dry_run,
        )
    )
    plan = quoted.plan
    if plan is None:
        assert quoted.existing is not None
        state.out.note("This key has paid before; nothing is charged again.")
        finish(state, quoted.existing, patience if wait else None)
        return
    if dry_run:
        show_plan(plan, state)
        return
    if state.out.for_people:
        print_plan(plan, state.out)
        state.out.text()
    if not yes and not confirm("Pay this now?", "--yes"):
        raise Refused("answered_no", "nothing was paid")
    finish(state, state.call(Pay(plan)), patience if wait else None)


def finish(state: State, payment: Payment, wait_seconds: float | None) -> None:
    """Show how a payment stands, and end with the exit code that says so."""
    from invoicepay.cli.payment_view import raise_for, show_payment

    if wait_seconds is not None:
        payment = _wait(state, payment, wait_seconds)
    show_payment(payment, state)
    raise_for(payment)
    if wait_seconds is not None and payment.status not in FINAL:
        raise OutcomeUnknown(
            "wait_ran_out",
            f"payment {payment.id} is still {payment.status}",
            "It goes on; look again with `invoicepay sync`.",
        )


def _wait(state: State, payment: Payment, patience: float) -> Payment:
    from invoicepay.operations.show_payment import ShowPayment

    deadline, pause = time.monotonic() + patience, 1.0
    while payment.status not in FINAL and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, 15.0)
        payment = state.call(ShowPayment(payment.id, settle_first=True))
    return payment


def _amount(text: str) -> tuple[str, str]:
    number, equals, amount = text.rpartition("=")
    if not equals or not number or not amount:
        raise Usage("usage", f"--amount is NUMBER=AMOUNT, e.g. INV-1042=12.50, not '{text}'")
    return number, amount
