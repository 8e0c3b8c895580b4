"""Tokens as JSON, CSV and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoicepay.cli.layout import Column
from invoicepay.cli.records import Field, Record
from invoicepay.cli.text import SHORT
from invoicepay.cli.times import day_text

if TYPE_CHECKING:
    from invoicepay.cli.state import State
    from invoicepay.operations.identity.tokens import TokenView

TOKEN: Record[TokenView] = Record(
    Field("id", lambda t: t.id),
    Field("label", lambda t: t.label),
    Field("status", lambda t: t.status),
    Field("created_at", lambda t: t.created_at.isoformat(timespec="seconds")),
    Field("last_used_at", lambda t: t.last_used_at.isoformat(timespec="seconds")),
    Field("expires_at", lambda t: t.expires_at.isoformat(timespec="seconds")),
)


def token_columns(state: State) -> list[Column[TokenView]]:
    def last_used(token: TokenView) -> str:
        used = token.last_used_at > token.created_at
        return day_text(token.last_used_at, state) if used else "never"

    return [
        Column("Token", lambda t: t.id[:SHORT]),
        Column("Label", lambda t: t.label),
        Column("Status", lambda t: t.status),
        Column("Created", lambda t: day_text(t.created_at, state), gives_way=1),
        Column("Last used", last_used, gives_way=2),
        Column("Until", lambda t: day_text(t.expires_at, state)),
    ]
