"""What needs a terminal: colour, boxes, bars. Imports rich; used only where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO, TypeVar

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from invoicepay.cli.text import clean

if TYPE_CHECKING:
    from invoicepay.cli.output import Column

T = TypeVar("T")
_LONGEST_WORD = 24
"""Cells. Where there is room for it, no word is broken."""


def rich_line(text: str, style: str, out: TextIO) -> None:
    """A line in a rich style."""
    _console(out).print(Text(text, style=style))


def rich_table(rows: Sequence[T], columns: Sequence[Column[T]], out: TextIO) -> None:
    """A table as wide as the terminal. Text is never markup."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        values = [clean(column.value(row)) for row in rows]
        table.add_column(
            Text(column.title),
            justify="right" if column.right else "left",
            no_wrap=not any(" " in value for value in values),  # ids and figures stay whole
            min_width=min(
                _LONGEST_WORD,
                max(len(w) for v in [column.title, *values] for w in (v.split() or [""])),
            ),
            overflow="fold",
        )
    for row in rows:
        table.add_row(
            *(Text(clean(c.value(row)), style=c.style(row) if c.style else "") for c in columns)
        )
    _console(out).print(table)


def _console(out: TextIO) -> Console:
    return Console(file=out, highlight=False, markup=False, emoji=False)
