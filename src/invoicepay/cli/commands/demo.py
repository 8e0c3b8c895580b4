"""`invoicepay demo`"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from invoicepay.cli.new_app import new_app
from invoicepay.cli.output import Format
from invoicepay.cli.records import Field, Nested, Record
from invoicepay.cli.state import State, state_of

if TYPE_CHECKING:
    from invoicepay.billing.payment import Payment
    from invoicepay.demo.company import DemoCompany, Login

app = new_app()


@app.command()
def demo(
    context: typer.Context,
    dir: Annotated[Path, typer.Option(help="Its folder; emptied when a demo made it.")] = Path(
        "invoicepay-demo"
    ),
) -> None:
    """Set up a practice company, then find, read and pay invoices on it."""
    from invoicepay.demo.company import prepare

    state = state_of(context)
    tell = state.out.note
    tell("A sandbox: the real payment code against a practice bank on this machine.")
    company = prepare(dir)
    # Options beat the environment, which may name another ledger and another person.
    elsewhere = [name for name in ("INVOICEPAY_LEDGER", "INVOICEPAY_TOKEN") if os.environ.get(name)]
    os.environ.pop("INVOICEPAY_TOKEN", None)
    settings = company.settings
    with contextlib.closing(State(Format.TABLE, settings.config, settings.ledger)) as demo_state:
        payments = _main_job(state, demo_state, dir)
    receipt = dir / f"{payments[1].receipt_number}.pdf"
    record: Record[DemoCompany] = Record(
        Field("config", lambda c: str(c.settings.config.absolute())),
        Field("ledger", lambda c: str(c.settings.ledger)),
        Field("outbox", lambda c: str(c.settings.outbox)),
        Nested("logins", "login", lambda c: c.logins, _LOGIN),
        Field("payments", lambda _: [payment.id for payment in payments]),
        Field("receipt", lambda _: str(receipt.absolute())),
    )
    state.out.one(record(company), lambda: _what_next(state, company, receipt, elsewhere), record)


_LOGIN: Record[Login] = Record(
    Field("email", lambda login: login.email),
    Field("password", lambda login: login.password),
    Field("role", lambda login: login.role.value),
    Field("customers", lambda login: list(login.customers)),
)


def _main_job(state: State, demo_state: State, dir: Path) -> Sequence[Payment]:
    """Find, read and pay; the payments, one by bank debit and one by card."""
    from invoicepay.demo.sample import INVOICE
    from invoicepay.operations.payments.find import ListPayments

    first, second = _two_to_pay(demo_state)
    steps = (
        ("What does my company owe?", ["invoices", "list", "--open"]),
        ("One of them, in full.", ["invoices", "show", INVOICE]),
        ("And as PDF.", ["invoices", "pdf", INVOICE, "--dir", str(dir)]),
        ("What would a bank debit charge?", ["pay", first, "--method", "ach", "--dry-run"]),
        ("Pay it by bank debit (ACH).", ["pay", first, "--method", "ach", "--yes"]),
        ("And another by card.", ["pay", second, "--method", "card", "--yes"]),
    )
    for why, command in steps:
        _step(state, demo_state, why, command)
    payments = demo_state.call(ListPayments(limit=2)).items[::-1]
    card = payments[1]
    _step(state, demo_state, "The receipt.", ["payments", "receipt", card.id, "--dir", str(dir)])
    return payments


def _two_to_pay(demo_state: State) -> tuple[str, str]:
    """Two open invoices of the demo's customer, other than the one that is left for the reader."""
    from invoicepay.billing.invoice import InvoiceFilter
    from invoicepay.demo.sample import INVOICE
    from invoicepay.operations.invoices import ListInvoices

    found = demo_state.call(ListInvoices(InvoiceFilter(currency="USD"))).page.items
    payable = [i.number for i in found if i.payable_minor and i.number != INVOICE]
    return payable[0], payable[1]


def _step(state: State, demo_state: State, why: str, command: list[str]) -> None:
    """Run a command as a reader would type it, and show it with its output."""
    from invoicepay.cli.main import run

    if state.out.for_people:
        state.out.text()
        state.out.text(f"# {why}")
        state.out.text(f"$ invoicepay {shlex.join(command)}")
        # stdout and stderr stay in order where both go to one place
        run(command, demo_state)
        return
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        quiet = State(Format.TABLE, demo_state.config, demo_state.ledger)
        with contextlib.closing(quiet):
            run(command, quiet)


def _what_next(state: State, company: DemoCompany, receipt: Path, elsewhere: Sequence[str]) -> None:
    """`elsewhere`: variables that go before the demo's settings."""
    from invoicepay.demo.sample import INVOICE

    say: Any = state.out.text
    say()
    say(f"The receipt:  {receipt}")
    for mail in sorted(company.settings.outbox.glob("*.eml")):
        say(f"An e-mail:    {_short(mail)}")
    say()
    say("Your turn; you are logged in as the customer's contact:")
    program = Path(sys.argv[0])
    if shutil.which("invoicepay") is None and program.name == "invoicepay":
        say(f'  export PATH="{program.parent.absolute()}:$PATH"')
    if elsewhere:
        say(f"  unset {' '.join(elsewhere)}    # or you would act on another ledger")
    for command in (
        f"export INVOICEPAY_CONFIG={shlex.quote(str(company.settings.config.absolute()))}",
        "invoicepay methods list",
        f"invoicepay pay {INVOICE} --method ach",
        "invoicepay sandbox clock advance 6d    # the bank takes its four days",
        "invoicepay sync",
        "invoicepay invoices list --paid",
    ):
        say(f"  {command}")
    say()
    say("Log in as somebody else with `invoicepay login --email … --insecure-storage`:")
    for login in company.logins:
        say(f"  {login.email:<28} {login.password}   {login.role}")


def _short(path: Path) -> Path:
    """Relative to the current folder where it is below it."""
    whole, here = path.absolute(), Path.cwd()
    return whole.relative_to(here) if whole.is_relative_to(here) else whole
