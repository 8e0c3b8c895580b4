"""Progress of bulk work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Started:
    """First of the results: how many will follow."""

    total: int
