"""Which column of a file is which of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from invoicepay.billing.errors import quoted
from invoicepay.billing.spelling import normalized
from invoicepay.operations.imports.layouts import Layout, did_you_mean
from invoicepay.operations.imports.mapping import Mapping as FileMapping
from invoicepay.operations.imports.problems import Problem, bad_file


class _Absent(str):
    """An empty cell, told from others by identity."""


ABSENT: Final = _Absent()
"""The cell of a column that the file lacks, or of a key that a JSON object lacks."""


@dataclass(slots=True)
class Shape:
    """`index`: our column → its place in a row that `complete` has seen; every column of the
    layout has one. `given`: those that the file or a default fills. `label`: the file's name."""

    width: int
    index: dict[str, int] = field(default_factory=dict)
    label: dict[str, str] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    tail: list[str] = field(default_factory=list)
    """Cells for columns that the file does not have."""
    fills: list[tuple[int, str]] = field(default_factory=list)
    maps: list[tuple[int, Mapping[str, str]]] = field(default_factory=list)

    def complete(self, row: list[str]) -> list[str]:
        """`row` (of `width` cells) with defaults and the mapping's words, in place."""
        row += self.tail
        for place, text in self.fills:
            if not row[place]:
                row[place] = text
        for place, words in self.maps:
            row[place] = words.get(normalized(row[place].strip()), row[place])
        return row


class Table(Protocol):
    """A file's rows. `rows` yields (physical line, cells), complete; what cannot be taken
    apart goes to `report`, and reading goes on where it can."""

    shape: Shape

    def rows(self) -> Iterator[tuple[int, list[str]]]: ...


class Report(Protocol):
    def __call__(self, problem: Problem) -> None: ...


def header_shape(
    header: Sequence[str], layout: Layout, mapping: FileMapping, file: str, line: int
) -> Shape:
    """The shape of rows under `header`. Raises BadInput for columns that are missing, double
    or, in the generic layout, unknown."""
    where = f"line {line}"
    names = [normalized(name.strip()) for name in header]
    wanted = mapping.columns
    if wanted is None:
        unknown = [name for name in names if name not in layout.fields]
        if unknown:
            raise bad_file(
                file,
                f"{where}: unknown column {quoted(unknown[0])}",
                did_you_mean(unknown[0], layout.fields),
            )
        wanted = {name: name for name in names}
    for theirs in wanted.values():
        if theirs not in names:
            raise bad_file(
                file,
                f"{where}: there is no column {quoted(theirs)}, which {mapping.name} names",
                did_you_mean(theirs, names),
            )
        if names.count(theirs) > 1:
            raise bad_file(file, f"{where}: column {quoted(theirs)} stands there twice")
    places = {ours: names.index(theirs) for ours, theirs in wanted.items()}
    return _finish(Shape(len(names), places, dict(wanted)), layout, mapping, file)


def object_shape(layout: Layout, mapping: FileMapping, file: str) -> Shape:
    """The shape of rows made from JSON objects: the layout's columns in its order."""
    shape = Shape(
        len(layout.fields),
        {name: place for place, name in enumerate(layout.fields)},
        {ours: f"{layout.nested}.{name}" for name, ours in layout.nested_fields.items()}
        | dict(mapping.columns or {}),
    )
    return _finish(shape, layout, mapping, file)


def _finish(shape: Shape, layout: Layout, mapping: FileMapping, file: str) -> Shape:
    shape.given = set(shape.index) | set(mapping.defaults)
    for name in layout.required:
        if name not in shape.given:
            raise bad_file(
                file,
                f"there is no column for {name}",
                "Name it in the header, or in the mapping's [columns] or [defaults].",
            )
    for name in layout.fields:
        shape.label.setdefault(name, name)
        default = mapping.defaults.get(name, ABSENT)
        if name not in shape.index:
            shape.index[name] = shape.width + len(shape.tail)
            shape.tail.append(default)
        elif default:
            shape.fills.append((shape.index[name], default))
        if name in mapping.values:
            shape.maps.append((shape.index[name], mapping.values[name]))
    return shape
