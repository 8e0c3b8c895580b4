"""How every command's typer application is made."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand

from invoicepay.billing.errors import Usage


def new_app(*, group: bool = False) -> typer.Typer:
    """For one command, or for a group of them. Plain help: rich's takes 80 ms to import."""
    return typer.Typer(
        no_args_is_help=group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


class AsksForSecrets(TyperCommand):
    """A command that asks for codes, passwords or keys. One that was typed after it is refused, and
    not repeated: stderr may be a log."""

    allow_extra_args = True

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            raise Usage(
                "usage",
                "codes, passwords and keys are not taken on the command line, where others can "
                "read them",
                f"Leave it out: `{ctx.command_path}` asks.",
            )
        return rest
