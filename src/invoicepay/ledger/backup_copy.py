"""A copy of a backup beside the ledger whose place it will take, verified."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from invoicepay.billing.errors import DoesNotTie, InvoicepayError, Unreachable
from invoicepay.ledger.file import LedgerFile, check_sqlite, not_a_ledger
from invoicepay.ledger.log import check_log, log_of, salts_of
from invoicepay.ledger.named_errors import is_damage, named_errors
from invoicepay.ledger.schema import APPLICATION_ID
from invoicepay.ledger.unit import SqliteUnit
from invoicepay.system.files import make_folder

T = TypeVar("T")
NAME_ANOTHER = "Nothing was changed. Name another file that `invoicepay backup` made."


def look_at(backup: Path, look: Callable[[SqliteUnit], T]) -> T:
    """What `look` reads in a backup, which is not verified, and left as it is. Raises
    Unreachable."""
    with backup_errors(backup, backup), opened(backup) as connection:
        if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
            raise not_a_ledger(backup)
        return look(SqliteUnit(connection))


@contextmanager
def copied(path: Path, backup: Path) -> Iterator[Path]:
    """A copy of `backup` beside `path` (0600), which is gone afterwards unless it was moved."""
    import tempfile

    with written(path):
        make_folder(path.parent)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:50]}.", dir=path.parent)
        os.close(handle)
        _give_owner_of(Path(name), path)
    part = Path(name)
    try:
        with (
            backup_errors(part, backup),
            opened(backup) as source,
            closing(sqlite3.connect(part)) as copy,
            copy_disk_errors(part, path),
        ):
            source.backup(copy)
        yield part
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                Path(f"{part}{end}").unlink(missing_ok=True)


def _give_owner_of(part: Path, path: Path) -> None:
    """Give the copy the owner of the ledger, or of its folder, also where the superuser restores
    it."""
    if os.name == "posix" and os.geteuid() == 0:
        owner = (path if path.exists() else path.parent).stat()
        os.chown(part, owner.st_uid, owner.st_gid)


@contextmanager
def opened(backup: Path) -> Iterator[sqlite3.Connection]:
    check_sqlite()
    if not backup.is_file():
        raise Unreachable("ledger_missing", f"no backup at {backup}", NAME_ANOTHER)
    with named_errors(backup):
        check_log(backup)
        # Without a log it is one file, also where nothing can be written beside it.
        how = "mode=ro" if salts_of(log_of(backup)) else "immutable=1"
        uri = f"{backup.absolute().as_uri()}?{how}"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            yield connection


def verify(part: Path, backup: Path) -> None:
    """Raises Unreachable or DoesNotTie, naming `backup`, when its copy is not a ledger that ties
    out with its own journal."""
    with backup_errors(part, backup), closing(LedgerFile(part)) as ledger:
        if wrong := ledger.integrity():
            raise Unreachable("ledger_damaged", f"{backup} is damaged: {wrong[0]}", NAME_ANOTHER)
        with ledger.read() as unit:
            differences = unit.books.differences()
            check = unit.journal.verify()
    if differences:
        first = differences[0]
        raise DoesNotTie(
            "books_differ",
            f"{len(differences)} figure(s) in {backup} do not tie out; first: {first.what} is "
            f"{first.found}, should be {first.expected}",
            NAME_ANOTHER,
        )
    if check.differences:
        raise DoesNotTie(
            "journal_differs",
            f"{check.count} thing(s) in {backup} differ from its journal; first: "
            f"{check.differences[0].what}",
            NAME_ANOTHER,
        )


@contextmanager
def backup_errors(part: Path, backup: Path) -> Iterator[None]:
    """Report errors of the copy as errors of the backup."""
    try:
        yield
    except InvoicepayError as error:
        if error.code == "write_failed":
            raise
        message = error.message.replace(str(part), str(backup))
        hint = error.hint if error.code == "ledger_newer" else NAME_ANOTHER
        raise type(error)(error.code, message, hint) from error


# What reading the backup may come to; anything else is the disk that the copy is on.
_IN_BACKUP = (sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ)


@contextmanager
def copy_disk_errors(part: Path, path: Path) -> Iterator[None]:
    """Report errors of the disk that the copy is written to: nothing has been changed yet."""
    try:
        yield
    except (sqlite3.OperationalError, Unreachable) as error:
        reason = error if isinstance(error, sqlite3.Error) else error.__cause__
        code = getattr(reason, "sqlite_errorcode", None)
        of_copy = isinstance(error, sqlite3.Error) or str(part) in str(error)
        if not of_copy or code is None or is_damage(reason) or code in _IN_BACKUP:
            raise
        raise Unreachable(
            "write_failed",
            f"a copy beside {path} cannot be written: {reason}",
            "Nothing was changed. Make room there, or check the disk.",
        ) from error


def leave_one_file(part: Path) -> None:
    with closing(sqlite3.connect(part)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unreachable(
            "write_failed",
            f"{path} cannot be replaced: {error.strerror or error}",
            "Check the disk; where another ledger is there now, the old one is kept beside it.",
        ) from error
