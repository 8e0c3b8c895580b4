"""The append-only journal, each entry chained to the one before it by its hash."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from invoicepay.billing.errors import DoesNotTie
from invoicepay.billing.invoice import Page
from invoicepay.billing.journal import (
    REBUILT,
    Difference,
    JournalCheck,
    JournalEntry,
    JournalFilter,
    JournalHead,
)
from invoicepay.billing.spelling import spellings
from invoicepay.ledger import records
from invoicepay.ledger.rows import (
    Row,
    instant_of,
    instant_text,
    of_page,
    reads,
    row_limit,
)

_COLUMNS = "seq, recorded_at, kind, subject, actor, data, rows, hash"
_MOST_ROWS = 1000
"""Lines in one entry; a large import has parts before its own."""
_PART = "rows"
"""Kind of an entry that carries rows of the one that follows it."""
_MOST_SHOWN = 100
"""Differences are listed up to here: a file that is damaged has thousands."""


def chained(previous: str, *values: object) -> str:
    """The hash of an entry: SHA-256 (FIPS 180-4) of the hash before it (nothing before the
    first) and the entry's values in the order of the columns, each as a netstring."""
    digest = hashlib.sha256(previous.encode())
    for value in values:
        text = value if isinstance(value, bytes) else str(value).encode()
        digest.update(b"%d:%b," % (len(text), text))
    return digest.hexdigest()


