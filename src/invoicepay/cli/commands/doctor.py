"""`invoicepay doctor`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from invoicepay.billing.errors import DoesNotTie, InvoicepayError, PartlyDone
from invoicepay.billing.identity import Mode
from invoicepay.cli.layout import Column
from invoicepay.cli.modes import check_modes
from invoicepay.cli.new_app import new_app
from invoicepay.cli.records import Field, Record
from invoicepay.cli.show.differences import (
    LET_NOBODY_PAY,
    difference_line,
    gateway_differs,
    journal_differs,
)
from invoicepay.cli.state import State, state_of
from invoicepay.operations.books.health import Check, CheckHealth, Health

if TYPE_CHECKING:
    from invoicepay.operations.books.repair import RepairStep

app = new_app()


@app.command()
def doctor(
    context: typer.Context,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="First rebuild what is derived and settle what can be."),
    ] = False,
    every: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Compare every payment with the gateway, not only those that changed since the "
            "last sync; a call to it for each hundred.",
        ),
    ] = False,
) -> None:
    """Check everything: file, schema, books, journal, keyring, gateway, outbox. Changes nothing
    without --fix, and never guesses about money."""
    state = state_of(context)
    ledger, problem = _ledger(state)
    checks = [ledger, check_modes(state.settings)]
    health = None
    if not problem:
        login, unknown = _login(state)
        if fix and login.ok:
            problem = _fix(state)
        checks += [login, _keyring(state)]
        health = state.call(CheckHealth(everything=every)) if login.ok else None
        if health:
            checks += health.checks
        elif unknown:
            checks.append(state.local.check_file())
    columns: list[Column[Check]] = [
        Column("Check", lambda c: c.name),
        Column("", lambda c: "ok" if c.ok else "WRONG", style=lambda c: "green" if c.ok else "red"),
        Column("Found", lambda c: c.detail),
        Column("What to do", lambda c: "" if c.ok else c.hint),
    ]
    state.out.many(
        checks,
        Record[Check](
            Field("name", lambda c: c.name),
            Field("ok", lambda c: c.ok),
            Field("detail", lambda c: c.detail),
            Field("hint", lambda c: "" if c.ok else c.hint),
        ),
        columns,
        empty="",
    )
    if health:
        _raise_for(health, state)
    if problem:
        raise problem
    wrong = [c for c in checks if not c.ok]
    silent = health.comparison.error if health and health.comparison else None
    if silent and {c.name for c in wrong} <= {"charges", "comparison"}:
        raise silent
    if wrong:
        raise PartlyDone("partly_done", f"{len(wrong)} check(s) found something", wrong[0].hint)


def _raise_for(health: Health, state: State) -> None:
    """Raises DoesNotTie where a figure or a row is not what it should be."""
    replayed = health.journal.differences if health.journal else ()
    differences = (*health.differences, *replayed)
    comparison = health.comparison
    elsewhere = comparison.differences if comparison else ()
    if state.out.for_people:
        for d in (*differences, *elsewhere):
            state.out.text(f"  {difference_line(d)}")
    if comparison and elsewhere and not differences:
        raise gateway_differs(comparison)
    if not differences:
        return
    derived = health.journal is not None and health.journal.all_derived
    derived = derived and all(d.derived_of for d in health.differences)
    hint = "`invoicepay doctor --fix` computes it again." if derived else LET_NOBODY_PAY
    first = differences[0]
    which = f"first: {first.what} is {first.found}, should be {first.expected}"
    if health.differences:
        count = len(health.differences)
        raise DoesNotTie("books_differ", f"{count} figure(s) do not tie out; {which}", hint)
    assert health.journal, "its differences are from it"
    raise journal_differs(health.journal, hint)


def _fix(state: State) -> InvoicepayError | None:
    """Says on stderr what was done; what is still wrong, the checks find. Returns what stopped
    it."""
    from invoicepay.operations.books.repair import Repair

    try:
        for step in state.call(Repair()):
            _tell(state, step)
    except InvoicepayError as error:
        return error
    return None


def _tell(state: State, step: RepairStep) -> None:
    from invoicepay.operations.books.repair import NotRepaired, Rebuilt
    from invoicepay.operations.payments.sync import Settled

    if isinstance(step, Rebuilt):
        for d in step.differences:
            state.out.note(f"Rebuilt {d.what}: {d.expected}, was {d.found}.")
    elif isinstance(step, NotRepaired):
        state.out.note(f"Nothing was changed: {step.count} difference(s) cannot be computed.")
    elif isinstance(step, Settled) and step.payment and not step.error:
        was = step.was or "not known here"
        if was != step.payment.status:
            state.out.note(f"Settled {step.subject}: {step.payment.status}, was {was}.")


def _ledger(state: State) -> tuple[Check, InvoicepayError | None]:
    """That the file is ours and of this version; else also what opening it raises."""
    try:
        identity = state.local.identity
    except InvoicepayError as error:
        return Check("ledger", False, error.message, error.hint), error
    what = f"{state.settings.ledger} ({identity.mode}, {identity.id}), schema ok"
    return Check("ledger", True, what), None


def _login(state: State) -> tuple[Check, bool]:
    """That the session can be read from where it is kept, and is good; and whether the ledger is
    so damaged that it cannot tell."""
    from invoicepay.operations.identity.login import WhoAmI

    try:
        me = state.call(WhoAmI())
    except InvoicepayError as error:
        return Check("login", False, error.message, error.hint), error.code == "ledger_damaged"
    return Check(
        "login", True, f"{me.email} ({me.role}), from {state.local.sessions.source()}"
    ), False


def _keyring(state: State) -> Check:
    """That there is a good keyring; where nothing is kept in one, none is needed."""
    try:
        return Check("keyring", True, state.local.keyring())
    except InvoicepayError as error:
        source = state.local.sessions.source()
        needed = source == "keyring" or not (source or state.mode is Mode.SANDBOX)
        why = "" if needed else f"; none is needed, the session is from {source or 'nowhere'}"
        return Check("keyring", not needed, error.message + why, error.hint)
