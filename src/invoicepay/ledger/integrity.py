"""What SQLite itself finds wrong with a ledger's file, and what is wrong with its schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

from invoicepay.ledger.named_errors import is_damage


def wrong_in_file(connection: sqlite3.Connection) -> list[str]:
    return _found_by(_damaged, connection) + _found_by(_dangling, connection)


def wrong_in_schema(connection: sqlite3.Connection) -> list[str]:
    return _found_by(_strange, connection)


def _found_by(
    check: Callable[[sqlite3.Connection], Iterable[str]], connection: sqlite3.Connection
) -> list[str]:
    """What `check` finds, and that it cannot go on, where it fails."""
    found: list[str] = []
    try:
        found.extend(check(connection))
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
        found.append(str(error))
    return found


def _damaged(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute("PRAGMA integrity_check")
    return (text for (text,) in rows if text != "ok")


def _dangling(connection: sqlite3.Connection) -> Iterator[str]:
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"{table} row {row} points to nothing in {parent}"


def _strange(connection: sqlite3.Connection) -> list[str]:
    """Where the schema differs from what the migrations make: a trigger that somebody added would
    change rows unnoticed."""
    from invoicepay.ledger.migrations import migrate

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        migrate(fresh, "")
        ours, theirs = tables_of(fresh), tables_of(connection)
    strange = sorted({(kind, name) for kind, name, _ in ours ^ theirs})
    return [f"the schema's {kind} {name} is not as it was made" for kind, name in strange]


def tables_of(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' "
        "AND name NOT LIKE '_sqlite%'"
    )
    return {(kind, name, sql) for kind, name, sql in rows}
