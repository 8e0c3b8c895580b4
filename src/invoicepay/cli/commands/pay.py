"""`invoicepay pay`"""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from invoicepay.billing.errors import Refused, Unreachable, Usage
from invoicepay.billing.invoice import InvoiceState
from invoicepay.cli import complete
from invoicepay.cli.new_app import new_app
from invoicepay.cli.parameters import OfCustomer
from invoicepay.cli.state import state_of
from invoicepay.operations.payments.pay import Pay

app = new_app()

Text = Optional[str]  # noqa: UP045 - typer reads it at run time


@app.command()
def pay(
    context: typer.Context,
    numbers: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Argument(metavar="NUMBER...", autocompletion=complete.open_invoices),
    ] = None,
    open: Annotated[bool, typer.Option("--open", help="Everything open.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Everything past due.")] = False,
    customer: OfCustomer = None,
    currency: Annotated[Text, typer.Option(metavar="X", help="In one currency.")] = None,
    method: Annotated[
        str,
        typer.Option(
            metavar="card|ach|ID",
            help="Instead of the default.",
            autocompletion=complete.methods_and_types,
        ),
    ] = "",
    amount: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="NUMBER=A", help="Pay a part of an invoice."),
    ] = None,
    memo: Annotated[str, typer.Option(metavar="T", help="A line of your own.")] = "",
    key: Annotated[str, typer.Option(metavar="T", help="The same key never pays twice.")] = "",
    expect_total: Annotated[str, typer.Option(metavar="A", help="Refuse any other total.")] = "",
    max_total: Annotated[str, typer.Option(metavar="A", help="Refuse a larger total.")] = "",
    allow_pending: Annotated[
        bool,
        typer.Option("--allow-pending", help="Pay more of what accepted payments are for."),
    ] = False,
    include_disputed: Annotated[
        bool,
        typer.Option("--include-disputed", help="--open and --overdue pay disputed ones, too."),
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until the bank has settled it.")] = False,
    timeout: Annotated[str, typer.Option(metavar="T", help="How long --wait waits.")] = "5m",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Pay invoices in one charge: named ones, or everything --open or --overdue."""
    from invoicepay.cli.durations import seconds
    from invoicepay.cli.interrupts import one_interrupt
    from invoicepay.cli.prompts import can_ask, confirm
    from invoicepay.cli.report_payment import Patience, PaymentReporter
    from invoicepay.cli.show.payments import (
        DRY_RUN,
        note_plan,
        print_plan,
        show_payment,
        show_plan,
    )
    from invoicepay.operations.payments.quote import Quote

    state = state_of(context)
    if open and overdue:
        raise Usage("usage", "use only one of --open, --overdue")
    selected = InvoiceState.OPEN if open else InvoiceState.OVERDUE if overdue else None
    if selected and yes and not (expect_total or max_total or dry_run):
        raise Usage(
            "guard_needed",
            f"--yes with --{selected} pays whatever is there",
            "Add --expect-total or --max-total.",
        )
    if allow_pending and yes and not (key or dry_run):
        raise Usage(
            "guard_needed",
            "--yes with --allow-pending pays once more each time it is repeated",
            "Add --key, with a new text for each payment that you want.",
        )
    if not (yes or dry_run or can_ask()):
        raise Usage("input_needed", "there is no terminal to confirm the payment on", "Say --yes.")
    if not (yes or dry_run or state.out.for_people):
        raise Usage(
            "input_needed",
            f"with --format {state.out.format} nobody is shown what will be paid",
            "Say --yes, or look first with --dry-run.",
        )
    patience = Patience(seconds(timeout), timeout) if wait else None
    request = Quote(
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
        allow_pending=allow_pending,
        include_disputed=include_disputed,
    )
    with one_interrupt() as interrupts:
        quoted = state.call(request)
        plan = quoted.plan
        if plan is None:
            assert quoted.existing is not None
            existing = quoted.existing
            state.out.note(
                f"This key has been used for payment {existing.id}; nothing is charged now."
            )
            if dry_run:
                show_payment(existing, state)
                state.out.note(DRY_RUN)
            else:
                reporter = PaymentReporter(state, interrupts, patience, with_key=True)
                reporter.report(existing.id, lambda: existing, stop=reporter.look)
            return
        if dry_run:
            show_plan(plan, state)
            return
        if state.out.for_people:
            try:
                print_plan(plan, state.out)
                note_plan(plan, state.out)
                state.out.text()
                state.out.flush()
            except OSError as error:  # what cannot be shown is not paid
                raise Unreachable(
                    "write_failed",
                    f"what would be paid cannot be written: {error.strerror or error}",
                    "Nothing was charged.",
                ) from error
        if not yes and not confirm("Pay this now?", "--yes"):
            raise Refused("answered_no", "nothing was paid")
        state.out.note(f"Making payment {plan.payment_id}.")
        reporter = PaymentReporter(state, interrupts, patience, with_key=bool(key))
        reporter.report(plan.payment_id, lambda: state.call(Pay(plan)), stop=reporter.stop)


def _amount(text: str) -> tuple[str, str]:
    number, equals, amount = text.rpartition("=")
    if not equals or not number or not amount:
        raise Usage("usage", f"--amount is NUMBER=AMOUNT, e.g. INV-1042=12.50, not '{text}'")
    return number, amount
