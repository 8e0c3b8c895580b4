"""`invoicepay pay`"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, NamedTuple, Optional

import typer

from invoicepay.billing.errors import InvoicepayError, NotFound, OutcomeUnknown, Refused, Usage
from invoicepay.billing.invoice import InvoiceState
from invoicepay.billing.payment import FINAL, PaymentStatus
from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import State, state_of
from invoicepay.operations.pay import Pay

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
    allow_pending: Annotated[
        bool,
        typer.Option("--allow-pending", help="Pay more of what accepted payments are for."),
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Until the bank has settled it.")] = False,
    timeout: Annotated[str, typer.Option(metavar="T", help="How long --wait waits.")] = "5m",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Pay invoices in one charge: named ones, or everything --open or --overdue."""
    from invoicepay.cli.durations import seconds
    from invoicepay.cli.interrupts import one_interrupt
    from invoicepay.cli.payment_view import note_plan, print_plan, show_plan
    from invoicepay.cli.prompts import can_ask, confirm
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
    if allow_pending and yes and not (key or dry_run):
        raise Usage(
            "guard_needed",
            "--yes with --allow-pending pays once more each time it is repeated",
            "Add --key, with a new text for each payment that you want.",
        )
    if not (yes or dry_run or can_ask()):
        raise Usage("input_needed", "paying needs a yes, and there is no terminal", "Say --yes.")
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
    )
    with one_interrupt():
        quoted = state.call(request)
        plan = quoted.plan
        if plan is None:
            assert quoted.existing is not None
            state.out.note(
                f"This key has been used for payment {quoted.existing.id}; nothing is charged now."
            )
            existing = quoted.existing
            _tell(state, existing.id, lambda: existing, patience, with_key=True)
            return
        if dry_run:
            show_plan(plan, state)
            return
        if state.out.for_people:
            print_plan(plan, state.out)
            note_plan(plan, state.out)
            state.out.text()
        if not yes and not confirm("Pay this now?", "--yes"):
            raise Refused("answered_no", "nothing was paid")
        state.out.note(f"Making payment {plan.payment_id}.")
        _tell(state, plan.payment_id, lambda: state.call(Pay(plan)), patience, with_key=bool(key))


class Patience(NamedTuple):
    """How long --wait waits, in seconds and as it was typed."""

    seconds: float
    typed: str


def _tell(
    state: State,
    payment_id: str,
    pay: Callable[[], Payment],
    patience: Patience | None,
    *,
    with_key: bool,
) -> None:
    """Pay, show how it stands, send its e-mail, and end with the exit code that says so. Whoever
    interrupts is told whether it may have been charged, and once that is known, how it ended."""
    from invoicepay.cli.payment_view import raise_for

    showing = False
    try:
        payment = pay()
        waits = patience is not None and patience.seconds > 0 and payment.status not in FINAL
        if patience and waits and not state.out.for_people:  # one object, of how it ends
            payment, waits = _wait(state, payment, patience), False
        showing = True
        _show(state, payment)
        if patience and waits:
            state.out.note(
                f"Waiting up to {patience.typed} for the bank. Ctrl-C stops waiting only."
            )
            payment = _wait(state, payment, patience)
            if payment.status in FINAL:
                state.out.text()
                _show(state, payment)
    except KeyboardInterrupt:
        payment = _stop(state, payment_id)
        if not showing:
            with suppress(OSError):  # the terminal may be gone, and the outcome stands
                _show(state, payment, mail=False)
    raise_for(payment, with_key=with_key)
    if patience is not None and payment.status not in FINAL:
        raise OutcomeUnknown(
            "wait_ran_out",
            f"payment {payment.id} is still {payment.status}",
            "It goes on; `invoicepay sync` asks the bank, and `invoicepay payments show "
            f"{payment.id}` shows it.",
            payment=payment.id,
        )


def _show(state: State, payment: Payment, *, mail: bool = True) -> None:
    """The result first, then that it was shown, then the e-mail: a mail server may be slow."""
    from invoicepay.cli.payment_view import show_payment

    show_payment(payment, state)
    if payment.outcome_known:
        state.acknowledge(payment.id)
    if mail and payment.status in (PaymentStatus.PROCESSING, PaymentStatus.SUCCEEDED):
        for error in _send_mail(state, payment):
            state.out.note(
                f"The e-mail could not be sent yet: {error}. `invoicepay sync` tries again."
            )


def _send_mail(state: State, payment: Payment) -> list[str]:
    """Say to whom it goes, then try. What went wrong: the outcome stands, whatever befalls its
    e-mail."""
    from invoicepay.operations.list_mail import ListMail
    from invoicepay.operations.send_mail import SendMail

    try:
        owed = state.call(ListMail(payment_id=payment.id)).items
        if owed:
            state.out.note(f"E-mail goes to {', '.join(sorted({mail.to for mail in owed}))}.")
        return [failed.error for failed in state.call(SendMail(payment.id)).not_delivered]
    except InvoicepayError as problem:
        return [problem.message]


class Stopped(KeyboardInterrupt):
    """Somebody has interrupted a payment, of which nothing was charged."""

    def __init__(self, payment: str = "") -> None:
        super().__init__("interrupted; nothing was charged")
        self.payment = payment


def _stop(state: State, payment_id: str) -> Payment:
    """The payment that somebody has interrupted, where its outcome is known. Raises Stopped where
    nothing was charged, OutcomeUnknown where nobody knows."""
    from invoicepay.operations.stop_payment import StopPayment

    state.local.ledger.close()  # the signal may have come within a transaction
    try:
        payment = state.call(StopPayment(payment_id))
    except NotFound:  # it had not come to the claim
        raise Stopped from None
    if payment.given_up:
        raise Stopped(payment.id)
    return payment


def _wait(state: State, payment: Payment, patience: Patience) -> Payment:
    from invoicepay.operations.show_payment import ShowPayment

    deadline, pause = time.monotonic() + patience.seconds, 1.0
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
