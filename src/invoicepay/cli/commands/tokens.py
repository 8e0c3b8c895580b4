"""`invoicepay tokens …`"""

from __future__ import annotations

from typing import Annotated

import typer

from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import state_of
from invoicepay.cli.times import day_text

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
    from invoicepay.cli.show.tokens import TOKEN, token_columns
    from invoicepay.operations.identity.tokens import ListTokens

    state = state_of(context)
    state.out.many(
        state.call(ListTokens(ended=all)), TOKEN, token_columns(state), empty="no tokens"
    )


@app.command()
def revoke(context: typer.Context, token_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """End a token, at once and for good."""
    from invoicepay.cli.show.tokens import TOKEN
    from invoicepay.operations.identity.tokens import RevokeToken

    state = state_of(context)
    revoked = state.call(RevokeToken(token_id))
    state.out.one(TOKEN(revoked), lambda: state.out.text(f"Revoked {revoked.label}."))
