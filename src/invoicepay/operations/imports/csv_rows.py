"""CSV: what the standard reader lets pass in silence is found here."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from invoicepay.operations.imports.layouts import Layout
from invoicepay.operations.imports.mapping import Mapping
from invoicepay.operations.imports.problems import Problem, bad_file
from invoicepay.operations.imports.shape import Report, header_shape
from invoicepay.operations.imports.source import Source

DELIMITERS = (",", ";", "\t", "|")


class CsvTable:
    """Implements shape.Table on a CSV file with a header."""

    def __init__(self, source: Source, layout: Layout, mapping: Mapping, report: Report) -> None:
        self._source, self._report = source, report
        lines = source.lines()
        first = next(lines, "")
        delimiter = mapping.delimiter or self._told_by(first, layout, mapping)
        again = source.lines()
        self._reader = csv.reader(again, delimiter=delimiter, strict=True)
        try:
            header = next((row for row in self._reader if row), [])
        except csv.Error as error:
            raise bad_file(source.name, f"line 1: {_reason(error)}") from None
        self.shape = header_shape(header, layout, mapping, source.name, line=self._reader.line_num)

    def _told_by(self, first: str, layout: Layout, mapping: Mapping) -> str:
        """The delimiter with which the first line has the columns that are wanted."""
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

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        reader, shape = self._reader, self.shape
        width, complete, tail = shape.width, shape.complete, shape.tail
        plain = not shape.fills and not shape.maps
        end = reader.line_num
        try:
            for row in reader:
                start, end = end + 1, reader.line_num
                if len(row) == width:
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


def _split(line: str, delimiter: str) -> set[str]:
    try:
        return {name.strip() for row in csv.reader([line], delimiter=delimiter) for name in row}
    except csv.Error:
        return set()


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
