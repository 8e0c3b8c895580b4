"""Every way in which an object may differ from the one that is expected."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

ABSENT: Final = object()
WORD: Final = "something_new"
_VALUES: Final[tuple[object, ...]] = (ABSENT, None, WORD, 7, True, [], {})


class Odd(NamedTuple):
    """`path`: of the one field that is not as it was."""

    path: tuple[str, ...]
    value: object
    document: dict[str, Any]

    @property
    def top(self) -> str:
        return self.path[0]

    def __str__(self) -> str:
        shown = "absent" if self.value is ABSENT else repr(self.value)
        return f"{'.'.join(self.path)} {shown}"


def each_field_odd(document: dict[str, Any], *inside: str) -> Iterator[Odd]:
    """`document` with each of its fields, at any depth, absent, null, an unknown word, and of
    other types; only those `inside` that field, where it is given."""
    for path in _paths(document):
        if path[: len(inside)] != inside or path == inside:
            continue
        for value in _VALUES:
            odd = copy.deepcopy(document)
            holder = odd
            for name in path[:-1]:
                holder = holder[name]
            if holder[path[-1]] == value and type(holder[path[-1]]) is type(value):
                continue
            if value is ABSENT:
                del holder[path[-1]]
            else:
                holder[path[-1]] = value
            yield Odd(path, value, odd)


def _paths(document: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, value in document.items():
        yield (name,)
        if isinstance(value, dict):
            for path in _paths(value):
                yield (name, *path)