class Journal:
    """Implements billing.ports.JournalStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def append(
        self, kind: str, subject: str, actor: str, at: datetime, data: Mapping[str, object]
    ) -> None:
        instant = instant_text(at)
        lines: list[str] = []
        for line in records.journal_lines(self._db):
            if len(lines) == _MOST_ROWS:
                self._add(instant, _PART, subject, actor, {}, lines)
                lines.clear()
            lines.append(line)
        self._add(instant, kind, subject, actor, data, lines)

    def append_all(
        self, entries: Sequence[tuple[str, str, Mapping[str, object]]], actor: str, at: datetime
    ) -> None:
        instant = instant_text(at)
        for kind, subject, data in entries:
            self._add(instant, kind, subject, actor, data, ())

    def _add(
        self,
        instant: str,
        kind: str,
        subject: str,
        actor: str,
        data: Mapping[str, object],
        lines: Sequence[str],
    ) -> None:
        head = self.head()
        values = (
            head.seq + 1 if head else 1,
            instant,
            kind,
            subject,
            actor,
            json.dumps(data, sort_keys=True, separators=(",", ":")),
            "\n".join(lines),
        )
        self._db.execute(
            f"INSERT INTO journal ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, chained(head.hash if head else "", *values)),
        )

    def head(self) -> JournalHead | None:
        row = self._db.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        return _head(row) if row else None

    def hash_at(self, seq: int) -> str | None:
        row = self._db.execute("SELECT hash FROM journal WHERE seq = ?", (seq,)).fetchone()
        return row[0] if row else None

    def page(self, selection: JournalFilter, *, limit: int | None = None) -> Page[JournalEntry]:
        terms, values = [f"kind <> '{_PART}'"], dict[str, Any]()
        if selection.since is not None:
            terms.append("recorded_at >= :since")
            values["since"] = instant_text(selection.since)
        if selection.kind:
            several = selection.kind.endswith(".")
            terms.append("substr(kind, 1, length(:kind)) = :kind" if several else "kind = :kind")
            values["kind"] = selection.kind
        if selection.subject:
            names = {f"subject{n}": name for n, name in enumerate(spellings(selection.subject))}
            terms.append(f"subject IN ({', '.join(f':{name}' for name in names)})")
            values |= names
        rows = self._db.execute(
            f"SELECT seq, recorded_at, kind, subject, actor, data, {_COUNT}, hash FROM journal j "
            f"WHERE {' AND '.join(terms)} ORDER BY seq DESC LIMIT :limit",
            values | {"limit": row_limit(limit)},
        ).fetchall()
        rows, more = of_page(rows, limit)
        return Page(tuple(map(_entry, rows)), more)

    def verify(self) -> JournalCheck:
        with _as_bytes(self._db):
            return _Replay(self._db).check()


# Of an entry, with the parts between it and the entry before it.
_COUNT = f"""(
    SELECT coalesce(sum(length(p.rows) - length(replace(p.rows, char(10), '')) + 1), 0)
    FROM journal p WHERE p.rows <> '' AND p.seq <= j.seq AND p.seq > coalesce((SELECT max(seq)
    FROM journal WHERE seq < j.seq AND kind <> '{_PART}'), 0))"""


@reads("the journal's last entry", "i s")
def _head(row: Row) -> JournalHead:
    return JournalHead(*row)


@reads("a journal entry", "i s s s s s i s")
def _entry(row: Row) -> JournalEntry:
    seq, recorded_at, kind, subject, actor, data, rows, hash_ = row
    try:
        at, values = instant_of(recorded_at), json.loads(data)
        if not isinstance(values, dict):
            raise ValueError("it is no object")
        return JournalEntry(seq, at, kind, subject, actor, values, rows, hash_)
    except (ValueError, RecursionError):
        raise DoesNotTie(
            "journal_differs",
            f"journal entry {seq} cannot be read",
            "`invoicepay audit verify` says what else was changed.",
        ) from None


@contextmanager
def _as_bytes(connection: sqlite3.Connection) -> Iterator[None]:
    """Text as bytes: what is damaged need not be UTF-8."""
    connection.text_factory = bytes
    try:
        yield
    finally:
        connection.text_factory = str


class _Replay:
    """Every hash computed again, and every money row as the journal last had it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._entries = self._rows = self._count = 0
        self._all_derived = True
        self._head: JournalHead | None = None
        self._last: dict[str, dict[Any, bytes]] = {r.name: {} for r in records.RECORDS}
        self._differences: list[Difference] = []

    def check(self) -> JournalCheck:
        self._follow_chain()
        for record in records.RECORDS:
            self._compare(record)
        return JournalCheck(
            entries=self._entries,
            rows=self._rows,
            head=self._head,
            differences=tuple(self._differences),
            count=self._count,
            all_derived=self._all_derived,
        )

    def _differ(self, what: str, expected: str, found: str, derived_of: str = "") -> None:
        self._count += 1
        self._all_derived &= bool(derived_of)
        if len(self._differences) < _MOST_SHOWN:
            self._differences.append(Difference(what, expected, found, derived_of))

    def _follow_chain(self) -> None:
        previous, open_part = "", None
        entries = self._db.execute(f"SELECT {_COLUMNS} FROM journal ORDER BY seq")
        for seq, recorded_at, kind, subject, actor, data, rows, stored in entries:
            hash_ = stored.decode(errors="replace") if isinstance(stored, bytes) else str(stored)
            self._entries += 1
            if seq != self._entries:
                self._differ("number of a journal entry", str(self._entries), str(seq))
                self._entries = seq
            computed = chained(previous, seq, recorded_at, kind, subject, actor, data, rows)
            if computed != hash_:
                self._differ(f"hash of journal entry {seq}", computed, hash_)
            # Rows that are too many for one entry go before it: nothing else is left out of lists.
            of_whom = (recorded_at, subject, actor)
            if open_part not in (None, of_whom):
                self._differ(f"journal entry {seq}", "the end of the one before it", "another")
            open_part = of_whom if kind == _PART.encode() else None
            previous, self._head = hash_, JournalHead(seq, hash_)
            # An entry that puts figures right says itself what they were.
            self._take(seq, rows, compare=kind != REBUILT.encode())
        if open_part is not None:
            self._differ("end of the journal", "an entry that sums up the rows", "none")

    def _take(self, seq: int, lines: object, *, compare: bool) -> None:
        for text in lines.splitlines() if isinstance(lines, bytes) else ():
            line, _, was = text.rpartition(b" ")
            try:
                name, row, *_ = json.loads(line)
                last = self._last[name]
                before = last.get(row)
            except (ValueError, TypeError, KeyError, RecursionError):
                continue  # its entry's hash has said so
            expected = records.NEW if before is None else records.digest(before)
            if compare and was != expected.encode():
                what = f"{name} in row {row}, before journal entry {seq}"
                self._differ(what, "as the journal had it", "changed by something else")
            last[row] = line

    def _compare(self, record: records.Record) -> None:
        last = self._last[record.name]
        for row, line in records.lines_of(self._db, record):
            self._rows += 1
            key = row.decode(errors="replace") if isinstance(row, bytes) else row
            expected, found = last.pop(key, None), bytes(line)  # type: ignore[arg-type]
            if expected is None:
                self._differ(f"{record.name} in row {key}", "none", _text(found))
            elif expected != found:
                self._explain(record, expected, found)
        for key, gone in last.items():
            self._differ(f"{record.name} in row {key}", _text(gone), "none")

    def _explain(self, record: records.Record, expected: bytes, found: bytes) -> None:
        """Which columns differ."""
        try:
            was, now = json.loads(expected), json.loads(found.decode(errors="replace"))
            label = was[record.names.index(record.label)]
            columns = [
                (name, a, b) for name, a, b in zip(record.names, was, now, strict=True) if a != b
            ]
        except (ValueError, IndexError):
            columns, label = [], ""
        for name, a, b in columns:
            derived_of = label if name in record.derived.split() else ""
            self._differ(f"{name} of {record.name} {label}", _shown(a), _shown(b), derived_of)
        if not columns:
            self._differ(f"{record.name} {label}", _text(expected), _text(found))


def _text(line: bytes) -> str:
    return line.decode(errors="replace")


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
