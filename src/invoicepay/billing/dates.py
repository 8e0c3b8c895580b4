"""Calendar dates in the company's time zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from invoicepay.billing.errors import BadInput

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def parse_date(text: str) -> date:
    """The date of `2026-10-31`. Raises BadInput."""
    if re.fullmatch(_ISO, text, re.ASCII):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    shown = text if len(text) <= 40 else text[:37] + "..."
    raise BadInput("bad_date", f"'{shown}' is not a date", "Write it like 2026-10-31.")


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
