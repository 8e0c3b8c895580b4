"""E-mail as JSON, CSV, a table and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from invoicepay.cli.layout import Column
from invoicepay.cli.records import Field, Record, instant
from invoicepay.cli.text import SHORT
from invoicepay.cli.times import time_column
from invoicepay.operations.mailing.address import readable

if TYPE_CHECKING:
    from invoicepay.billing.ports import OutboxMail
    from invoicepay.cli.state import State
    from invoicepay.operations.mailing.deliver import DeliveryReport

MAIL: Record[OutboxMail] = Record(
    Field("id", lambda m: m.message_id),
    Field("kind", lambda m: m.kind.value),
    Field("status", lambda m: m.status.value),
    Field("payment", lambda m: m.payment_id),
    Field("to", lambda m: m.to),
    Field("created_at", lambda m: instant(m.created_at)),
    Field("attempts", lambda m: m.attempts),
    Field("next_try_at", lambda m: instant(m.due_at) if m.owed else None),
    Field("sent_at", lambda m: instant(m.sent_at)),
    Field("discarded_at", lambda m: instant(m.discarded_at)),
    Field("last_error", lambda m: m.last_error),
)
STATUS_STYLE = {"failing": "red", "sent": "green", "discarded": "dim"}


def mail_columns(
    mails: Sequence[OutboxMail], state: State, *, owed: bool, sent: bool
) -> list[Column[OutboxMail]]:
    """`owed`, `sent`: whether e-mail of these may be among them."""
    columns: list[Column[OutboxMail]] = [
        Column("ID", name_of),
        Column("To", lambda m: readable(m.to)),
        time_column("Created", mails, lambda m: m.created_at, state),
        Column("Status", lambda m: m.status.value, style=lambda m: STATUS_STYLE.get(m.status, "")),
        Column("Tries", lambda m: str(m.attempts), right=True),
    ]
    if owed:
        due = time_column("Next try", mails, lambda m: m.due_at if m.owed else None, state)
        columns.append(due)
    if sent:
        columns.append(time_column("Sent", mails, lambda m: m.sent_at, state))
    return [*columns, Column("Error", lambda m: m.last_error)]


def name_of(mail: OutboxMail) -> str:
    """The short part of its Message-ID that identifies it; commands accept it."""
    whole, payment = mail.local_part, mail.payment_id
    return payment[:SHORT] + whole.removeprefix(payment) if whole.startswith(payment) else whole


def trouble_in(report: DeliveryReport) -> str:
    """What could not be sent, in a line; empty where there is no trouble."""
    trouble = []
    if report.not_delivered:
        count, first = len(report.not_delivered), report.not_delivered[0].error
        trouble.append(f"{count} e-mail(s) not sent: {first}")
    if report.left:
        trouble.append(f"{report.left} e-mail(s) not tried yet, there was no time left")
    return "; ".join(trouble)
