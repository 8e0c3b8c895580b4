"""`invoicepay whoami`"""

from __future__ import annotations

import typer

from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import state_of
from invoicepay.cli.times import day_text

app = new_app()


@app.command()
def whoami(context: typer.Context) -> None:
    """Show who is logged in, for whom, and where."""
    from invoicepay.operations.identity.login import WhoAmI
    from invoicepay.operations.mailing.address import readable

    state = state_of(context)
    me = state.call(WhoAmI())
    record = {
        "email": me.email,
        "name": me.name,
        "role": me.role.value,
        "customers": list(me.customers),
        "company": me.company,
        "ledger": str(state.settings.ledger),
        "ledger_id": me.ledger_id,
        "mode": me.mode.value,
        "livemode": me.mode.livemode,
        "kind": me.kind,
        "label": me.label,
        "expires_at": me.expires_at.isoformat(timespec="seconds"),
    }
    until = day_text(me.expires_at, state)
    facts = {
        "E-mail": readable(me.email),
        "Name": me.name,
        "Role": me.role.value,
        "For": ", ".join(me.customers) or "every customer",
        "Company": me.company,
        "Ledger": f"{state.settings.ledger} ({me.mode})",
        "Until": f"{until} ({me.kind}{' ' + me.label if me.label else ''})",
    }
    state.out.one(record, lambda: state.out.facts(facts))
