"""The ledger's file: how it is made, opened and backed up, and its transactions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from invoicepay.billing.customer import Company, Contact
from invoicepay.billing.errors import InvoicepayError, Refused, Unreachable
from invoicepay.billing.identity import LedgerIdentity, Mode
from invoicepay.ledger.rows import instant_text
from invoicepay.ledger.unit import SqliteUnit

APPLICATION_ID: Final = 0x494E5650
"""`INVP`: says in the file's header whose file it is."""
SCHEMA_VERSION: Final = 6
"""Number of the newest migration; kept in user_version, so that opening needs no sqlite_utils."""
BUSY_SECONDS: Final = 30.0


class SqliteLedger:
    """One SQLite file. Opened when first used; one transaction at a time, never nested."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._watched = False

    @contextmanager
    def read(self) -> Iterator[SqliteUnit]:
        """A consistent snapshot. Raises Unreachable when the file cannot be used."""
        with _named_errors(self.path):
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
        with _named_errors(self.path):
            connection = self._open()
            assert not connection.in_transaction, "transactions do not nest"
            if not self._watched:
                from invoicepay.ledger.records import watch  # reading needs none of it

                watch(connection)
                self._watched = True
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield SqliteUnit(connection)
                _check_told(connection)
                with _named_errors(self.path, hint=_MAYBE_CHANGED):
                    connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def identity(self) -> LedgerIdentity:
        """Which ledger this is. One row, read whether or not a transaction is open."""
        with _named_errors(self.path):
            return SqliteUnit(self._open()).company.identity()

    def integrity(self) -> list[str]:
        """What SQLite itself finds wrong with the file; empty when nothing is."""
        with _named_errors(self.path):
            connection = self._open()
            found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
            found += _strange(connection)
        return [text for text in found if text != "ok"] + [
            f"{table} row {row} points to nothing in {parent}" for table, row, parent, _ in dangling
        ]

    def backup(self, target: Path) -> None:
        """Copy the ledger to `target` (a new file, 0600) while it may be in use, and verify
        the copy. `target` appears whole or not at all. Raises Refused when it exists."""
        with (
            _new_file(target) as part,
            _named_errors(self.path),
            closing(sqlite3.connect(part)) as copy,
        ):
            self._open().backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            bad = [r[0] for r in copy.execute("PRAGMA integrity_check") if r[0] != "ok"]
            if bad:
                raise sqlite3.DatabaseError(bad[0])

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection, self._watched = None, False

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _connect(self.path)
            try:
                _check_schema(self._connection, self.path)
            except BaseException:
                self.close()
                raise
        return self._connection


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
    from invoicepay.ledger.records import watch

    with (
        _new_file(path, in_new_folder=True) as part,
        _named_errors(path),
        closing(sqlite3.connect(part, isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        _migrate(connection)
        watch(connection)
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
        _check_told(connection)
        connection.execute("COMMIT")
        # Closing would do it too, but say nothing where it fails, and the log is not kept.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _strange(connection: sqlite3.Connection) -> list[str]:
    """What the schema has too much, too little, or otherwise than the migrations make it: a
    trigger that somebody added would change rows in our name."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        _migrate(fresh)
        ours, theirs = _schema(fresh), _schema(connection)
    strange = sorted({(kind, name) for kind, name, _ in ours ^ theirs})
    return [f"the schema's {kind} {name} is not as it was made" for kind, name in strange]


def _schema(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%' "
        "AND name NOT LIKE '_sqlite%'"
    )
    return {(kind, name, sql) for kind, name, sql in rows}


def _check_told(connection: sqlite3.Connection) -> None:
    """Not an assert: it must hold whatever the interpreter is told to leave out."""
    from invoicepay.ledger.records import all_told

    if not all_told(connection):
        raise RuntimeError("money rows changed without a journal entry")


def _connect(path: Path) -> sqlite3.Connection:
    # rw, not rwc: SQLite would make an empty file for a mistyped name.
    uri = f"{path.absolute().as_uri()}?mode=rw"
    if not path.is_file():
        raise Unreachable(
            "ledger_missing",
            f"no ledger at {path}",
            "Make one with `invoicepay init`, try `invoicepay demo`, or name it with --ledger.",
        )
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    # NORMAL loses acknowledged commits at a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _check_schema(connection: sqlite3.Connection, path: Path) -> None:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != APPLICATION_ID:
        raise Unreachable(
            "ledger_unusable",
            f"{path} is not an invoicepay ledger",
            _NAME_IT,
        )
    if version > SCHEMA_VERSION:
        raise Unreachable(
            "ledger_newer",
            f"{path} was written by a newer invoicepay (schema {version}, this is "
            f"{SCHEMA_VERSION})",
            "Upgrade invoicepay on this machine.",
        )
    if version < SCHEMA_VERSION:
        _migrate(connection)
    # A backup is not in WAL mode, so that it is one file; a restored one becomes a ledger again.
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        connection.execute("PRAGMA journal_mode = WAL")


def _migrate(connection: sqlite3.Connection) -> None:
    """All pending migrations and the version, in one transaction."""
    from sqlite_utils import Database

    from invoicepay.ledger.migrations import migrations

    connection.execute("BEGIN IMMEDIATE")
    try:
        migrations.apply(Database(connection))
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _new_file(target: Path, *, in_new_folder: bool = False) -> Iterator[Path]:
    """A temporary file beside `target`, 0600 from its first byte (SQLite gives its -wal and -shm
    the same), put in its place durably when the block ends well.

    A link, unlike a rename, never replaces a file that has appeared meanwhile. Raises Refused
    when there is one, Unreachable when it cannot be written; nothing is left there then.
    """
    import tempfile  # slow to import, and only needed here

    from invoicepay.durable import make_folder, sync, sync_folder

    exists = Refused("already_exists", f"{target} exists", "Use it, or name a new file.")
    part = None
    try:
        if target.exists():
            raise exists
        if in_new_folder:
            make_folder(target.parent)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
        part = Path(name)
        yield part
        sync(part)
        try:
            os.link(part, target)
        except FileExistsError:
            raise exists from None
        try:
            sync_folder(target.parent)
        except OSError:
            target.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Unreachable(
            "write_failed",
            f"{target} cannot be written: {error.strerror or error}",
            "Nothing was left there. Name another place, or check the folder and the disk.",
        ) from error
    finally:
        if part is not None:
            for name in (f"{part}", f"{part}-wal", f"{part}-shm", f"{part}-journal"):
                with suppress(OSError):  # what was asked for is done, or its own error is told
                    Path(name).unlink(missing_ok=True)


# Not that nothing was changed: what was written before this stands.
_CHECK_DISK = "Check the disk and the file's rights, then try again."
_NAME_IT = "Name the ledger with --ledger or INVOICEPAY_LEDGER."
_MAYBE_CHANGED = "Check the disk, and what is there now: this change may have been kept."


@contextmanager
def _named_errors(path: Path, hint: str = _CHECK_DISK) -> Iterator[None]:
    """SQLite's and the system's errors in our words."""
    try:
        yield
    except InvoicepayError:
        raise
    except sqlite3.IntegrityError:
        raise  # a broken money rule is our own bug: it must not read like a bad disk
    except (sqlite3.Error, OSError) as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            hint = _NAME_IT
        raise Unreachable(
            "ledger_unusable",
            f"the ledger {path} cannot be used: {error}",
            hint,
        ) from error
