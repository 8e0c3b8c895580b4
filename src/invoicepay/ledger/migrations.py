"""The ledger's schema, as numbered migrations. One that has shipped is never edited.

Imported only when a ledger is made or is behind: sqlite_utils takes longer to import than
most commands take to run.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from invoicepay.ledger import skeletons
from invoicepay.ledger.log import put_stamp
from invoicepay.ledger.schema import LEDGER, SCHEMA_VERSION

migrations = Migrations("invoicepay")


def migrate(connection: sqlite3.Connection, log: str) -> None:
    """All pending migrations and the version, in one transaction. `log`: see put_stamp."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        migrations.apply(Database(connection))
        put_stamp(connection, log, SCHEMA_VERSION)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@migrations(name="0001_ledger")
def ledger(db: Database) -> None:
    """Everything that one payment needs, end to end."""
    for statement in LEDGER.split(";;"):
        if statement.strip():
            db.execute(statement)


@migrations(name="0002_test_mode")
def test_mode(db: Database) -> None:
    """The mode `test`. A check cannot be changed, so the one row moves into a new table; what the
    journal has of it stays as it is."""
    for statement in _TEST_MODE.split(";;"):
        if statement.strip():
            db.execute(statement)


@migrations(name="0003_comparison")
def comparison(db: Database) -> None:
    """How far the payments have been compared with the gateway: a number of the journal's.

    Not journaled: money never moves on it, an entry for each `sync` of a quiet day would say
    nothing, and each would be one more entry to come to. So an edit of it does not show, and
    `doctor --all` does not look at it.
    """
    for statement in _COMPARISON.split(";;"):
        db.execute(statement)


@migrations(name="0004_restores")
def restores(db: Database) -> None:
    """Backups that were put in place, and what the write-ahead log builds upon (log.py)."""
    for statement in _RESTORES.split(";;"):
        db.execute(statement)


@migrations(name="0005_outbox")
def outbox(db: Database) -> None:
    """Who is sending an e-mail, apart from when it is due; and e-mail that was given up."""
    for statement in _OUTBOX.split(";"):
        db.execute(statement)


@migrations(name="0006_acknowledgements")
def acknowledgements(db: Database) -> None:
    """Which contact has been told how a payment stands."""
    db.execute(_ACKNOWLEDGEMENTS)


@migrations(name="0007_keys")
def keys(db: Database) -> None:
    """Finds the payments of a key, with which their `request_digest` begins."""
    db.execute(_KEYS)


@migrations(name="0008_unplaced")
def unplaced(db: Database) -> None:
    """What a charge was for that could not be put on its invoices when it was adopted."""
    db.execute(_UNPLACED)


@migrations(name="0009_skeletons")
def look_alikes(db: Database) -> None:
    """What numbers look like. They stay as they are: papers, the journal and the gateway have
    them so."""
    skeletons.make(db.conn)


@migrations(name="0010_more_look_alikes")
def more_look_alikes(db: Database) -> None:
    """`skeleton` knows more letters and dashes."""
    skeletons.fill(db.conn)


_TEST_MODE = """
ALTER TABLE ledger RENAME TO ledger_before;;
CREATE TABLE ledger (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('sandbox', 'test', 'live')),
    gateway_account TEXT NOT NULL DEFAULT '',
    reconciled_until TEXT,
    created_at TEXT NOT NULL
) STRICT;;
INSERT INTO ledger (one, id, mode, gateway_account, reconciled_until, created_at)
SELECT one, id, mode, gateway_account, reconciled_until, created_at FROM ledger_before;;
DROP TABLE ledger_before;;
CREATE TRIGGER ledger_is_for_good BEFORE UPDATE ON ledger
WHEN new.id <> old.id OR new.mode <> old.mode
  OR (old.gateway_account <> '' AND new.gateway_account <> old.gateway_account)
BEGIN SELECT RAISE(ABORT, 'a ledger keeps its id, mode and gateway account'); END
"""

_COMPARISON = """
CREATE TABLE comparison (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    done_until INTEGER NOT NULL CHECK (done_until >= 0)
) STRICT;;
INSERT INTO comparison VALUES (1, 0)
"""

# Not in the journal: it decides whether a payer is warned once, not what anything is worth.
_ACKNOWLEDGEMENTS = """
CREATE TABLE acknowledgements (
    payment_seq INTEGER NOT NULL REFERENCES payments (seq),
    contact TEXT NOT NULL,
    acknowledged_at TEXT NOT NULL,
    PRIMARY KEY (payment_seq, contact)
) STRICT, WITHOUT ROWID
"""

_UNPLACED = """
CREATE TABLE unplaced (
    payment_seq INTEGER NOT NULL REFERENCES payments (seq),
    invoice TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    PRIMARY KEY (payment_seq, invoice)
) STRICT, WITHOUT ROWID
"""

_KEYS = """
CREATE INDEX payments_with_key ON payments (request_digest) WHERE request_digest <> ''
"""

_OUTBOX = """
ALTER TABLE outbox ADD COLUMN in_hand_until TEXT;
ALTER TABLE outbox ADD COLUMN discarded_at TEXT;
DROP INDEX outbox_waiting;
CREATE INDEX outbox_owed ON outbox (due_at) WHERE sent_at IS NULL AND discarded_at IS NULL;
CREATE INDEX outbox_of_payment ON outbox (payment_id)
"""

_RESTORES = """
CREATE TABLE restores (
    id INTEGER PRIMARY KEY,
    restored_at TEXT NOT NULL,
    since TEXT NOT NULL,
    receipts_from INTEGER NOT NULL CHECK (receipts_from > 0),
    wider_rights TEXT NOT NULL,
    synced_at TEXT,
    confirmed_at TEXT,
    CHECK (confirmed_at IS NULL OR synced_at IS NOT NULL)
) STRICT;;
CREATE TABLE write_ahead_log (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    salts BLOB NOT NULL,
    older INTEGER NOT NULL,
    before INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT;;
INSERT INTO write_ahead_log VALUES (1, x'', 0, 0, 0)
"""
