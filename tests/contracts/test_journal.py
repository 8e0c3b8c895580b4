"""What every JournalStore must do with entries: keep them, chain them, and find them again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from invoicepay.billing.customer import Customer
from invoicepay.billing.journal import JournalEntry, JournalFilter, JournalHead
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.ledger.stores.journal import chained
from tests.world.clock import START
from tests.world.company import make_template

HOUR = timedelta(hours=1)
WRITTEN = [
    ("payment.claimed", "p-1", 0),
    ("payment.succeeded", "p-1", 1),
    ("payment.claimed", "p-2", 1),
    ("pay", "p-1", 2),
    ("payment.", "p-3", 2),
    ("payments", "p-3", 3),
    ("customer.added", "C-7", 3),
    ("payment.failed", "p-2", 4),
]
"""Kind, subject, and after how many hours."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    ledger = SqliteLedger(make_template(tmp_path))
    yield ledger
    ledger.close()


def write(ledger: SqliteLedger) -> list[JournalEntry]:
    """What is in the journal then, the last first."""
    with ledger.write() as unit:
        head = unit.journal.head()
        assert head is not None
        for n, (kind, subject, hours) in enumerate(WRITTEN):
            unit.journal.append(kind, subject, "finance", START + HOUR * hours, {"n": n, "at": "x"})
        found = unit.journal.page(JournalFilter()).items
    assert [entry.seq for entry in found] == list(range(len(found), 0, -1))
    assert [
        (each.kind, each.subject, each.actor, each.recorded_at, each.data, each.rows)
        for each in reversed(found[: len(WRITTEN)])
    ] == [
        (kind, subject, "finance", START + HOUR * hours, {"n": n, "at": "x"}, 0)
        for n, (kind, subject, hours) in enumerate(WRITTEN)
    ]
    return list(found)


def _selected(entry: JournalEntry, selection: JournalFilter) -> bool:
    """The meaning of a selection, written as plainly as possible."""
    kind = selection.kind
    return (
        (selection.since is None or entry.recorded_at >= selection.since)
        and (not kind or entry.kind == kind or (kind[-1] == "." and entry.kind.startswith(kind)))
        and selection.subject in ("", entry.subject)
    )


def test_a_list_is_what_was_asked_for_the_last_first(
    ledger: SqliteLedger,
) -> None:
    every = write(ledger)
    selections = [
        JournalFilter(START + HOUR * since if since else None, kind, subject)
        for since in (0, 1, 4, 5)
        for kind in ("", "pay", "payment.", "payment.claimed", "payments", "rows", "PAYMENT.")
        for subject in ("", "p-1", "p-2", "p-404")
    ]
    with ledger.read() as unit:
        for selection in selections:
            expected = [entry for entry in every if _selected(entry, selection)]
            for limit in (None, 1, 2, len(every)):
                page = unit.journal.page(selection, limit=limit)
                assert list(page.items) == expected[:limit], selection
                assert page.more == (limit is not None and limit < len(expected))


def test_each_entry_is_chained_to_the_one_before_it(ledger: SqliteLedger) -> None:
    every = write(ledger)
    columns = "seq, recorded_at, kind, subject, actor, data, rows"
    with ledger.read() as unit:
        previous = ""
        for *values, stored in unit._connection.execute(f"SELECT {columns}, hash FROM journal"):
            previous = chained(previous, *values)
            assert values[5] == json.dumps(json.loads(values[5]), sort_keys=True).replace(" ", "")
            assert previous == stored == unit.journal.hash_at(values[0])
        assert unit.journal.head() == JournalHead(every[0].seq, previous)
        assert unit.journal.hash_at(every[0].seq + 1) is None
    # https://csrc.nist.gov/pubs/fips/180-4: `printf '1:1,0:,2:\303\251,' | sha256sum`
    assert chained("", 1, "", "é") == (
        "279382b0cb5f20ffa39d6a1361d1dcbde906e94866e8377d8704d648bd6996a4"
    )


def test_what_a_unit_changed_is_counted_with_its_entry(ledger: SqliteLedger) -> None:
    """However many rows there are, and whatever else of the same name and instant there is."""
    expected = [1500, 1, 1000, 2001, 0]
    for changed in expected:
        with ledger.write() as unit:
            unit.loading.put_customers([Customer(f"X-{n}", str(changed)) for n in range(changed)])
            unit.journal.append_all([("a.part", "many", {})] * 2, "finance", START)
            unit.journal.append("a.whole", "many", "finance", START, {})

    with ledger.read() as unit:
        found = unit.journal.page(JournalFilter(subject="many")).items
        assert unit.journal.verify().differences == ()
    assert [(e.kind, e.rows) for e in reversed(found)] == [
        each for n in expected for each in (("a.part", 0), ("a.part", 0), ("a.whole", n))
    ]
