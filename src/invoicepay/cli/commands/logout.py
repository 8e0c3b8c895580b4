"""`invoicepay logout`"""

from __future__ import annotations

import typer

from invoicepay.billing.errors import NotAllowed
from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import state_of

app = new_app()


@app.command()
def logout(context: typer.Context) -> None:
    """Log out: the session ends in the ledger and is forgotten here."""
    from invoicepay.operations.identity.login import LogOut

    state = state_of(context)
    try:
        state.call(LogOut())
    except NotAllowed as error:
        if error.code == "not_allowed":
            raise
        state.local.sessions.delete()
        state.out.note("You were not logged in.")
        return
    state.local.sessions.delete()
    state.out.note("Logged out.")
