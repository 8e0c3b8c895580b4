"""Durations as people type them."""

from __future__ import annotations

import re

from invoicepay.billing.errors import Usage

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"([0-9]{1,6})([smhdw])", re.ASCII)


def seconds(text: str) -> int:
    """Seconds of `90s`, `5m`, `4h`, `6d` or `2w`. Raises Usage."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise Usage("usage", f"'{text}' is not a duration", "Write it like 90s, 5m, 4h or 6d.")
    return int(found[1]) * _UNITS[found[2]]
