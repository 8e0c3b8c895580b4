"""The one output layer: answers on stdout, everything else on stderr."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TextIO, TypeVar

from invoicepay.cli.text import clean, guarded, width

T = TypeVar("T")
Record = Mapping[str, Any]


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Column(NamedTuple, Generic[T]):
    """A column of a table for people. `style`: a rich style for a value, on terminals only."""

    title: str
    value: Callable[[T], str]
    right: bool = False
    style: Callable[[T], str] | None = None


class Output:
    """Renders results in the chosen format."""

    def __init__(
        self, format: Format, stdout: TextIO | None = None, stderr: TextIO | None = None
    ) -> None:
        self.format = format
        self._out, self._err = stdout or sys.stdout, stderr or sys.stderr

    @property
    def for_people(self) -> bool:
        return self.format is Format.TABLE

    @property
    def at_terminal(self) -> bool:
        """Whether somebody sees the answer as it comes."""
        return self._out.isatty()

    # --- Everything but the answer ------------------------------------------------------------

    def note(self, text: str) -> None:
        """A line for people on stderr; nothing with json and csv."""
        if self.for_people:
            self._err_line(clean(text))

    def problem(
        self,
        code: str,
        message: str,
        hint: str,
        problems: Sequence[Any] = (),
        *,
        payment: str = "",
    ) -> None:
        """An error: one line, or one JSON object, on stderr. `problems`: bad lines of a file;
        `payment`: the id of the payment that it is about."""
        if self.format is Format.JSON:
            import json

            error: dict[str, Any] = {
                "code": code,
                "message": clean(message),
                "hint": clean(hint),
            }
            if payment:
                error["payment"] = payment
            if problems:
                error["problems"] = [
                    {"line": p.line, "column": p.column, "reason": clean(p.reason)}
                    for p in problems
                ]
            self._err_line(json.dumps({"error": error}))
            return
        hint = f" {clean(hint)}" if hint else ""
        text = clean(message)
        stop = "" if text.endswith((".", "!", "?")) else "."
        self._err_line(f"invoicepay: {text}{stop}{hint}")

    def flush(self) -> None:
        """Have the answer written. Raises OSError where whoever reads it has gone."""
        self._out.flush()

    def _err_line(self, text: str) -> None:
        # First what was said before it, where both go to the same place.
        with suppress(OSError):  # whoever read the answer has gone; the error still stands
            self._out.flush()
        with suppress(OSError):  # the terminal is gone; the exit code still says it
            print(text, file=self._err)

    # --- The answer ---------------------------------------------------------------------------

    def text(self, text: str = "") -> None:
        """A line of an answer for people."""
        print(clean(text), file=self._out)

    def headline(self, text: str, style: str) -> None:
        """What an answer comes down to; in a rich style on terminals."""
        if self._out.isatty():
            from invoicepay.cli.terminal import rich_line

            rich_line(clean(text), style, self._out)
        else:
            self.text(text)

    def one(self, record: Record, people: Callable[[], None]) -> None:
        """One object: `people` prints it for people."""
        if self.format is Format.JSON:
            import json

            print(json.dumps(record, indent=2), file=self._out)
        elif self.format is Format.CSV:
            self._csv([record], list(record))
        else:
            people()

    def many(
        self,
        items: Iterable[T],
        record: Callable[[T], Record],
        columns: Sequence[Column[T]],
        *,
        empty: str,
        fields: Sequence[str],
    ) -> None:
        """A list of objects. `empty`: what people read where there is none; `fields`: the names
        in every record, in order."""
        if self.format is Format.JSON:
            self._json_array(map(record, items))
        elif self.format is Format.CSV:
            self._csv(map(record, items), fields)
        else:
            rows = list(items)
            if rows:
                self.table(rows, columns)
            else:
                self.note(empty)

    def table(self, rows: Sequence[T], columns: Sequence[Column[T]]) -> None:
        """For people: with colour on a terminal, plain and never cut elsewhere."""
        if self._out.isatty():
            from invoicepay.cli.terminal import rich_table

            rich_table(rows, columns, self._out)
            return
        cells = [[clean(c.title) for c in columns]]
        cells += [[clean(c.value(row)) for c in columns] for row in rows]
        widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
        for line in cells:
            padded = [
                " " * (w - width(cell)) + cell if c.right else cell + " " * (w - width(cell))
                for cell, w, c in zip(line, widths, columns, strict=True)
            ]
            print("  ".join(padded).rstrip(), file=self._out)

    def _json_array(self, records: Iterable[Record]) -> None:
        """An object a line, as they come."""
        import json

        write, separator = self._out.write, "[\n"
        for record in records:
            write(separator + json.dumps(record))
            separator = ",\n"
        write("[]\n" if separator == "[\n" else "\n]\n")

    def _csv(self, records: Iterable[Record], fields: Sequence[str]) -> None:
        import csv

        writer = csv.writer(self._out, lineterminator="\n")
        header = csv_header(fields)
        writer.writerow(header)
        for record in records:
            for row in flat(record):
                writer.writerow([_cell(row.get(name), name in NUMBERS) for name in header])


def csv_header(fields: Sequence[str]) -> list[str]:
    """The columns of records with these fields. They do not depend on what nested lists hold:
    `NESTED` names them."""
    plain = [name for name in fields if name not in NESTED]
    nested = [NESTED[name] for name in fields if name in NESTED]
    return plain + [f"{prefix}_{key}" for prefix, keys in nested for key in keys]


def flat(record: Record) -> list[Record]:
    """Rows of a record: each element of a nested list gets one, with the record repeated."""
    rows: list[Record] = [
        {**record, **{f"{NESTED[name][0]}_{key}": value for key, value in _object(element)}}
        for name in record
        if name in NESTED
        for element in record[name]
    ]
    return rows or [record]


def _object(element: Any) -> Iterable[tuple[str, Any]]:
    return element.items() if isinstance(element, dict) else [("id", element)]


NESTED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "allocations": ("allocation", ("invoice", "amount_minor")),
    "reversals": ("reversal", ("kind", "amount_minor", "effective_on", "reason")),
    "lines": (
        "line",
        ("description", "quantity", "unit_price", "amount_minor", "tax_minor", "tax_rate"),
    ),
    "payments": ("payment", ("id", "status", "method_label", "paid_on", "amount_minor")),
    "open": ("open", ("currency", "count", "balance_minor")),
    "differences": ("difference", ("what", "expected", "found")),
    "logins": ("login", ("email", "password", "role", "customers")),
}
"""Lists of objects inside records: what their CSV columns start with, and their fields."""


NUMBERS = frozenset({"total", "balance", "amount", "line_quantity", "line_unit_price"})
"""Columns of decimal text, where a minus is one."""
_NUMBER = r"-?[0-9]+(\.[0-9]+)?"


def _cell(value: Any, number: bool = False) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        plain = number and re.fullmatch(_NUMBER, value, re.ASCII)
        return value if plain else guarded(value)
    if isinstance(value, dict):
        value = [f"{name} {each}" for name, each in value.items()]
    if isinstance(value, list):
        return guarded("\n".join(map(str, value)))
    return value
