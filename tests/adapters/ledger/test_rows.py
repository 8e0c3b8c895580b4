"""Instants as text sort as instants do, and come back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from invoicepay.ledger.rows import instant_of, instant_text

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
