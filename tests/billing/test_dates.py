"""Days and months as people type them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicepay.billing.dates import Period, parse_period
from invoicepay.billing.errors import BadInput

TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-10-31", "2026-10-31", "2026-10-31"),
        ("2026-10", "2026-10-01", "2026-10-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-12", "2026-12-01", "2026-12-31"),
        ("today", "2026-03-31", "2026-03-31"),
        ("yesterday", "2026-03-30", "2026-03-30"),
        ("-30d", "2026-03-01", "2026-03-01"),
        ("+7d", "2026-04-07", "2026-04-07"),
        ("-0d", "2026-03-31", "2026-03-31"),
        ("this-month", "2026-03-01", "2026-03-31"),
        ("last-month", "2026-02-01", "2026-02-28"),
    ],
)
def test_what_is_meant(text: str, first: str, last: str) -> None:
    meant = parse_period(text, lambda: TODAY)
    assert meant == Period(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-13-01", "2026-02-30", "2026-00", "2026", "30d", "-30", "-d", "+99999d"),
        *("tomorrow ", "Today", "2026-10-31 ", "-٣d", "+5w", "last-week", "20261031", "31.10.2026"),
    ],
)
def test_what_is_not_a_day_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_period(text, lambda: date(9990, 1, 1))
    assert refused.value.code == "bad_date"
    for example in ("2026-10-31", "2026-10", "today", "-30d", "last-month"):
        assert example in refused.value.hint
        parse_period(example, lambda: TODAY)


@given(today=st.dates(date(1000, 1, 1), date(9000, 1, 1)))
def test_months_follow_each_other_without_a_gap(today: date) -> None:
    this, last = (parse_period(f"{name}-month", lambda: today) for name in ("this", "last"))
    assert this.first <= today <= this.last
    assert last.last + timedelta(days=1) == this.first
    assert last.first.day == this.first.day == (this.last + timedelta(days=1)).day == 1


def test_a_day_that_is_written_out_asks_nobody_for_today() -> None:
    def nobody() -> date:
        raise AssertionError

    assert parse_period("2026-10-31", nobody).first == date(2026, 10, 31)
    assert parse_period("2026-10", nobody).last == date(2026, 10, 31)
