"""The journal as JSON, CSV and a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from invoicepay.billing.journal import Difference, JournalEntry
from invoicepay.cli.layout import Column
from invoicepay.cli.records import Field, Record
from invoicepay.cli.times import time_column

if TYPE_CHECKING:
    from invoicepay.cli.state import State

ENTRY = Record[JournalEntry](
    Field("seq", lambda e: e.seq),
    Field("recorded_at", lambda e: e.recorded_at.isoformat()),
    Field("kind", lambda e: e.kind),
    Field("subject", lambda e: e.subject),
    Field("actor", lambda e: e.actor),
    Field("rows", lambda e: e.rows),
    Field("hash", lambda e: e.hash),
    Field("data", lambda e: dict(e.data)),
)
DIFFERENCE = Record[Difference](
    Field("what", lambda d: d.what),
    Field("expected", lambda d: d.expected),
    Field("found", lambda d: d.found),
)


def entry_columns(entries: Sequence[JournalEntry], state: State) -> list[Column[JournalEntry]]:
    return [
        Column("Entry", lambda e: str(e.seq), right=True),
        time_column("Recorded", entries, lambda e: e.recorded_at, state, seconds=True),
        Column("Kind", lambda e: e.kind),
        Column("Subject", lambda e: e.subject),
        Column("By", lambda e: e.actor),
        Column("Rows", lambda e: str(e.rows), right=True, gives_way=1),
    ]
