"""Ways in which a ledger's file can be wrong: pages, logs that are another's, tables that are gone,
and values in rows that no statement of the program's can have written."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from invoicepay.ledger.sqlite_ledger import SqliteLedger
from tests.world.told import told

PAGE = 4096
INTEGERS = ("NULL", "'many'", "9223372036854775807", "-9223372036854775808", "0", "0.5")
TEXTS = ("NULL", "7", "x'00ff'", "CAST(x'ff' AS TEXT)", "'nonsense'", "''")


@dataclass(frozen=True)
class Damage:
    """`do` is done to a ledger at rest."""

    name: str
    do: Callable[[Path], None]

    def __str__(self) -> str:
        return self.name


# --- Pages ----------------------------------------------------------------------------------------


def cut_to(path: Path, part: float) -> None:
    os.truncate(path, int(path.stat().st_size * part) // PAGE * PAGE)


def pages_of(path: Path, table: str) -> list[int]:
    """The numbers of its pages, the root first; without SQLite's own overflow."""
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
        ).fetchone()
    content, found, left = path.read_bytes(), list[int](), [int(root)]
    while left:
        page = left.pop()
        found.append(page)
        start = (page - 1) * PAGE + (100 if page == 1 else 0)
        kind, count = content[start], int.from_bytes(content[start + 3 : start + 5], "big")
        if kind in (2, 5):
            left.append(int.from_bytes(content[start + 8 : start + 12], "big"))
            for cell in range(count):
                at = start + 12 + 2 * cell
                offset = (page - 1) * PAGE + int.from_bytes(content[at : at + 2], "big")
                left.append(int.from_bytes(content[offset : offset + 4], "big"))
    return found


def overwrite(path: Path, page: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(content)


def zero(path: Path, table: str) -> None:
    """Its last page: often the one with the newest rows."""
    overwrite(path, pages_of(path, table)[-1], bytes(PAGE))


def noise(path: Path, table: str) -> None:
    overwrite(path, pages_of(path, table)[-1], Random(table).randbytes(PAGE))


def flip(path: Path, table: str, seed: int) -> None:
    """Bits in a few of its bytes."""
    random = Random(f"{table}{seed}")
    content = bytearray(path.read_bytes())
    for _ in range(3):
        page = random.choice(pages_of(path, table))
        content[(page - 1) * PAGE + random.randrange(PAGE)] ^= 1 << random.randrange(8)
    path.write_bytes(content)


def swap(path: Path, one: str, another: str) -> None:
    first, second = pages_of(path, one)[-1], pages_of(path, another)[-1]
    content = path.read_bytes()
    for here, there in ((first, second), (second, first)):
        overwrite(path, here, content[(there - 1) * PAGE : there * PAGE])


# --- Logs -----------------------------------------------------------------------------------------


def with_log(path: Path, *statements: str) -> None:
    """Commit `statements`, and leave them in the log, as a program does that is killed."""
    copy = path.with_name("copy")
    shutil.copy(path, copy)
    with closing(SqliteLedger(copy)) as ledger:
        for statement in statements:
            with ledger.write() as unit:
                unit._connection.execute(statement)
                told(unit)
        shutil.copy(f"{copy}-wal", f"{path}-wal")
    copy.unlink()


def leave_log(path: Path, size: float = 1.0, noise: bool = False) -> None:
    with_log(path, "UPDATE company SET phone = '1'", "UPDATE company SET phone = '22'")
    log = Path(f"{path}-wal")
    os.truncate(log, int(log.stat().st_size * size))
    if noise:
        log.write_bytes(Random(1).randbytes(log.stat().st_size))


def log_of_another(path: Path) -> None:
    """A database of another program has left its log here."""
    other = path.with_name("other")
    with closing(sqlite3.connect(other, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE t (x)")
        db.execute("INSERT INTO t VALUES (zeroblob(9000))")
        shutil.copy(f"{other}-wal", f"{path}-wal")
    other.unlink()


# --- Schema and rows ------------------------------------------------------------------------------


def force(path: Path, *statements: str) -> None:
    """Run `statements` past every rule of the schema, which is as before after that."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        rules = db.execute("SELECT rowid, type, name, sql FROM sqlite_master").fetchall()
        db.execute("PRAGMA writable_schema = ON")
        for rowid, kind, _, sql in rules:
            if kind == "table" and sql:
                loose = re.sub(r"(?<!IS )NOT NULL|STRICT,? ?", "", sql)
                db.execute("UPDATE sqlite_master SET sql = ? WHERE rowid = ?", (loose, rowid))
            elif kind == "trigger":
                db.execute("DELETE FROM sqlite_master WHERE rowid = ?", (rowid,))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            db.execute(statement)
        db.execute("PRAGMA writable_schema = ON")
        for rowid, kind, name, sql in rules:
            if kind == "table" and sql:
                db.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, name))
            elif kind == "trigger":
                db.execute(
                    "INSERT INTO sqlite_master (rowid, type, name, tbl_name, rootpage, sql) "
                    "VALUES (?, 'trigger', ?, ?, 0, ?)",
                    (rowid, name, sql.split(" ON ")[1].split()[0], sql),
                )


def drop(path: Path, kind: str, name: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute(f"DROP {kind} {name}")


TABLES = (
    "ledger company customers contacts contact_customers invites sessions invoices methods "
    "payments allocations outbox journal comparison acknowledgements write_ahead_log"
).split()
"""Those with rows."""


def force_one(path: Path, statement: str) -> None:
    force(path, statement)


def wrong_values(path: Path) -> Iterator[Damage]:
    """Every column of every table with every value that it cannot have."""
    with closing(sqlite3.connect(path)) as db:
        for table in TABLES:
            for _, column, type_, _, _, primary in db.execute(f"PRAGMA table_info({table})"):
                if primary:
                    continue
                for value in INTEGERS if type_ == "INTEGER" else TEXTS:
                    # One after the other: what must be unique stays so.
                    statement = f"UPDATE OR IGNORE {table} SET {column} = {value}"
                    name = f"{table}.{column} = {value}"
                    yield Damage(name, partial(force_one, statement=statement))


def whole_file() -> Iterator[Damage]:
    """What does not depend on the values of rows."""
    for part in (0.25, 0.5, 0.75, 0.95):
        yield Damage(f"cut to {part}", partial(cut_to, part=part))
    for size in (100, PAGE):
        yield Damage(f"first {size} bytes zeroed", partial(overwrite, page=1, content=bytes(size)))
    yield Damage(
        "schema zeroed", lambda path: overwrite(path, 1, path.read_bytes()[:100] + bytes(996))
    )
    for table in TABLES:
        yield Damage(f"{table} zeroed", partial(zero, table=table))
        yield Damage(f"{table} noise", partial(noise, table=table))
        for seed in range(3):
            yield Damage(f"{table} flipped {seed}", partial(flip, table=table, seed=seed))
        yield Damage(f"no table {table}", partial(drop, kind="TABLE", name=table))
        yield Damage(f"no rows in {table}", partial(force_one, statement=f"DELETE FROM {table}"))
    for one, another in (("payments", "invoices"), ("sessions", "contacts")):
        yield Damage(f"{one} and {another} swapped", partial(swap, one=one, another=another))
    for index in ("invoices_open_by_customer", "payments_under_way", "journal_by_subject"):
        yield Damage(f"no index {index}", partial(drop, kind="INDEX", name=index))
    yield Damage("log cut short", partial(leave_log, size=0.7))
    yield Damage("log cut in its header", partial(leave_log, size=0.0003))
    yield Damage("log of noise", partial(leave_log, noise=True))
    yield Damage("log of another program", log_of_another)
