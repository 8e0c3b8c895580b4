"""The ledger's file: how it is made, opened and backed up, and its transactions."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from invoicepay.billing.customer import Company, Contact
from invoicepay.billing.errors import DoesNotTie, Unreachable
from invoicepay.billing.identity import LedgerIdentity, Mode
from invoicepay.ledger.log import check_log, log_of, put_stamp, schema_of
from invoicepay.ledger.named_errors import MAYBE_CHANGED, NAME_IT, named_errors
from invoicepay.ledger.new_file import new_file
from invoicepay.ledger.rows import instant_text
from invoicepay.ledger.schema import APPLICATION_ID, SCHEMA_VERSION
from invoicepay.ledger.unit import SqliteUnit

T = TypeVar("T")
R = TypeVar("R")

BUSY_SECONDS: Final = 30.0
OLDEST_SQLITE: Final = (3, 37, 0)
"""The first with STRICT tables."""


class LedgerFile:
    """One SQLite file. Opened when first used; one transaction at a time, never nested."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._has_triggers = False
        self._file: tuple[int, int] | None = None
        """Which file was opened."""
        self._log = ""
        """The name of its write-ahead log."""

    @contextmanager
    def read(self) -> Iterator[SqliteUnit]:
        """A consistent snapshot. Raises Unreachable when the file cannot be used."""
        with named_errors(self.path):
            connection = self._open()
            assert not connection.in_transaction, "transactions do not nest"
            # Not query_only: setting it expires every prepared statement.
            before = connection.total_changes
            connection.execute("BEGIN")
            try:
                yield SqliteUnit(connection)
                assert connection.total_changes == before, "a reading transaction writes"
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[SqliteUnit]:
        """A transaction that holds the write lock from its start, so that what it reads is
        still true when it writes. Durable (fsync) once the block has ended.

        Raises Unreachable when the file cannot be used; nothing of the block remains then,
        unless it was the commit that failed: what it had written already may come back.
        """
        with named_errors(self.path):
            connection = self._open()
            assert not connection.in_transaction, "transactions do not nest"
            if not self._has_triggers:
                # Imported here: reading needs none of it.
                from invoicepay.ledger.records import install_change_triggers

                install_change_triggers(connection)
                self._has_triggers = True
            before = connection.total_changes
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._check_in_place()
                yield SqliteUnit(connection)
                _check_journaled(connection)
                if connection.total_changes != before:
                    put_stamp(connection, self._log, SCHEMA_VERSION)
                with named_errors(self.path, hint=MAYBE_CHANGED):
                    connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def transact(self, body: Callable[[SqliteUnit], T]) -> T:
        """`body` in a transaction of `write`. SQLite has one writer at a time: it runs once."""
        with self.write() as unit:
            return body(unit)

    def identity(self) -> LedgerIdentity:
        """Which ledger this is. One row, read whether or not a transaction is open."""
        with named_errors(self.path):
            return SqliteUnit(self._open()).company.identity()

    def integrity(self) -> list[str]:
        """What SQLite itself finds wrong with the file; empty when nothing is."""
        from invoicepay.ledger.integrity import wrong_in_file, wrong_in_schema

        with named_errors(self.path):
            connection = self._open()
            return wrong_in_file(connection) + wrong_in_schema(connection)

    def backup(self, target: Path) -> None:
        """Copy the ledger to `target` (a new file, 0600) while it may be in use, and verify
        the copy. `target` appears whole or not at all. Raises Refused when it exists, Unreachable
        or DoesNotTie when the ledger is damaged or its figures do not tie out."""
        from invoicepay.ledger.integrity import wrong_in_file

        with (
            new_file(target) as part,
            named_errors(self.path),
            closing(sqlite3.connect(part)) as copy,
        ):
            self._open().backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            if bad := wrong_in_file(copy):
                raise sqlite3.DatabaseError(bad[0])
            if differences := SqliteUnit(copy).books.differences():
                raise DoesNotTie(
                    "books_differ",
                    f"{len(differences)} figure(s) do not tie out; first: {differences[0].what}",
                    "Nothing was left there. `invoicepay doctor` says what differs.",
                )

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection, self._has_triggers = None, False

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._file, self._log = file_at(self.path), log_of(self.path)
            self._connection = _connect(self.path)
            try:
                _check_schema(self._connection, self.path)
            except BaseException:
                self.close()
                raise
        return self._connection

    def _check_in_place(self) -> None:
        """Raises Unreachable when another file has taken the place of the one that is open: what
        is written into that one, nobody would find. Under the write lock, which `restore` takes."""
        if self._file is not None and file_at(self.path) != self._file:
            raise Unreachable(
                "ledger_replaced",
                f"{self.path} was replaced or moved away while this command ran",
                "Nothing of this was written. Run it again.",
            )


