"""Put a backup in the ledger's place: verified, prepared, whole or not at all."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from invoicepay.billing.errors import Unreachable, Usage
from invoicepay.ledger.backup_copy import (
    NAME_ANOTHER,
    copied,
    copy_disk_errors,
    leave_one_file,
    verify,
    written,
)
from invoicepay.ledger.file import LedgerFile, file_at
from invoicepay.ledger.log import check_log
from invoicepay.ledger.named_errors import named_errors
from invoicepay.ledger.schema import APPLICATION_ID
from invoicepay.ledger.unit import SqliteUnit
from invoicepay.system.files import sync, sync_folder

T = TypeVar("T")
R = TypeVar("R")
WAIT: Final = 10.0
"""Seconds for which somebody may still be using the ledger."""
_LOCKS_FROM, _LOCKS = 0x40000000, 512
"""The bytes of a file that SQLite locks ("The Lock-Byte Page", sqlite.org/fileformat2.html)."""


def replace_ledger(
    path: Path,
    backup: Path,
    mark: str,
    look: Callable[[SqliteUnit], T],
    prepare: Callable[[SqliteUnit, T | None], R],
) -> tuple[Path | None, R]:
    """Put a verified copy of `backup` in the place of the ledger at `path`, whole or not at all.

    `look` reads the ledger in place while nobody else has it open; `prepare` then changes the
    copy, in one transaction, with what `look` returned: None where there is no ledger, or one that
    cannot be read. What was replaced is kept beside it as NAME.`mark`; returns where, and what
    `prepare` returned.

    Raises Unreachable and DoesNotTie for a backup that is none or does not verify, Unreachable for
    a ledger in use and for a disk that fails, Usage for the ledger itself, and what `prepare`
    raises.
    """
    path = path.resolve()  # a link stays one
    if backup.exists() and path.exists() and backup.samefile(path):
        raise Usage("usage", f"{backup} is the ledger itself", NAME_ANOTHER)
    with named_errors(path), copied(path, backup) as part:
        verify(part, backup)
        with _others_kept_out(path, look) as seen:
            with copy_disk_errors(part, path):
                with closing(LedgerFile(part)) as copy, copy.write() as unit:
                    prepared = prepare(unit, seen)
                leave_one_file(part)
            with written(path):
                return _put(part, path, mark), prepared


# --- The ledger in place --------------------------------------------------------------------------


@contextmanager
def _others_kept_out(path: Path, look: Callable[[SqliteUnit], T]) -> Iterator[T | None]:
    """Keep everybody else from opening the ledger at `path`; yields what `look` returned, None
    where there is nothing to read. All that was committed is in the file then, where that is
    possible."""
    connection = _exclusive(path)
    try:
        seen = _seen(connection, look) if connection else None
        if connection and seen is not None:
            if os.name != "posix":  # Windows moves no file that is open
                connection.close()
            yield seen
            return
    finally:
        if connection:
            connection.close()
    with _locked(path):
        yield None


def _exclusive(path: Path) -> sqlite3.Connection | None:
    """A connection to a ledger that nobody else has open; None where SQLite cannot open it."""
    file = file_at(path)
    if file is None or not path.stat().st_size:
        return None
    connection = None
    try:
        check_log(path)
        uri = f"{path.as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=WAIT)
        # Before anything is read: so SQLite locks out all others, and not only their writing.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
    except (sqlite3.Error, Unreachable) as error:
        if connection:
            connection.close()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            raise _in_use(path) from error
        return None
    if file_at(path) != file:  # another restore was faster
        connection.close()
        raise _in_use(path)
    return connection


def _seen(connection: sqlite3.Connection, look: Callable[[SqliteUnit], T]) -> T | None:
    try:
        if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            return None
        seen = look(SqliteUnit(connection))
    except sqlite3.Error:
        return None
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    with suppress(sqlite3.Error):  # on a full disk the log is kept, too
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return seen


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """SQLite's own lock on a file, taken past SQLite, which may not be able to open it. Not while
    this process has another descriptor of the file: closing that would give the lock back."""
    if os.name != "posix" or not path.is_file():
        yield
        return
    import fcntl

    file = os.open(path, os.O_RDWR)
    try:
        give_up = time.monotonic() + WAIT
        while True:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKS, _LOCKS_FROM)
                break
            except OSError as error:
                if time.monotonic() > give_up:
                    raise _in_use(path) from error
                time.sleep(0.02)
        yield
    finally:
        os.close(file)


def _in_use(path: Path) -> Unreachable:
    return Unreachable(
        "ledger_in_use",
        f"somebody is using {path}",
        "Nothing was changed. Stop cron and everybody, then run it again.",
    )


# --- The exchange ---------------------------------------------------------------------------------


def _put(part: Path, path: Path, mark: str) -> Path | None:
    """`part` takes the place of what is at `path`, which is kept, with its log; returns where."""
    sync(part)
    _remove_second_names(path)
    kept = _unused(path, mark)
    with _locked(part):  # whoever opens it at once waits until the old log is gone
        there = path.exists()
        if there:
            before = file_at(path)
            os.link(path, kept)
            try:
                sync_folder(path.parent)
                part.replace(path)
            except BaseException:
                if file_at(path) == before:  # else it is the only name that the old one has
                    kept.unlink(missing_ok=True)
                raise
        else:
            os.link(part, path)  # which, unlike a rename, replaces nothing
        sync_folder(path.parent)
        moved = [_move(f"{path}{end}", f"{kept}{end}") for end in ("-wal", "-journal")]
        Path(f"{path}-shm").unlink(missing_ok=True)
        sync_folder(path.parent)
    return kept if there or any(moved) else None


def _remove_second_names(path: Path) -> None:
    """Remove the names that a killed restore left: SQLite must not find one ledger under two
    names."""
    for other in path.parent.iterdir():
        second = other.name.startswith(f"{path.name}.") and not other.is_symlink()
        if second and file_at(other) == file_at(path) is not None:
            other.unlink()


def _unused(path: Path, mark: str) -> Path:
    kept = first = path.with_name(f"{path.name}.{mark}")
    number = 1
    while kept.exists() or Path(f"{kept}-wal").exists():
        number += 1
        kept = first.with_name(f"{first.name}-{number}")
    return kept


def _move(log: str, to: str) -> bool:
    """Move a file, or remove it if it is empty; whether there was one with content."""
    path = Path(log)
    if not path.exists():
        return False
    if path.stat().st_size:
        path.replace(to)
        return True
    path.unlink()
    return False
