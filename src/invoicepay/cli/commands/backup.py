"""`invoicepay backup`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import state_of

app = new_app()


@app.command()
def backup(context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Copy the ledger into a new file (0600) while it is in use, and verify the copy."""
    from invoicepay.billing.identity import Mode
    from invoicepay.operations.books.backup import BackUp

    state = state_of(context)
    state.call(BackUp(file))
    size = file.stat().st_size
    if state.mode is Mode.SANDBOX:
        state.out.note(f"The practice bank, {state.settings.sandbox.name}, is a file of its own.")
    state.out.one(
        {"file": str(file), "bytes": size},
        lambda: state.out.text(f"{file}: {size:,} bytes, verified."),
    )
