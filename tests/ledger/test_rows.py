"""Instants as text sort as instants do, and come back; pages say what follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from invoicepay.ledger.rows import Row, instant_of, instant_text, of_page, row_limit

INSTANTS = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))),
)


@given(INSTANTS, INSTANTS)
def test_instants_sort_as_text(one: datetime, other: datetime) -> None:
    assert (instant_text(one) < instant_text(other)) == (one < other)


@given(INSTANTS)
def test_instants_come_back(instant: datetime) -> None:
    text = instant_text(instant)
    assert instant_of(text) == instant
    assert (len(text), text[-1]) == (27, "Z")
    assert instant_of(text).utcoffset() == UTC.utcoffset(None)


def test_a_page_knows_whether_more_rows_follow() -> None:
    rows: list[Row] = [(1,), (2,), (3,)]

    assert of_page(rows, 2) == (rows[:2], True)
    assert of_page(rows, 3) == of_page(rows, None) == of_page(rows, 10**30) == (rows, False)
    assert of_page(rows[:1], 0) == ([], True)
    assert of_page([], 5) == ([], False)
    assert (row_limit(None), row_limit(0), row_limit(2)) == (-1, 1, 3)
    assert row_limit(10**30) < 1 << 63
