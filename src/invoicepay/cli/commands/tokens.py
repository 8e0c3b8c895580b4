"""`invoicepay tokens …`"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from invoicepay.cli.layout import Column
from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import state_of
from invoicepay.cli.text import SHORT
from invoicepay.cli.times import day_text

if TYPE_CHECKING:
    from invoicepay.operations.identity.tokens import TokenView

app = new_app(group=True)


@app.command()
def create(
    context: typer.Context,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is for.")],
    days: Annotated[int, typer.Option(metavar="N", help="How long it works.")] = 90,
) -> None:
    """Make a token for scripts (INVOICEPAY_TOKEN). It is shown this once, on stdout."""
    from invoicepay.operations.identity.tokens import CreateToken

    state = state_of(context)
    made = state.call(CreateToken(label, days))
    record = {
        "id": made.id,
        "label": made.label,
        "token": made.token,
        "expires_at": made.expires_at.isoformat(timespec="seconds"),
    }
    state.out.one(record, lambda: state.out.text(made.token))
    state.out.note(f"Works until {day_text(made.expires_at, state)}. Keep it like a password.")


@app.command("list")
def list_(
    context: typer.Context,
    all: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
) -> None:
    """List your tokens."""
    from invoicepay.operations.identity.tokens import ListTokens

    state = state_of(context)

    def last_used(token: TokenView) -> str:
        used = token.last_used_at > token.created_at
        return day_text(token.last_used_at, state) if used else "never"

    columns: list[Column[TokenView]] = [
        Column("Token", lambda t: t.id[:SHORT]),
        Column("Label", lambda t: t.label),
        Column("Status", lambda t: t.status),
        Column("Created", lambda t: day_text(t.created_at, state), gives_way=1),
        Column("Last used", last_used, gives_way=2),
        Column("Until", lambda t: day_text(t.expires_at, state)),
    ]
    state.out.many(
        state.call(ListTokens(ended=all)), _record, columns, empty="no tokens", fields=_FIELDS
    )


@app.command()
def revoke(context: typer.Context, token_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End a token, at once and for good."""
    from invoicepay.operations.identity.tokens import RevokeToken

    state = state_of(context)
    revoked = state.call(RevokeToken(token_id))
    state.out.one(_record(revoked), lambda: state.out.text(f"Revoked {revoked.label}."))


_FIELDS = ("id", "label", "status", "created_at", "last_used_at", "expires_at")


def _record(token: TokenView) -> dict[str, Any]:
    return {
        "id": token.id,
        "label": token.label,
        "status": token.status,
        "created_at": token.created_at.isoformat(timespec="seconds"),
        "last_used_at": token.last_used_at.isoformat(timespec="seconds"),
        "expires_at": token.expires_at.isoformat(timespec="seconds"),
    }