def create(
    path: Path,
    *,
    company: Company,
    mode: Mode,
    ledger_id: str,
    now: datetime,
    admin: Contact | None = None,
) -> None:
    """Make a new ledger (0600, its folder 0700 when made here) at `path`, with its first
    contact, whole or not at all.

    `now` is UTC. Raises Refused when a file is there, Unreachable when it cannot be written.
    """
    from invoicepay.ledger.migrations import migrate
    from invoicepay.ledger.records import install_change_triggers

    check_sqlite()
    with (
        new_file(path, in_new_folder=True) as part,
        named_errors(path),
        closing(sqlite3.connect(part, isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(connection, log_of(part))
        install_change_triggers(connection)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO ledger (one, id, mode, created_at) VALUES (1, ?, ?, ?)",
            (ledger_id, mode.value, instant_text(now)),
        )
        unit = SqliteUnit(connection)
        unit.company.put(company)
        if admin is not None:
            unit.contacts.put(admin)
        unit.journal.append(
            "ledger.created", ledger_id, admin.email if admin else "", now, {"mode": mode}
        )
        _check_journaled(connection)
        put_stamp(connection, log_of(part), SCHEMA_VERSION)
        connection.execute("COMMIT")
        # Closing would do it too, but say nothing where it fails, and the log is not kept.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _check_journaled(connection: sqlite3.Connection) -> None:
    """Not an assert: `python -O` leaves those out."""
    from invoicepay.ledger.records import all_journaled

    if not all_journaled(connection):
        raise RuntimeError("money rows changed without a journal entry")


def file_at(path: Path) -> tuple[int, int] | None:
    """Which file that is; None where there is none, or that cannot be told."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def not_a_ledger(path: Path) -> Unreachable:
    return Unreachable("ledger_unusable", f"{path} is not an invoicepay ledger", NAME_IT)


def check_sqlite() -> None:
    """Raises Unreachable where Python's SQLite is too old. It would call the file damaged."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        raise Unreachable(
            "ledger_unusable",
            f"this Python has SQLite {sqlite3.sqlite_version}, and a ledger needs {oldest} or "
            "newer",
            "Install invoicepay with a newer Python.",
        )


def _connect(path: Path) -> sqlite3.Connection:
    check_sqlite()
    if not path.is_file():
        raise Unreachable(
            "ledger_missing",
            f"no ledger at {path}",
            "Make one with `invoicepay init`, try `invoicepay demo`, or name it with --ledger.",
        )
    if not path.stat().st_size:  # SQLite would delete the log that may lie beside it
        raise not_a_ledger(path)
    check_log(path)
    # rw, not rwc: SQLite would make an empty file for a mistyped name.
    how = "immutable=1" if _is_read_only(path) else "mode=rw"
    uri = f"{path.absolute().as_uri()}?{how}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    try:
        # NORMAL loses acknowledged commits at a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()  # or this process would stand in the way of a restore
        raise
    return connection


def _is_read_only(path: Path) -> bool:
    """On a medium or in an archive that is read-only, where SQLite can put no file beside it. It
    reads it all the same when it is told that nobody writes, and there is no log to be read."""
    if os.access(path, os.W_OK) or os.access(path.parent, os.W_OK):
        return False
    return not Path(log_of(path)).exists()


def _check_schema(connection: sqlite3.Connection, path: Path) -> None:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    version = schema_of(connection.execute("PRAGMA user_version").fetchone()[0])
    if application_id != APPLICATION_ID:
        raise not_a_ledger(path)
    if version > SCHEMA_VERSION:
        raise Unreachable(
            "ledger_newer",
            f"{path} was written by a newer invoicepay (schema {version}, this is "
            f"{SCHEMA_VERSION})",
            "Upgrade invoicepay on this machine.",
        )
    if version < SCHEMA_VERSION:
        from invoicepay.ledger.migrations import migrate  # slow to import

        migrate(connection, log_of(path))
    # A backup is not in WAL mode, so that it is one file; a restored one becomes a ledger again.
    if all(os.access(each, os.W_OK) for each in (path, path.parent)):
        _switch_to_wal(connection)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL mode. SQLite waits for nobody here: it reads first, and whoever reads and then
    writes might wait for each other."""
    give_up = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
