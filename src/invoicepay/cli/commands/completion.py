"""`invoicepay completion`"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from invoicepay.cli import complete
from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import state_of

app = new_app()


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command()
def completion(
    context: typer.Context, shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish")]
) -> None:
    """Print what makes a shell complete commands, options, invoices, methods and customers."""
    script = complete.script(shell.value)
    state_of(context).out.one({"shell": shell.value, "script": script}, lambda: print(script))
