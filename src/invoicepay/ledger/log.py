"""Whether the write-ahead log beside a ledger is the ledger's own.

SQLite replays the log (`-wal`) that it finds beside a file, whatever file that is: its salts and
checksums say that the frames are whole and of one log, and nothing of the file that they were made
for. A backup that is copied over a ledger whose log stayed becomes a mix of both.

So every commit leaves a stamp in the header, next to the schema's number in user_version, where it
can be read in the file alone, without the log. The row of `write_ahead_log` says which stamps the
file may have: the last ones before the log began, and those that the log has brought. A file with
another was replaced while its log stayed, or the log was.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from invoicepay.billing.errors import Unreachable

_SCHEMA_BITS = 8
_STAMPS = 1 << 24
_MOST_COMMITS = 1 << 20
"""In one log, which would have dozens of gigabytes by then."""
_HEADER = 32
_SALTS = slice(12, 24)
"""Of a log's header ("WAL Header Format" in https://www.sqlite.org/fileformat2.html): how often it
was begun anew, and two numbers that are others each time."""
_ATTEMPTS = 100


def schema_of(user_version: int) -> int:
    """The number of the newest migration."""
    return user_version & ((1 << _SCHEMA_BITS) - 1)


def log_of(path: Path) -> str:
    """The name of the log of the ledger at `path`."""
    return f"{os.path.realpath(path)}-wal"


def put_stamp(connection: sqlite3.Connection, log: str, schema: int) -> None:
    """Stamp the commit that this write transaction will end with. `log`: its name; empty for a
    ledger in memory."""
    found, last = _base(connection)
    base, another = found.of_log(salts_of(log) if log else b"", last)
    if another:
        last = _any_stamp()
        base = base._replace(since=last)
    else:
        last += 1
    if base != found:
        connection.execute(
            "UPDATE write_ahead_log SET salts = ?, older = ?, before = ?, since = ?", base
        )
    version = last << _SCHEMA_BITS | schema
    connection.execute(f"PRAGMA user_version = {version - (version >> 31 << 32)}")  # it is signed


def check_log(path: Path) -> None:
    """Raises Unreachable (`ledger_mixed`) when the log beside the ledger at `path` is not its own.
    Before SQLite opens them to write: whoever closes them last would make one file of them.

    Raises sqlite3.Error for what is no ledger, or is damaged.
    """
    log = log_of(path)
    for _ in range(_ATTEMPTS):
        salts = salts_of(log)
        if not salts:
            return
        stamp = _stamp_in_file(path)
        if _fits(path, stamp, salts):
            return
        # Others may have written meanwhile, and put into the file what they wrote.
        if (stamp, salts) == (_stamp_in_file(path), salts_of(log)):
            raise Unreachable(
                "ledger_mixed",
                f"{path} and its log {path.name}-wal are not of one ledger: one of them was "
                "replaced without the other",
                "Nothing was done. `invoicepay restore BACKUP` puts a backup in place of both, and "
                "keeps them.",
            )


def salts_of(log: str) -> bytes:
    """What tells the log of this name from those before; empty where there is none."""
    try:
        file = os.open(log, os.O_RDONLY)
    except FileNotFoundError:
        return b""
    try:
        header = os.read(file, _HEADER)
    finally:
        os.close(file)
    return header[_SALTS] if len(header) == _HEADER else b""


class _Base(NamedTuple):
    """What a log builds upon. `salts` are empty until it is begun; the file has the stamp `before`,
    or `older` where the commit that began the log did not know it. The stamps that the log has
    brought count up from `since`."""

    salts: bytes
    older: int
    before: int
    since: int

    def of_log(self, salts: bytes, last: int) -> tuple[_Base, bool]:
        """What the log with `salts` builds upon, and whether it is another than this is of.
        `last`: the newest stamp, 0 for none."""
        if not last or not salts:  # nothing was stamped yet, or the next commit begins the log
            return _Base(salts, last, last, last), True
        if self.salts in (b"", salts):
            return self._replace(salts=salts), False
        # The last commit has begun it: SQLite begins a log anew when all of it is in the file.
        older = self.before if last == self.since else last - 1
        return _Base(salts, older, last, last), True

    def allows(self, stamp: int, last: int) -> bool:
        """Whether the file may have `stamp`."""
        brought = self.since <= last <= self.since + _MOST_COMMITS
        return brought and (stamp in (self.older, self.before) or self.since <= stamp <= last)


def _fits(path: Path, stamp: int, salts: bytes) -> bool:
    """Whether a file with `stamp` may have the log that lies beside it."""
    # One that only reads leaves both as they are, also when it is the last to close them.
    with closing(_connect(path, "mode=ro")) as replayed:
        replayed.execute("BEGIN")
        if not replayed.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'write_ahead_log'"
        ).fetchone():
            return True  # of an older schema
        found, last = _base(replayed)
        base, _ = found.of_log(salts, last)
        return base.allows(stamp, last)


def _stamp_in_file(path: Path) -> int:
    with closing(_connect(path, "immutable=1")) as file:  # without its log
        # Which may have the end of the file: this has SQLite read on where that is missing.
        file.execute("PRAGMA writable_schema = ON")
        (version,) = file.execute("PRAGMA user_version").fetchone()
        return _stamp_of(version)


def _connect(path: Path, how: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{how}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30.0)


def _any_stamp() -> int:
    return 1 + int.from_bytes(os.urandom(8), "big") % (_STAMPS - _MOST_COMMITS)


def _stamp_of(user_version: int) -> int:
    return (user_version >> _SCHEMA_BITS) % _STAMPS


def _base(connection: sqlite3.Connection) -> tuple[_Base, int]:
    """And the newest stamp."""
    row = connection.execute(
        "SELECT salts, older, before, since, user_version FROM write_ahead_log, pragma_user_version"
    ).fetchone()
    if row is None:
        raise sqlite3.DatabaseError("write_ahead_log has no row")
    return _Base(*row[:4]), _stamp_of(row[4])
