"""Calendar dates in the company's time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from invoicepay.billing.errors import BadInput, quoted

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY, _MONTH = r"[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[0-9]{4}-[0-9]{2}"
_DAYS = r"([+-][0-9]{1,5})d"


_EPOCH = date(1970, 1, 1).toordinal()


def day_number(day: date) -> int:
    """Days since 1970-01-01: how the ledger has a date."""
    return day.toordinal() - _EPOCH


def date_of(day_number: int) -> date:
    """The date that is so many days after 1970-01-01."""
    return date.fromordinal(day_number + _EPOCH)


class Period(NamedTuple):
    """From the first to the last day, both within it."""

    first: date
    last: date


def parse_period(text: str, today: Callable[[], date]) -> Period:
    """The days that `text` means: `2026-10-31`, `2026-10`, `today`, `yesterday`, `-30d` or `+7d`
    (from today), `this-month` or `last-month`. `today` is asked where it matters. Raises BadInput.
    """
    with suppress(ValueError, OverflowError):
        if re.fullmatch(_DAY, text, re.ASCII):
            day = date.fromisoformat(text)
            return Period(day, day)
        if re.fullmatch(_MONTH, text, re.ASCII):
            return _month(date.fromisoformat(f"{text}-01"))
        if text in ("this-month", "last-month"):
            this = _month(today())
            return this if text == "this-month" else _month(this.first - timedelta(days=1))
        days = {"today": 0, "yesterday": -1}.get(text)
        if days is None and (found := re.fullmatch(_DAYS, text, re.ASCII)):
            days = int(found[1])
        if days is not None:
            day = today() + timedelta(days=days)
            return Period(day, day)
    raise BadInput(
        "bad_date",
        f"{quoted(text)} is not a date",
        "Write it like 2026-10-31, 2026-10, today, yesterday, -30d, +7d, this-month or last-month.",
    )


def _month(day: date) -> Period:
    from calendar import monthrange  # it imports locale, and most commands name no month

    first = day.replace(day=1)
    last = first.replace(day=monthrange(day.year, day.month)[1])
    return Period(first, last)


def check_time_zone(name: str) -> str:
    """Return the IANA zone `name`. Raises BadInput for one that is not known."""
    _zone(name)
    return name


def _zone(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(
            "bad_text", f"'{name}' is not a time zone", "Use an IANA name such as America/New_York."
        ) from None


def local_date(instant: datetime, time_zone: str) -> date:
    """The calendar date of `instant` (aware) in `time_zone` (IANA). Raises BadInput for a zone
    that is not known."""
    if time_zone == "UTC":  # zoneinfo takes 3 ms to import
        return instant.astimezone(UTC).date()
    return instant.astimezone(_zone(time_zone)).date()
