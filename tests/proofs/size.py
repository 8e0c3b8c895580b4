"""How much of a proof is run."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

T = TypeVar("T")


class Size(StrEnum):
    """`--size`: what `make test` runs, what runs in CI besides, or everything."""

    SMALL = "small"
    MIDDLE = "middle"
    FULL = "full"

    @property
    def whole(self) -> bool:
        """Whether a list of cases is gone through, and not only every other one."""
        return self is not Size.SMALL

    def of(self, small: T, middle: T, full: T) -> T:
        return {Size.SMALL: small, Size.MIDDLE: middle, Size.FULL: full}[self]


chosen = Size.SMALL
"""That of this run, known before any test is imported."""
