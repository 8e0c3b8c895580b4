"""What the journal keeps of the ledger: each money row, with the rows that belong to it.

On every connection that writes, triggers store in a temporary table which records were changed, and
what they were before, so that no statement can forget to. A journal entry has a line for each of
them; a commit with changes that are in no entry is refused. Temporary triggers see only their own
connection: an edit by another program is not captured, and `audit verify` finds it as a difference
between the ledger and the journal, also after the record's next change, since a line has the digest
of what the record was before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

NEW = "-"


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that belong to a record. `key` names the record's row, `order` sorts them."""

    table: str
    key: str
    order: str
    columns: str


@dataclass(frozen=True)
class Record:
    """A table whose rows the journal keeps. `label`: the column that people know a row by. A
    migration that changes columns named here must journal every row of the table anew."""

    name: str
    table: str
    key: str
    label: str
    columns: str
    parts: tuple[Part, ...] = ()
    derived: str = ""
    """Columns that follow from other rows."""

    @property
    def names(self) -> list[str]:
        """What the values of a line are, in their order."""
        return ["record", "row", *self.columns.split(), *(part.table for part in self.parts)]

    @cached_property
    def line(self) -> str:
        """An expression: the line of a row of `t`."""
        values = [f"'{self.name}'", f"t.{self.key}", *(f"t.{c}" for c in self.columns.split())]
        for part in self.parts:
            columns = ", ".join(part.columns.split())
            # json() again: a subquery's result has lost that it is JSON.
            values.append(
                f"json((SELECT json_group_array(json_array({columns})) FROM (SELECT * FROM "
                f"{part.table} WHERE {part.key} = t.{self.key} ORDER BY {part.order})))"
            )
        return f"json_array({', '.join(values)})"

    @property
    def lines(self) -> str:
        """Selects the rows' keys and lines."""
        return f"SELECT t.{self.key}, {self.line} FROM {self.table} t"


RECORDS = (
    Record("ledger", "ledger", "one", "id", "id mode gateway_account reconciled_until created_at"),
    Record(
        "company",
        "company",
        "one",
        "name",
        "name address email phone website tax_id time_zone currency terms remit_to",
    ),
    Record(
        "customer",
        "customers",
        "id",
        "number",
        "number name email address currency terms_days gateway_id",
    ),
    Record(
        "contact",
        "contacts",
        "id",
        "email",
        "email name role status",
        (Part("contact_customers", "contact_id", "customer_id", "customer_id"),),
    ),
    Record(
        "invoice",
        "invoices",
        "id",
        "number",
        "number kind customer_id issued_day due_day currency total_minor tax_minor paid_minor "
        "reserved_minor open_minor po_number order_number memo disputed paid_day voided_day "
        "content_digest",
        (
            Part(
                "invoice_lines",
                "invoice_id",
                "position",
                "position description quantity unit_price amount_minor tax_minor tax_rate",
            ),
        ),
        derived="paid_minor reserved_minor open_minor paid_day",
    ),
    Record(
        "method",
        "methods",
        "seq",
        "id",
        "id customer_id type label brand last4 gateway_id exp_month exp_year verified removed "
        "is_default is_preferred",
    ),
    Record(
        "payment",
        "payments",
        "seq",
        "id",
        "id status customer_id currency amount_minor method_type method_label method_id created_at "
        "initiated_by livemode gateway_id reference lease_until settled_at effective_day receipt "
        "failure_code failure_message memo order_number request_digest plan_digest",
        (
            Part("allocations", "payment_seq", "position", "position invoice_id amount_minor"),
            Part(
                "reversals",
                "payment_seq",
                "id",
                "id kind amount_minor effective_day recorded_at reason gateway_id",
            ),
        ),
    ),
    Record(
        "restore",
        "restores",
        "id",
        "id",
        "restored_at since receipts_from wider_rights synced_at confirmed_at",
    ),
)


