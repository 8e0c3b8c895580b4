"""`invoicepay sandbox …`"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from invoicepay.billing.errors import Usage
from invoicepay.billing.identity import Mode
from invoicepay.cli import complete
from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import State, state_of
from invoicepay.cli.times import time_text

app = new_app(group=True)
clock = new_app(group=True)
app.add_typer(clock, name="clock", help="The practice bank's clock.")


@app.command()
def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 12111,
) -> None:
    """Serve this ledger's practice bank on loopback, for other programs, until Ctrl-C.

    They need its key, which is in a file beside the ledger that only you can read.
    """
    import sys
    from contextlib import ExitStack

    from invoicepay.cli.interrupts import one_interrupt

    state = _sandbox_only(context)
    # Also at SIGTERM and SIGHUP the key's file goes.
    with one_interrupt(), ExitStack() as stack:
        try:
            server, key_file = stack.enter_context(state.local.practice_bank.serving(port))
        except OSError as error:
            raise Usage("usage", f"port {port} cannot be used: {error.strerror}") from error
        state.out.note(f"Its key is in {key_file}.")
        record = {"url": server.url, "key_file": str(key_file)}
        state.out.one(record, lambda: state.out.text(server.url))
        state.local.ledger.close()  # it is not needed any more, and others may want to restore it
        sys.stdout.flush()
        server.serve_forever()


@app.command()
def attach(
    context: typer.Context,
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="e.g. pm_card_visa")],
    customer: Annotated[
        str, typer.Option(metavar="C", help="Whose it will be.", autocompletion=complete.customers)
    ],
    label: Annotated[str, typer.Option(metavar="T")] = "",
) -> None:
    """Give a customer one of Stripe's test payment methods, on a sandbox or test ledger.

    pm_card_visa and pm_usBankAccount_success pay, pm_card_chargeCustomerFail is declined, and
    debits from pm_usBankAccount_insufficientFunds come back.
    """
    from invoicepay.operations.methods import AttachTestMethod

    state = state_of(context)
    method = state.call(AttachTestMethod(customer, token, label))
    state.out.one(
        {"id": method.id, "type": method.type.value, "label": method.label, "last4": method.last4},
        lambda: state.out.text(f"{method.id}  {method.name}"),
    )


@clock.command()
def show(context: typer.Context) -> None:
    """Show the sandbox's time."""
    state = _sandbox_only(context)
    _answer(state)


@clock.command()
def advance(
    context: typer.Context,
    by: Annotated[str, typer.Argument(metavar="DURATION", help="e.g. 90s, 5m, 4h, 4d")],
) -> None:
    """Move the sandbox's time forward; the bank does what is due by then."""
    from invoicepay.cli.durations import seconds

    state = _sandbox_only(context)
    try:
        state.local.practice_bank.advance(timedelta(seconds=seconds(by)))
    except ValueError as error:
        raise Usage("usage", str(error)) from None
    _answer(state)
    state.out.note("Now `invoicepay sync` hears from the bank.")


def _sandbox_only(context: typer.Context) -> State:
    state = state_of(context)
    if state.mode is not Mode.SANDBOX:
        raise Usage(
            "needs_sandbox",
            f"this is a {state.mode} ledger; it has no sandbox",
            "Practise on another: `invoicepay demo` makes one.",
        )
    return state


def _answer(state: State) -> None:
    at = state.local.clock.now()
    state.out.one(
        {"now": at.isoformat(timespec="seconds")},
        lambda: state.out.text(time_text(at, state, seconds=True)),
    )
