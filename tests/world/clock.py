"""A clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 2, 15, tzinfo=UTC)


@dataclass
class StandingClock:
    """Stands until it is moved. Business and real time are the same, or `real_ahead` apart."""

    time: datetime = START
    real_ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.time

    def real_now(self) -> datetime:
        return self.time + self.real_ahead

    def move(self, **by: float) -> None:
        self.time += timedelta(**by)