def install_change_triggers(connection: sqlite3.Connection) -> None:
    """Store from now on which records this connection changes. Not within a transaction."""
    statements = [
        "PRAGMA temp_store = MEMORY",
        "CREATE TEMP TABLE IF NOT EXISTS unjournaled_changes "
        "(record TEXT, row, was TEXT, PRIMARY KEY (record, row)) WITHOUT ROWID",
    ]
    for record in RECORDS:
        # A view, so that the triggers stay short: making them is most of what a first write costs.
        statements.append(
            f"CREATE TEMP VIEW IF NOT EXISTS {record.name}_was (row, line) AS {record.lines}"
        )
        columns = ", ".join(c for c in record.columns.split() if c != "open_minor")
        triggers = [
            (record.table, "AFTER INSERT", "", [("new", record.key)]),
            (record.table, "BEFORE UPDATE", f"OF {columns}", [("old", record.key)]),
        ]
        for part in record.parts:
            old, new = ("old", part.key), ("new", part.key)
            triggers += [
                (part.table, "BEFORE INSERT", "", [new]),
                (part.table, "BEFORE UPDATE", "", [old, new]),
                (part.table, "BEFORE DELETE", "", [old]),
            ]
        for table, event, of, rows in triggers:
            name = f"capture_{table}_{event.split()[1]}"
            inserts = "; ".join(
                _capture(record, f"{row}.{key}", is_new="AFTER" in event) for row, key in rows
            )
            statements.append(
                f"CREATE TEMP TRIGGER IF NOT EXISTS {name} {event} {of} ON main.{table} "
                f"BEGIN {inserts}; END"
            )
    connection.executescript(";\n".join(statements))


def _capture(record: Record, row: str, *, is_new: bool) -> str:
    """A trigger's statement. Only the first change in a transaction is stored, with what the record
    was before."""
    if is_new:
        return f"INSERT INTO unjournaled_changes VALUES ('{record.name}', {row}, NULL)"
    was = f"(SELECT line FROM {record.name}_was WHERE row = {row})"
    # A bare `row = old.id` would compare as numbers, for which the key is no index.
    return (
        f"INSERT INTO unjournaled_changes SELECT '{record.name}', {row}, {was} WHERE NOT EXISTS "
        f"(SELECT 1 FROM unjournaled_changes WHERE record = '{record.name}' AND row = +{row})"
    )


def all_journaled(connection: sqlite3.Connection) -> bool:
    """Whether every change is in a journal entry."""
    return connection.execute("SELECT 1 FROM temp.unjournaled_changes LIMIT 1").fetchone() is None


def journal_lines(connection: sqlite3.Connection) -> Iterator[str]:
    """A line for each changed record that is in no journal entry yet: JSON, a space, and the digest
    of what it was (`NEW` for one that was not there). The changes count as journaled then."""
    names = connection.execute("SELECT DISTINCT record FROM temp.unjournaled_changes")
    changed = {name for (name,) in names}
    for record in RECORDS:
        if record.name in changed:
            for line, was in connection.execute(
                f"SELECT {record.line}, u.was FROM temp.unjournaled_changes u "
                f"CROSS JOIN {record.table} t ON t.{record.key} = u.row "
                f"WHERE u.record = '{record.name}' ORDER BY u.row"
            ):
                yield f"{line} {NEW if was is None else digest(was.encode())}"
    if changed:
        connection.execute("DELETE FROM temp.unjournaled_changes")


def digest(line: bytes) -> str:
    """Of a record's JSON: SHA-256, the first 128 bits."""
    import hashlib  # loads OpenSSL; reading needs none of it

    return hashlib.sha256(line).hexdigest()[:32]


def lines_of(connection: sqlite3.Connection, record: Record) -> Iterator[tuple[int | str, str]]:
    """All rows' keys and lines, in the order of the keys."""
    return iter(connection.execute(f"{record.lines} ORDER BY 1"))
