"""Durations as people type them."""

from __future__ import annotations

import pytest

from invoicepay.billing.errors import Usage
from invoicepay.cli.durations import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0s", 0), ("90s", 90), ("5m", 300), ("4h", 14_400), ("6d", 518_400), ("2w", 1_209_600)],
)
def test_seconds(text: str, expected: int) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "5", "m", "-5m", "+5m", "5 m", " 5m", "5M", "1.5h", "1e3s", "٥m", "５m", "9999999d"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Usage, match="not a duration"):
        seconds(text)
