"""CSV, read strictly: mistakes that Python's reader lets pass are found here."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import chain

from invoicepay.billing.spelling import normalized
from invoicepay.operations.imports.cells import DateFormat
from invoicepay.operations.imports.layouts import Layout
from invoicepay.operations.imports.mapping import Mapping
from invoicepay.operations.imports.problems import Problem, bad_file
from invoicepay.operations.imports.shape import Report, header_shape
from invoicepay.operations.imports.source import BLOCK, LONGEST_LINE, Source

DELIMITERS = (",", ";", "\t", "|")


class CsvTable:
    """Implements shape.Table on a CSV file with a header."""

    def __init__(self, source: Source, layout: Layout, mapping: Mapping, report: Report) -> None:
        self._source, self._report = source, report
        lines = source.lines()
        first = next(lines, "")
        delimiter = mapping.delimiter or self._delimiter_of(first, layout, mapping)
        self._end = 0
        again = chain.from_iterable(self._bounded_pieces())
        self._reader = csv.reader(again, delimiter=delimiter, strict=True)
        try:
            header = next((row for row in self._reader if row), [])
        except csv.Error as error:
            raise bad_file(source.name, f"line 1: {_reason(error)}") from None
        self.shape = header_shape(header, layout, mapping, source.name, line=self._reader.line_num)
        self._delimiter, self._dates = delimiter, DateFormat(mapping.date_format)
        self._dated = self.shape.index[layout.dated] if layout.dated else self.shape.width

    def _delimiter_of(self, first: str, layout: Layout, mapping: Mapping) -> str:
        """The delimiter with which the first line has the columns of the layout."""
        wanted = set(layout.fields if mapping.columns is None else mapping.columns.values())
        found = {d: len(wanted.intersection(_split(first, d))) for d in DELIMITERS}
        best = max(found.values())
        fitting = [d for d in DELIMITERS if found[d] == best]
        if best == 0:
            raise bad_file(
                self._source.name,
                "line 1 has none of the columns: a header with their names must come first",
                f"Wanted: {', '.join(sorted(wanted))}.",
            )
        if len(fitting) > 1 and any(d in first for d in fitting):
            raise bad_file(
                self._source.name,
                "line 1 does not tell what separates the columns",
                'Say it in a mapping file, e.g. delimiter = ";".',
            )
        return fitting[0]

    def _bounded_pieces(self) -> Iterator[io.StringIO]:
        """The file's pieces. A record must end within some of them: quoted line ends would let
        it grow without bound, and it is held in memory as a whole."""
        began, pieces = -1, 0
        for text in self._source.texts():
            began, pieces = self._end, pieces + 1 if began == self._end else 1
            if pieces > LONGEST_LINE // BLOCK:
                raise csv.Error(_TOO_LONG)
            yield text

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        reader, shape = self._reader, self.shape
        width, complete, tail = shape.width, shape.complete, shape.tail
        plain = not shape.fills and not shape.maps
        self._end = end = reader.line_num
        try:
            for row in reader:
                start, self._end = end + 1, reader.line_num
                end = self._end
                if len(row) == width:
                    if end > start and self._has_swallowed_a_record(row):
                        self._report(Problem(start, "", _ran_on(end)))
                        continue
                    if plain:
                        row += tail
                    else:
                        complete(row)
                    yield start, row
                elif any(row):  # else blank, or a spreadsheet's row of empty cells
                    self._report(Problem(start, "", _ragged(len(row), width, start, end)))
        except csv.Error as error:
            reason = f"{_reason(error)}; what follows was not read"
            self._report(Problem(end + 1, "", reason))

    def _has_swallowed_a_record(self, row: list[str]) -> bool:
        """Whether a quote that was left open has swallowed the next record, up to that one's quote:
        with what follows, the end of the cell is a row, and has a date where there must be one."""
        for place, cell in enumerate(row[self._dated + 1 :], self._dated + 1):
            *before, last = re.split(r"[\r\n]", cell)
            tail = last.split(self._delimiter)
            if before and len(tail) == place + 1:
                try:
                    self._dates.parse(tail[self._dated].strip())
                except ValueError:
                    continue
                return True
        return False


_TOO_LONG = "a record beginning here is longer than 4 MiB: is a quote left open?"


def _split(line: str, delimiter: str) -> set[str]:
    try:
        return {
            normalized(name.strip())
            for row in csv.reader([line], delimiter=delimiter)
            for name in row
        }
    except csv.Error:
        return set()


def _ran_on(end: int) -> str:
    return f"it runs to line {end}, which reads like a record of its own: is a quote left open?"


def _ragged(cells: int, width: int, start: int, end: int) -> str:
    reason = f"it has {cells} cells, the header has {width}"
    if end > start:
        reason += f"; it runs to line {end}: is a quote left open?"
    return reason


def _reason(error: csv.Error) -> str:
    """The reader's error in our words."""
    text = str(error)
    if "unexpected end of data" in text:
        return "a quote opened here is never closed"
    if "field limit" in text:
        return "a cell beginning here is longer than 128 KiB: is a quote left open?"
    if "expected after" in text:
        return "a quote inside a quoted cell is not doubled, or an earlier one is left open"
    return text
