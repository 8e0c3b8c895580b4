"""`invoicepay audit …`"""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from invoicepay.billing.journal import JournalCheck, parse_head
from invoicepay.cli.days import first_day
from invoicepay.cli.new_app import new_app
from invoicepay.cli.records import Field, Nested, Record
from invoicepay.cli.show.differences import difference_line, journal_differs
from invoicepay.cli.show.journal import DIFFERENCE, ENTRY, entry_columns
from invoicepay.cli.state import state_of

app = new_app(group=True)

Text = Optional[str]  # noqa: UP045 - typer reads it at run time


@app.command("list")
def list_(
    context: typer.Context,
    since: Annotated[
        Text, typer.Option(metavar="D", help="Recorded on that date or later.")
    ] = None,
    kind: Annotated[
        str, typer.Option(metavar="K", help="One kind; `payment.` for all that begin so.")
    ] = "",
    subject: Annotated[
        str,
        typer.Option(
            metavar="S",
            help="About one payment, method, customer or contact: its id, number or e-mail.",
        ),
    ] = "",
    limit: Annotated[Optional[int], typer.Option(min=1, help="At most so many.")] = None,  # noqa: UP045
) -> None:
    """List journal entries, the last first."""
    from invoicepay.operations.books.journal import ListJournal

    state = state_of(context)
    since_date = first_day(since, state)
    page = state.call(ListJournal(since_date, kind, subject, limit))
    columns = entry_columns(page.items, state)
    state.out.many(page.items, ENTRY, columns, empty="No journal entries.")
    if page.more and state.out.for_people:
        state.out.note(f"The last {len(page.items)} entries; more with a larger --limit.")


@app.command()
def verify(
    context: typer.Context,
    head: Annotated[
        Text, typer.Option(metavar="N:HASH", help="What `audit head` printed, kept elsewhere.")
    ] = None,
) -> None:
    """Replay the journal: its chain of hashes, and every money row against it. Exits 11 when
    anything differs."""
    from invoicepay.operations.books.journal import VerifyJournal

    state = state_of(context)
    kept = parse_head(head) if head else None
    check = state.call(VerifyJournal(kept))
    since = check.entries - kept.seq if kept else None
    record = Record[JournalCheck](
        Field("entries", lambda c: c.entries),
        Field("entries_since_head", lambda _: since),
        Field("rows", lambda c: c.rows),
        Field("head", lambda c: str(c.head or "")),
        Nested("differences", "difference", lambda c: c.differences, DIFFERENCE),
    )

    def show() -> None:
        for d in check.differences:
            state.out.text(difference_line(d))
        if not check.differences:
            state.out.text(
                f"{check.entries:,} entries, the chain is whole; {check.rows:,} money rows are "
                "as it has them."
            )
            if since:
                state.out.note(
                    f"{since:,} entries came after that head, which proves what is before it: "
                    f"`invoicepay audit list --limit {since}`."
                )

    state.out.one(record(check), show, record)
    if check.differences:
        raise journal_differs(check)


@app.command()
def head(context: typer.Context) -> None:
    """Print the last entry's number and hash. Keep it elsewhere: `audit verify --head` shows with
    it whether anything before it was changed or cut off."""
    from invoicepay.operations.books.journal import ShowJournalHead

    state = state_of(context)
    last = state.call(ShowJournalHead())
    ledger = state.local.identity.id
    record = {"ledger": ledger, "seq": last.seq, "hash": last.hash, "head": str(last)}
    state.out.one(record, lambda: state.out.text(str(last)))
