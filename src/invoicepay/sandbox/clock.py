"""The sandbox's own clock: real time plus an offset that its file holds.

Reading it must be cheap, because every command on a sandbox ledger does: no server, no HTTP.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

BUSY_SECONDS = 60


class SandboxFileError(Exception):
    """The file is not a sandbox that this version can work with, or cannot be used just now."""


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """SQLite's and the system's errors as one that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise SandboxFileError(f"{path} cannot be used: {error}") from error
    except OSError as error:
        raise SandboxFileError(f"{path} cannot be used: {error.strerror or error}") from error


def offset(path: Path) -> timedelta:
    """How far the sandbox is ahead of real time; zero where there is no sandbox file yet."""
    try:
        # mode=rw: opens what is there and creates nothing.
        uri = f"{path.absolute().as_uri()}?mode=rw"
        db = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)
    except sqlite3.OperationalError:
        if path.exists():
            raise
        return timedelta(0)
    with closing(db):
        # Another process may have made the file a moment ago and not yet its tables.
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'clock'").fetchone():
            return timedelta(0)
        return timedelta(microseconds=stored_offset(db))


def now(path: Path) -> datetime:
    """The sandbox's time, UTC. Raises SandboxFileError."""
    with file_errors(path):
        return datetime.now(UTC) + offset(path)


def stored_offset(db: sqlite3.Connection) -> int:
    """Microseconds ahead of real time."""
    (microseconds,) = db.execute("SELECT offset_microseconds FROM clock").fetchone()
    return int(microseconds)


def unix_now(db: sqlite3.Connection) -> int:
    """The sandbox's time as Stripe writes it: whole seconds since 1970, UTC."""
    return int(time.time() + stored_offset(db) / 1_000_000)
