"""What numbers of customers and invoices look like (billing.spelling), to find those that look
alike. Kept of those that are not ASCII: what is, looks like itself only.

Not journaled: it follows from the numbers.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from invoicepay.billing.spelling import normalized, skeleton

_RECORDS = ("customer", "invoice")
_TABLE = """\
CREATE TABLE {0}_skeletons (
    skeleton TEXT NOT NULL,
    {0}_id INTEGER NOT NULL REFERENCES {0}s (id),
    PRIMARY KEY (skeleton, {0}_id)
) STRICT, WITHOUT ROWID"""


def make(db: sqlite3.Connection) -> None:
    """The tables, and what they have of a ledger that was written before. A migration, which has
    shipped: whoever changes `skeleton` adds one that calls `fill`."""
    for record in _RECORDS:
        db.execute(_TABLE.format(record))
    fill(db)


def fill(db: sqlite3.Connection) -> None:
    """What `skeleton` says now of every number that is not ASCII."""
    for record in _RECORDS:
        db.execute(f"DELETE FROM {record}_skeletons")
        numbers = db.execute(f"SELECT number FROM {record}s WHERE number GLOB '*[^ -~]*'")
        add(db, f"{record}s", [number for (number,) in numbers])


def add(db: sqlite3.Connection, table: str, numbers: Sequence[str]) -> None:
    """Those of `numbers`, which are in `table` (customers or invoices), that have none yet."""
    if "".join(numbers).isascii():
        return
    record = table[:-1]
    db.executemany(
        f"INSERT INTO {record}_skeletons (skeleton, {record}_id) "
        f"SELECT ?, id FROM {table} WHERE number = ? ON CONFLICT DO NOTHING",
        [(skeleton(number), number) for number in numbers if not number.isascii()],
    )


def ids_alike(text: str, table: str) -> tuple[str, tuple[str, str, str, str]]:
    """A set of ids: those in `table` whose numbers look like `text`; and its parameters."""
    record, form = table[:-1], skeleton(text)
    ids = (
        f"(SELECT id FROM {table} WHERE number IN (?, ?, ?) UNION ALL "
        f"SELECT {record}_id FROM {record}_skeletons WHERE skeleton = ?)"
    )
    return ids, (text, normalized(text), form, form)


def numbers_alike(
    db: sqlite3.Connection, table: str, numbers: Sequence[str]
) -> dict[str, list[str]]:
    """See billing.ports.LoadingStore.alike."""
    record = table[:-1]
    any_kept = db.execute(f"SELECT 1 FROM {record}_skeletons LIMIT 1").fetchone()
    if not any_kept and "".join(numbers).isascii():
        return {}
    forms = {number: skeleton(number) for number in numbers}
    rows = db.execute(
        f"SELECT skeleton, number FROM {record}_skeletons JOIN {table} ON id = {record}_id "
        "WHERE skeleton IN (SELECT value FROM json_each(?))",
        (json.dumps(list(forms.values())),),
    ).fetchall()
    # A number that is ASCII is its own skeleton; here are those that others have as well.
    shared = {form for number, form in forms.items() if not number.isascii()}
    shared |= {form for form, _ in rows}
    rows += db.execute(
        f"SELECT number, number FROM {table} WHERE number IN (SELECT value FROM json_each(?))",
        (json.dumps([form for form in shared if form.isascii()]),),
    ).fetchall()
    found: dict[str, list[str]] = {}
    for form, number in sorted(rows):
        found.setdefault(form, []).append(number)
    return found
