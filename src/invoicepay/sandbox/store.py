"""The sandbox's SQLite file: its schema, and the unit of work that every change goes through."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EACCES
from pathlib import Path
from typing import Any

from invoicepay.sandbox.clock import BUSY_SECONDS, SandboxFileError
from invoicepay.sandbox.wire import API_VERSION, Doc, StripeError

APPLICATION_ID = 0x49505342  # "IPSB"
SCHEMA_VERSION = 1

# `seq` is the order in which things happened, and the order of every list. `json_extract` with
# these very paths is what the listing asks for, so the expression indexes serve it.
_SCHEMA = """
CREATE TABLE objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX objects_by_kind ON objects (kind, seq);
CREATE INDEX objects_by_customer ON objects (kind, json_extract(body, '$.customer'), seq);
CREATE INDEX objects_by_intent ON objects (kind, json_extract(body, '$.payment_intent'), seq);

-- What the bank will do, and when (unix seconds on the sandbox's clock).
CREATE TABLE due (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    step TEXT NOT NULL,
    object TEXT NOT NULL
) STRICT;
CREATE INDEX due_at ON due (at, seq);

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    created INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    parameters TEXT NOT NULL,
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX idempotency_created ON idempotency (created);

CREATE TABLE faults (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    match TEXT NOT NULL,
    kind TEXT NOT NULL,
    seconds REAL NOT NULL,
    skip INTEGER NOT NULL,
    times INTEGER NOT NULL
) STRICT;

CREATE TABLE clock (offset_microseconds INTEGER NOT NULL) STRICT;
INSERT INTO clock VALUES (0);
CREATE TABLE account (id TEXT NOT NULL, created INTEGER NOT NULL) STRICT;
"""

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def new_id(prefix: str, length: int = 24) -> str:
    """A random id; 62 does not divide 256, so bytes above the last multiple are thrown away."""
    letters = bytearray()
    while len(letters) < length:
        letters += bytes(_ALPHABET[b % 62] for b in os.urandom(length) if b < 248)
    return f"{prefix}_{letters[:length].decode()}"


def connect(path: Path) -> sqlite3.Connection:
    """Open the sandbox's file, making it first where there is none.

    WAL with synchronous=NORMAL: a killed process loses nothing; a power cut may lose the last
    requests of a practice bank, never its consistency.
    """
    # Only its owner reads it, from the first byte; SQLite gives -wal and -shm the same mode.
    # One that is there is not opened: closing it would drop the locks that this process's other
    # connections hold (POSIX), and the next program to close it would delete the -wal under them.
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(EACCES, os.strerror(EACCES), str(path)) from None
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        if _versions(db) != (APPLICATION_ID, SCHEMA_VERSION):
            _initialise(db, path)
        db.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.DatabaseError as error:
        db.close()
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise SandboxFileError(f"{path} is not a SQLite file") from error
    except BaseException:
        db.close()
        raise
    return db


def _versions(db: sqlite3.Connection) -> tuple[int, int]:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (schema,) = db.execute("PRAGMA user_version").fetchone()
    return application, schema


def _initialise(db: sqlite3.Connection, path: Path) -> None:
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    application, schema = _versions(db)
    if application != APPLICATION_ID and (application or tables):
        raise SandboxFileError(f"{path} belongs to another application")
    if schema > SCHEMA_VERSION:
        raise SandboxFileError(f"{path} was made by a newer version")
    _enter_wal(db)
    with immediate(db):
        if _versions(db) == (APPLICATION_ID, SCHEMA_VERSION):
            return  # another process was faster
        for statement in _SCHEMA.split(";\n"):
            db.execute(statement)
        db.execute("INSERT INTO account VALUES (?, ?)", (new_id("acct", 16), int(time.time())))
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _enter_wal(db: sqlite3.Connection) -> None:
    """SQLite does not wait for others when it changes the journal mode, so this does."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.005)


@contextmanager
def immediate(db: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: all of it or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        rollback(db)
        raise


def rollback(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        with suppress(sqlite3.OperationalError):  # SQLite may have rolled back by itself
            db.execute("ROLLBACK")


@dataclass(frozen=True)
class Unit:
    """What one request, or one step of the bank, reads and changes, and when it happens."""

    db: sqlite3.Connection
    at: int  # unix seconds on the sandbox's clock
    request: str | None = None  # None: the bank did it
    key: str | None = None

    def find(self, kind: str, id: str) -> Doc | None:
        row = self.db.execute(
            "SELECT body FROM objects WHERE id = ? AND kind = ?", (id, kind)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def get(self, kind: str, id: str, param: str, status: int = 404) -> Doc:
        """The object, or a refusal: 404 where the URL names it, 400 where a parameter does."""
        found = self.find(kind, id)
        if found is None:
            label = {"payment_method": "PaymentMethod"}.get(kind, kind)
            raise StripeError(
                status, f"No such {label}: '{id[:100]}'", code="resource_missing", param=param
            )
        return found

    def insert(self, document: Doc) -> Doc:
        self.db.execute(
            "INSERT INTO objects (id, kind, created, body) VALUES (?, ?, ?, ?)",
            (document["id"], document["object"], document["created"], _dump(document)),
        )
        return document

    def update(self, document: Doc) -> Doc:
        self.db.execute(
            "UPDATE objects SET body = ? WHERE id = ?", (_dump(document), document["id"])
        )
        return document

    def schedule(self, step: str, document: Doc, after: int) -> None:
        """Let the bank do `step` with the document, `after` seconds from now."""
        self.db.execute(
            "INSERT INTO due (at, step, object) VALUES (?, ?, ?)",
            (self.at + after, step, document["id"]),
        )

    def emit(self, type: str, document: Doc, previous: Doc | None = None) -> None:
        """Record an event with a snapshot of the document as it is now."""
        data: Doc = {"object": public(document)}
        if previous is not None:
            data["previous_attributes"] = previous
        self.insert(
            {
                "id": new_id("evt"),
                "object": "event",
                "api_version": API_VERSION,
                "created": self.at,
                "data": data,
                "livemode": False,
                "pending_webhooks": 0,
                "request": {"id": self.request, "idempotency_key": self.key},
                "type": type,
            }
        )


def public(document: Doc) -> Doc:
    """The document without the sandbox's own notes on it, whose names start with `_`."""
    return {name: value for name, value in document.items() if not name.startswith("_")}


def _dump(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))
