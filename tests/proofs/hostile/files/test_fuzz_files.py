"""Any file at all: it is refused by name with the ledger as it was, or it is in the ledger whole
and the books tie out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.proofs.hostile.files import hostile_files as files
from tests.proofs.hostile.files.rehearsal import Rehearsal
from tests.world.office import Office

fuzzed = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def rehearsal(office: Office, stocked: Path) -> Rehearsal:
    return Rehearsal(office, stocked)


@fuzzed
@given(
    kind=files.KINDS,
    start=st.booleans(),
    content=st.binary(min_size=1, max_size=120),
    suffix=st.sampled_from(["csv", "jsonl"]),
)
def test_bytes(rehearsal: Rehearsal, kind: str, start: bool, content: bytes, suffix: str) -> None:
    rehearsal.start()
    valid = files.VALID[kind][0 if suffix == "csv" else -1].encode() if start else b""
    rehearsal.take(kind, valid + content, file=f"file.{suffix}")


@fuzzed
@given(data=st.data(), kind=files.KINDS, update=st.booleans())
def test_damaged_files(rehearsal: Rehearsal, data: st.DataObject, kind: str, update: bool) -> None:
    rehearsal.start()
    content, name = data.draw(files.damaged(kind))
    rehearsal.take(kind, content, file=name, update=update)


MONEY = st.sampled_from(["invoices", "invoices", "invoices", "payments", "payments", "customers"])


@fuzzed
@given(data=st.data(), kinds=st.lists(MONEY, min_size=1, max_size=4))
def test_tables_one_after_the_other(
    rehearsal: Rehearsal, data: st.DataObject, kinds: list[str]
) -> None:
    rehearsal.start()
    for kind in kinds:
        content = data.draw(files.tables(kind), kind)
        update = data.draw(st.booleans(), "update")
        rehearsal.take(kind, content, file="file.csv", update=update)


@fuzzed
@given(data=st.data(), kind=files.KINDS, update=st.booleans())
def test_json_records(rehearsal: Rehearsal, data: st.DataObject, kind: str, update: bool) -> None:
    rehearsal.start()
    rehearsal.take(kind, data.draw(files.json_records(kind)), file="file.jsonl", update=update)


@fuzzed
@given(table=st.one_of(files.invoices_without_lines(), files.invoices_with_lines()))
def test_what_is_taken_adds_up_to_what_is_written(
    rehearsal: Rehearsal, table: tuple[bytes, Counter[str]]
) -> None:
    content, totals = table
    rehearsal.start()
    result = rehearsal.take("invoices", content, file="file.csv")
    assert result is not None
    assert +Counter(result.added_minor) == +totals
