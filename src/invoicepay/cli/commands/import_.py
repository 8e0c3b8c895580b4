"""`invoicepay import`"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from invoicepay.billing.money import Money, plain_text
from invoicepay.cli.new_app import new_app
from invoicepay.cli.state import State, state_of

if TYPE_CHECKING:
    from invoicepay.operations.imports.job import Imported

app = new_app()


@app.command("import")
def import_(
    context: typer.Context,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="customers, contacts, invoices or payments")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, or JSON lines (.jsonl).")],
    mapping: Annotated[
        Optional[Path], typer.Option(metavar="M.toml", help="Columns of another layout.")  # noqa: UP045
    ] = None,
    preset: Annotated[str, typer.Option(metavar="P", hidden=True)] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check it and change nothing.")
    ] = False,
    update: Annotated[bool, typer.Option("--update", help="Replace what has changed.")] = False,
) -> None:
    """Import a file: all of it, or nothing. The same file again changes nothing."""
    from invoicepay.operations.imports.import_records import ImportRecords

    state = state_of(context)
    request = ImportRecords(kind, str(file), str(mapping or ""), preset, dry_run, update)
    try:
        imported = state.call(request)
    except Exception as error:
        _print_problems(error, state)
        raise
    state.out.one(_record(imported), lambda: _print(imported, state))


def _print_problems(error: Exception, state: State) -> None:
    """Every bad line, before the one line that says it failed."""
    problems = getattr(error, "problems", ())
    for problem in problems:
        state.out.note(str(problem))


def _print(imported: Imported, state: State) -> None:
    counted = {
        name: counts
        for name, counts in imported.counts.items()
        if counts.added or counts.changed or counts.unchanged
    }
    for name, counts in counted.items():
        state.out.text(
            f"{name:<9}  {counts.added} added, {counts.changed} changed, "
            f"{counts.unchanged} unchanged"
        )
    if not counted:
        state.out.note("The file has no records: nothing was changed.")
    for currency, minor in imported.added_minor.items():
        state.out.text(f"{'added':<9}  {Money(minor, currency)}")
    for currency, minor in imported.unapplied_minor.items():
        state.out.text(f"{'unapplied':<9}  {Money(minor, currency)}")
    if imported.dry_run:
        state.out.note("Dry run: nothing was changed.")


def _sums(name: str, minor: Mapping[str, int]) -> dict[str, Any]:
    """By currency, in minor units and as text."""
    texts = {currency: plain_text(value, currency) for currency, value in minor.items()}
    return {f"{name}_minor": dict(minor), name: texts}


def _record(imported: Imported) -> dict[str, Any]:
    return {
        "kind": imported.kind,
        "file": imported.file,
        "sha256": imported.sha256,
        "dry_run": imported.dry_run,
        **{
            f"{name}_{what}": count
            for name, counts in imported.counts.items()
            for what, count in asdict(counts).items()
        },
        **_sums("added", imported.added_minor),
        **_sums("unapplied", imported.unapplied_minor),
    }
