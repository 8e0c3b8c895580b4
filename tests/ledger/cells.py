"""Where in a SQLite file the rows of a table are: https://www.sqlite.org/fileformat2.html."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

INTERIOR_INDEX, INTERIOR_TABLE, LEAF_INDEX, LEAF_TABLE = 2, 5, 10, 13


def cells(path: Path, table: str) -> list[range]:
    """The bytes of each row of `table` (rowid and record, as far as they are not on overflow
    pages), in a file at rest."""
    with closing(sqlite3.connect(path)) as db:
        (size,) = db.execute("PRAGMA page_size").fetchone()
        (root,) = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
        ).fetchone()
    return list(_walk(path.read_bytes(), size, root))


def _walk(file: bytes, size: int, number: int) -> Iterator[range]:
    start = (number - 1) * size
    header = start + (100 if number == 1 else 0)
    kind, count = file[header], int.from_bytes(file[header + 3 : header + 5], "big")
    inner = kind in (INTERIOR_INDEX, INTERIOR_TABLE)
    pointers = header + (12 if inner else 8)
    for i in range(count):
        at = start + int.from_bytes(file[pointers + 2 * i : pointers + 2 * i + 2], "big")
        if inner:
            yield from _walk(file, size, int.from_bytes(file[at : at + 4], "big"))
            at += 4
        if kind != INTERIOR_TABLE:
            payload, at = _varint(file, at)
            end = _varint(file, at)[1] + payload if kind == LEAF_TABLE else at + payload
            yield range(at, min(end, start + size))
    if inner:
        right = int.from_bytes(file[header + 8 : header + 12], "big")
        yield from _walk(file, size, right)


def _varint(file: bytes, at: int) -> tuple[int, int]:
    value = 0
    for i in range(9):
        byte = file[at + i]
        if i == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + i + 1
    raise AssertionError
