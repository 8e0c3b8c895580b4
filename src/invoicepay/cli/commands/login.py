"""`invoicepay login`"""

from __future__ import annotations

from typing import Annotated

import typer

from invoicepay.cli.new_app import AsksForSecrets, new_app
from invoicepay.cli.state import state_of

app = new_app()


@app.command(cls=AsksForSecrets)
def login(
    context: typer.Context,
    email: Annotated[str, typer.Option(metavar="E", help="Who you are.")] = "",
    invite: Annotated[
        bool, typer.Option("--invite", help="Redeem a one-time code and choose a password.")
    ] = False,
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Read code and password from stdin, a line each."),
    ] = False,
    insecure_storage: Annotated[
        bool, typer.Option("--insecure-storage", help="Keep the session in a file (0600).")
    ] = False,
) -> None:
    """Log in. The session is kept in the operating system's keyring."""
    from invoicepay.cli.prompts import Secrets, ask
    from invoicepay.operations.identity.invites import AcceptInvite, CheckInvite
    from invoicepay.operations.identity.login import LogIn
    from invoicepay.operations.mailing.address import readable

    state = state_of(context)
    secrets = Secrets(password_stdin)
    sessions = state.local.sessions  # a ledger that cannot be opened is said before asking
    name = email if invite else email or ask("E-mail", "--email E")
    secrets.check_askable("Code" if invite else "Password")
    if invite or not password_stdin:  # nothing is chosen, spent or typed in vain
        sessions.check_place(insecure=insecure_storage)
    if invite:
        code = secrets.get("Code")
        state.call(CheckInvite(code, name))
        logged_in = state.call(AcceptInvite(code, secrets.new("New password"), name))
    else:
        logged_in = state.call(LogIn(name, secrets.get("Password")))
    sessions.set(logged_in.token, insecure=insecure_storage)
    record = {
        "email": logged_in.email,
        "name": logged_in.name,
        "role": logged_in.role.value,
        "customers": list(logged_in.customers),
        "expires_at": logged_in.expires_at.isoformat(timespec="seconds"),
    }
    state.out.one(record, lambda: state.out.text(f"Logged in as {readable(logged_in.email)}."))
    if sessions.source() == "environment":
        state.out.note("INVOICEPAY_TOKEN is set, and is used instead of this login: unset it.")
