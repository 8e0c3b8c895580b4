"""`invoicepay mail …`"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from invoicepay.billing.errors import PartlyDone, Usage
from invoicepay.cli.layout import Column
from invoicepay.cli.new_app import new_app
from invoicepay.cli.records import instant, named
from invoicepay.cli.state import state_of

if TYPE_CHECKING:
    from invoicepay.billing.ports import OutboxMail
    from invoicepay.operations.mailing.deliver import DeliveryReport

app = new_app(group=True)

Ids = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads it at run time
    typer.Argument(metavar="ID...", help="As `mail list` shows it, or a payment's."),
]


@app.command("list")
def list_(
    context: typer.Context,
    all: Annotated[bool, typer.Option("--all", help="Also what was sent or discarded.")] = False,
    sent: Annotated[bool, typer.Option("--sent", help="Only what was sent.")] = False,
    payment: Annotated[str, typer.Option(metavar="ID", help="About one payment.")] = "",
    limit: Annotated[Optional[int], typer.Option(min=1, help="At most so many.")] = None,  # noqa: UP045
) -> None:
    """List e-mail about payments that is owed, the last first: when it is tried again, and why it
    could not be sent."""
    from invoicepay.billing.ports import OWED
    from invoicepay.cli.show.mail import MAIL, mail_columns
    from invoicepay.operations.mailing.outbox import ALL, SENT, ListMail

    if all and sent:
        raise Usage("usage", "use only one of --all, --sent")
    state = state_of(context)
    wanted = ALL if all else SENT if sent else OWED
    page = state.call(ListMail(wanted, payment, limit))
    columns = mail_columns(page.items, state, owed=not sent, sent=all or sent)
    none = "no e-mail was sent yet" if sent else "no e-mails yet" if all else "no e-mail is owed"
    state.out.many(page.items, MAIL, columns, empty=none)
    if page.more and state.out.for_people:
        state.out.note(f"The last {len(page.items)} e-mails; more with a larger --limit.")


@app.command()
def send(
    context: typer.Context,
    ids: Ids = None,
    now: Annotated[
        bool, typer.Option("--now", help="Also what failed and waits for its next try.")
    ] = False,
) -> None:
    """Send the e-mail that is due, or named. Named e-mail is tried whenever it is due."""
    from invoicepay.cli.show.mail import STATUS_STYLE, trouble_in
    from invoicepay.operations.mailing.deliver import SendMail

    if ids and now:
        raise Usage("usage", "use either --now or ids")
    state = state_of(context)
    report = state.call(SendMail(mails=tuple(ids or ()), now=now))
    columns: list[Column[Mapping[str, Any]]] = [
        Column("To", lambda r: r["to"]),
        Column("Status", lambda r: r["status"], style=lambda r: STATUS_STYLE[r["status"]]),
        Column("Error", lambda r: r["last_error"]),
    ]
    state.out.many(
        _records(report),
        named("id", "to", "status", "next_try_at", "last_error"),
        columns,
        empty="nothing is due"
        if not ids
        else "nothing to send now: it was sent or discarded, or another command is sending it",
    )
    trouble = trouble_in(report)
    if trouble:
        raise PartlyDone("partly_done", trouble, "`invoicepay mail list` shows each.")


def _records(report: DeliveryReport) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = [
        {"id": id, "to": to, "status": "sent", "next_try_at": None, "last_error": ""}
        for id, to in zip(report.sent, report.sent_to, strict=True)
    ]
    failing: list[dict[str, Any]] = [
        {
            "id": failed.message_id,
            "to": failed.to,
            "status": "failing",
            "next_try_at": instant(failed.retry_at),
            "last_error": failed.error,
        }
        for failed in report.not_delivered
    ]
    return [*sent, *failing]


@app.command()
def discard(context: typer.Context, ids: Ids) -> None:
    """Give up e-mail that can never arrive. It is not sent any more; the journal says who decided
    that."""
    from invoicepay.cli.show.mail import MAIL
    from invoicepay.operations.mailing.address import readable
    from invoicepay.operations.mailing.outbox import DiscardMail

    state = state_of(context)
    discarded = state.call(DiscardMail(tuple(ids or ())))
    columns: list[Column[OutboxMail]] = [
        Column("Discarded", lambda m: m.message_id),
        Column("To", lambda m: readable(m.to)),
    ]
    state.out.many(discarded, MAIL, columns, empty="nothing is owed about that")
