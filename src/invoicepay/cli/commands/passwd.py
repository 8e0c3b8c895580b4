"""`invoicepay passwd`"""

from __future__ import annotations

from typing import Annotated

import typer

from invoicepay.cli.new_app import AsksForSecrets, new_app
from invoicepay.cli.state import state_of

app = new_app()


@app.command(cls=AsksForSecrets)
def passwd(
    context: typer.Context,
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Read the old and the new from stdin, a line each."),
    ] = False,
) -> None:
    """Change your password. Your other logins end."""
    from invoicepay.cli.prompts import Secrets
    from invoicepay.operations.identity.password import ChangePassword

    state = state_of(context)
    state.local.app.check(ChangePassword)  # nobody types passwords in vain
    secrets = Secrets(password_stdin)
    current = secrets.get("Current password")
    changed = state.call(ChangePassword(current, secrets.new("New password")))
    kept = f" {changed.tokens_kept} token(s) go on working." if changed.tokens_kept else ""
    state.out.note(f"Changed. {changed.sessions_ended} other login(s) ended.{kept}")
