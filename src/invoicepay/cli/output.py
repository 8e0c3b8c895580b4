"""The one output layer: answers on stdout, everything else on stderr."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from functools import cached_property
from typing import Any, TextIO, TypeVar

from invoicepay.billing.text import UNSEEN
from invoicepay.cli.layout import PLAIN, Column, Page, Table, fact_lines, folded
from invoicepay.cli.records import Record, named
from invoicepay.cli.text import clean, guarded

T = TypeVar("T")


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Output:
    """Renders results in the chosen format."""

    def __init__(
        self,
        format: Format,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        *,
        bom: bool = False,
    ) -> None:
        """`bom`: CSV begins with a byte order mark, without which some spreadsheets take UTF-8
        for something else."""
        self.format, self._bom = format, bom
        self._stdout, self._err = stdout or sys.stdout, stderr or sys.stderr
        if format is not Format.TABLE:  # data is the same whatever the locale
            for stream in (self._stdout, self._err):
                if isinstance(stream, io.TextIOWrapper):
                    stream.reconfigure(encoding="utf-8")
        self._out = self._stdout
        """Where answers go: stdout, or what is gathered for the pager."""
        self.at_terminal = self._stdout.isatty()
        """Whether somebody sees the answer as it comes."""
        self._later: list[str] | None = None
        """Lines for stderr, which wait until the pager is done."""

    @property
    def for_people(self) -> bool:
        return self.format is Format.TABLE

    @cached_property
    def _page(self) -> Page:
        if not self.at_terminal:
            return PLAIN
        from invoicepay.cli.terminal import terminal_page

        return terminal_page(self._stdout)

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
            self._err_line(json_text({"error": error}))
            return
        hint = f" {clean(hint)}" if hint else ""
        text = clean(message)
        stop = "" if text.endswith((".", "!", "?")) else "."
        self._err_line(f"invoicepay: {text}{stop}{hint}")

    def flush(self) -> None:
        """Have the answer written. Raises OSError where whoever reads it has gone."""
        self._out.flush()

    def _err_line(self, text: str) -> None:
        if self._later is not None:
            self._later.append(text)
            return
        # First what was said before it, where both go to the same place.
        with suppress(OSError):  # whoever read the answer has gone; the error still stands
            self._out.flush()
        with suppress(OSError):  # the terminal is gone; the exit code still says it
            print(text, file=self._err)

    # --- The answer ---------------------------------------------------------------------------

    def text(self, text: str = "") -> None:
        """A paragraph of an answer for people."""
        self._lines(folded(clean(text), self._page.room))

    def headline(self, text: str, style: str) -> None:
        """The result in one line; in a rich style on terminals."""
        lines = folded(clean(text), self._page.room)
        self._lines(self._page.paint(line, style) for line in lines)

    def facts(self, facts: Mapping[str, str]) -> None:
        """`Name  text` lines; empty ones are left out."""
        self._lines(fact_lines(facts, self._page))

    def _lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            print(line, file=self._out)

    @contextmanager
    def paged(self) -> Iterator[None]:
        """What is answered in the block goes through a pager, where it is longer than the
        terminal."""
        if not (self.for_people and self.at_terminal) or self._later is not None:
            yield
            return
        gathered, later = io.StringIO(), list[str]()
        self._out, self._later = gathered, later
        try:
            yield
        finally:
            self._out, self._later = self._stdout, None
            _show(gathered.getvalue(), self._stdout)
            for line in later:
                self._err_line(line)

    def one(
        self,
        record: Mapping[str, Any],
        people: Callable[[], None],
        made_by: Record[Any] | None = None,
    ) -> None:
        """One object: `people` prints it for people. `made_by`: the record that made it, None
        where there are no lists of objects and no decimal texts in it."""
        if self.format is Format.JSON:
            print(json_text(record, indent=2), file=self._out)
        elif self.format is Format.CSV:
            self._csv([record], made_by or named(*record))
        else:
            people()

    def some(self, items: Sequence[T], record: Record[T], people: Callable[[], None]) -> None:
        """What was named, of which there is at least one: an object where it is one, else a
        list; `people` prints it for people."""
        if len(items) == 1:
            self.one(record(items[0]), people, record)
        elif self.format is Format.TABLE:
            people()
        else:
            self.many(items, record, (), empty="")

    def many(
        self, items: Iterable[T], record: Record[T], columns: Sequence[Column[T]], *, empty: str
    ) -> None:
        """A list of objects. `empty`: what people read where there is none."""
        if self.format is Format.JSON:
            self._json_array(map(record, items))
        elif self.format is Format.CSV:
            self._csv(map(record, items), record)
        else:
            rows = list(items)
            if not rows:
                self.note(empty)
                return
            with self.paged():
                self.table(rows, columns)

    def table(self, rows: Sequence[T], columns: Sequence[Column[T]]) -> None:
        """For people. What has no room on a terminal is left out and named, never cut."""
        table = Table(rows, columns, self._page)
        self._lines(table.lines())
        if table.left_out:
            self.note(f"Not shown here, for want of room: {', '.join(table.left_out)}.")

    def _json_array(self, records: Iterable[Mapping[str, Any]]) -> None:
        """An object a line, as they come."""
        write, separator = self._out.write, "[\n"
        for record in records:
            write(separator + json_text(record))
            separator = ",\n"
        write("[]\n" if separator == "[\n" else "\n]\n")

    def _csv(self, objects: Iterable[Mapping[str, Any]], record: Record[Any]) -> None:
        import csv

        writer = csv.writer(self._out, lineterminator="\n")
        columns = record.csv_columns()
        if self._bom:
            self._out.write("\ufeff")
        writer.writerow([name for name, _ in columns])
        for each in objects:
            for row in record.csv_rows(each):
                writer.writerow([_cell(row.get(name), decimal) for name, decimal in columns])


def _show(text: str, screen: TextIO) -> None:
    import shutil

    from invoicepay.cli.pager import page_through, pager

    if text.count("\n") >= shutil.get_terminal_size().lines and (command := pager()):
        screen.flush()
        with suppress(OSError):
            if page_through(command, text):
                return
    screen.write(text)


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON with letters as they are, and escapes for what a terminal would obey or not draw."""
    import json

    text = json.dumps(value, indent=indent, ensure_ascii=False)
    if text.isascii() and "\x7f" not in text:
        return text
    return re.sub(f"(?!\n)[{UNSEEN}]", lambda found: json.dumps(found[0])[1:-1], text)


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
