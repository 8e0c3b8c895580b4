"""`invoicepay restore`"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from invoicepay.billing.errors import Refused, Usage
from invoicepay.billing.identity import Mode
from invoicepay.cli.new_app import new_app
from invoicepay.cli.prompts import confirm as ask
from invoicepay.cli.records import instant
from invoicepay.cli.state import State, state_of

if TYPE_CHECKING:
    from datetime import datetime

    from invoicepay.billing.ports import OpenRestore
    from invoicepay.operations.books.restore import Restored

app = new_app()


@app.command()
def restore(
    context: typer.Context,
    backup: Annotated[Optional[Path], typer.Argument(metavar="[BACKUP]")] = None,  # noqa: UP045
    confirm: Annotated[
        bool, typer.Option("--confirm", help="What came after it is in the ledger again.")
    ] = False,
    other_ledger: Annotated[
        bool, typer.Option("--other-ledger", help="Also a backup of another ledger.")
    ] = False,
    receipts_from: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, metavar="N", help="The next receipt's number, where you know it."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Put a backup in the ledger's place. The replaced ledger is kept beside it.

    Everybody is logged out, tokens and invites end, and nobody can pay until `sync` has run and
    --confirm says that what was received outside since the backup is imported again. Without
    arguments it says what is still to be done.
    """
    state = state_of(context)
    if backup is None:
        if other_ledger or receipts_from is not None:
            raise Usage("usage", "which backup?", "Name the file.")
        _confirm(state, yes) if confirm else _show(state)
    elif confirm:
        raise Usage("usage", "--confirm goes without a file", "Restore first, then sync.")
    else:
        _restore(state, backup, other_ledger, receipts_from, yes)


def _restore(
    state: State, backup: Path, other_ledger: bool, receipts_from: int | None, yes: bool
) -> None:
    from invoicepay.cli.interrupts import one_interrupt
    from invoicepay.operations.books.restore import Restore
    from invoicepay.wiring.ledgers import look_at_backup, restore_ledger, who_may_restore

    actor = who_may_restore(state.local)
    facts = look_at_backup(backup)
    question = (
        f"Put {backup} ({facts.company}, {facts.identity.mode}, until {_at(facts.until)}) in place "
        f"of {state.settings.ledger}? Everybody is logged out."
    )
    if not yes and not ask(question, "--yes"):
        raise Refused("answered_no", "nothing was restored")
    state.local.close()
    request = Restore(backup, other_ledger, receipts_from)
    # What has been begun is done, and said, whole.
    with one_interrupt() as interrupts, suppress(KeyboardInterrupt), interrupts.held():
        _tell_of(state, restore_ledger(state.settings, request, actor))


def _tell_of(state: State, done: Restored) -> None:
    record = {
        "ledger": str(state.settings.ledger),
        "ledger_id": done.identity.id,
        "livemode": done.identity.livemode,
        "replaced": str(done.kept) if done.kept else None,
        "since": instant(done.since),
        "head": str(done.head),
        "receipts_from": f"R-{done.receipts_from:06d}",
        "sessions_ended": done.sessions_ended,
        "wider_rights": None if done.wider_rights is None else list(done.wider_rights),
    }
    state.out.one(record, lambda: _tell(state, done))


def _tell(state: State, done: Restored) -> None:
    say, note = state.out.text, state.out.note
    say(f"Restored {state.settings.ledger} as it was at {_at(done.since)}.")
    if done.kept:
        say(f"What was there is kept: {done.kept}")
    receipts = f"Receipts go on from R-{done.receipts_from:06d}"
    say(f"{receipts}, far beyond the backup's." if done.guessed else f"{receipts}.")
    if done.wider_rights is None:
        note("Who was disabled or allowed less since cannot be told: invoicepay contacts list")
    _tell_rights(state, done.wider_rights or ())
    if done.identity.mode is Mode.SANDBOX:
        note(f"The practice bank, {state.settings.sandbox.name}, stays as it is.")
    note("Everybody is logged out, with the passwords of then: invoicepay login")
    note(
        "Then: import again what was received outside, invoicepay sync, "
        "invoicepay restore --confirm"
    )


def _show(state: State) -> None:
    from invoicepay.operations.books.restore import ShowRestore

    waiting = state.call(ShowRestore())
    state.out.one(_record(waiting), lambda: state.out.text(_what_next(waiting)))
    if waiting:
        _tell_rights(state, waiting.wider_rights)


def _tell_rights(state: State, emails: Iterable[str]) -> None:
    for email in emails:
        state.out.note(
            f"{email} was disabled or allowed less since, and has the rights of then: invoicepay "
            "contacts disable, or import contacts again"
        )


def _confirm(state: State, yes: bool) -> None:
    from invoicepay.operations.books.restore import ConfirmRestore, ShowRestore

    waiting = state.call(ShowRestore())
    if waiting and waiting.synced_at and not yes:
        question = (
            f"Is all that was received outside since {_at(waiting.since)} (cheques, wires, "
            "invoices, customers) imported again?"
        )
        if not ask(question, "--yes"):
            raise Refused("answered_no", "nothing was confirmed")
    confirmed = state.call(ConfirmRestore())
    said = (
        f"Confirmed: what came after {_at(confirmed.since)} is in the ledger again."
        if confirmed
        else _what_next(None)
    )
    state.out.one(_record(None), lambda: state.out.text(said))


def _what_next(waiting: OpenRestore | None) -> str:
    if waiting is None:
        return "No restored backup waits to be confirmed."
    restored = f"Restored at {_at(waiting.restored_at)} as it was at {_at(waiting.since)}."
    if waiting.synced_at is None:
        return (
            f"{restored} Nobody can pay. Import again what was received outside since, then: "
            "invoicepay sync"
        )
    return (
        f"{restored} Nobody can pay. Import again what was received outside since, then: "
        "invoicepay restore --confirm"
    )


def _record(waiting: OpenRestore | None) -> dict[str, object]:
    return {
        "waiting": waiting is not None,
        "restored_at": instant(waiting.restored_at if waiting else None),
        "since": instant(waiting.since if waiting else None),
        "wider_rights": list(waiting.wider_rights) if waiting else [],
        "synced_at": instant(waiting.synced_at if waiting else None),
    }


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
