"""JSON lines: an object a record, its lines or allocations nested, made into the rows of CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from invoicepay.billing.errors import quoted
from invoicepay.billing.spelling import normalized
from invoicepay.operations.imports.layouts import FLAGS, MOST_ROWS, Layout, did_you_mean
from invoicepay.operations.imports.mapping import Mapping
from invoicepay.operations.imports.problems import CellError, Problem, bad_file
from invoicepay.operations.imports.shape import ABSENT, Report, object_shape
from invoicepay.operations.imports.source import Source

SUFFIXES = (".jsonl", ".ndjson", ".json")


class JsonTable:
    """Implements shape.Table on a file of JSON lines."""

    def __init__(self, source: Source, layout: Layout, mapping: Mapping, report: Report) -> None:
        self._source, self._layout, self._report = source, layout, report
        self.shape = object_shape(layout, mapping, source.name)
        # None: others are passed over.
        self._known = None if mapping.columns else (*layout.own_fields, layout.nested)
        self._names = mapping.columns or {name: name for name in layout.own_fields}

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        last: list[str] = []
        empty = True
        places = [self.shape.index[name] for name in self._layout.key]
        for line, text in enumerate(self._source.lines(), 1):
            if text.isspace():
                continue
            empty = False
            try:
                rows = self._rows_of(_parse(text))
                key = [normalized(rows[0][place].strip()) for place in places]
                if key == last and self._layout.nested:
                    # As rows of CSV they would be one record.
                    raise CellError(self._layout.key[-1], "it is that of the record before, too")
                last = key
            except CellError as error:
                label = self.shape.label.get(error.field, error.field)
                self._report(Problem(line, label, error.reason))
                continue
            for row in rows:
                yield line, self.shape.complete(row)
        if empty:
            raise bad_file(self._source.name, "the file has no records")

    def _rows_of(self, record: dict[str, Any]) -> list[list[str]]:
        """A row for each nested object, or one where there is none."""
        layout, index = self._layout, self.shape.index
        if self._known is not None:
            for name in record.keys() - set(self._known):
                hint = did_you_mean(name, [n for n in self._known if n])
                raise CellError("", f"unknown key {quoted(name)}. {hint}")
        head: list[str] = [ABSENT] * self.shape.width
        for ours, theirs in self._names.items():
            if theirs in record:
                head[index[ours]] = _text(record[theirs], ours, layout.listed.get(ours))
        nested: Any = record.get(layout.nested) if layout.nested else None
        if nested is None:
            nested = []
        if not isinstance(nested, list) or not all(isinstance(n, dict) for n in nested):
            raise CellError(layout.nested, "it is not a list of objects")
        if len(nested) > MOST_ROWS:
            raise CellError(layout.nested, f"it has more than {MOST_ROWS} objects")
        rows = []
        for item in nested or [{}]:
            row = list(head)
            for name, value in item.items():
                if name not in layout.nested_fields:
                    hint = did_you_mean(name, list(layout.nested_fields))
                    raise CellError(layout.nested, f"unknown key {quoted(name)}. {hint}")
                ours = layout.nested_fields[name]
                row[index[ours]] = _text(value, ours, None)
            rows.append(row)
        return rows


def _parse(text: str) -> dict[str, Any]:
    """One object. Numbers stay as they are written: a float would lose cents."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=str,
            parse_int=str,
            parse_constant=_not_a_number,
        )
    except json.JSONDecodeError as error:
        raise CellError("", f"not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise CellError("", "it is nested too deeply") from None
    if isinstance(value, list):
        raise CellError("", "it is a JSON array; write one object a line")
    if not isinstance(value, dict):
        raise CellError("", "it is not a JSON object; write one object a line")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = {normalized(name): value for name, value in pairs}
    if len(result) < len(pairs):
        names = [normalized(name) for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise CellError("", f"key {quoted(double)} is a duplicate in one object")
    return result


def _not_a_number(text: str) -> str:
    raise CellError("", f"{text} is not a number")


def _text(value: object, field: str, joined_by: str | None) -> str:
    """A value as the cell of a CSV file would have it."""
    if value is None:
        return ""
    if isinstance(value, bool) and field in FLAGS:
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if joined_by is not None and isinstance(value, list):
        if not all(isinstance(item, str) and joined_by not in item for item in value):
            raise CellError(field, "it is not a list of plain texts")
        return joined_by.join(value)
    if isinstance(value, bool):
        raise CellError(field, f"it is {str(value).lower()}, neither a text nor a number")
    raise CellError(field, "it is neither a text nor a number")
