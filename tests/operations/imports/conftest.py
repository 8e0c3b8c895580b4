"""Offices to import into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.world.office import CUSTOMERS, set_up_office
from tests.world.office import Office as Office


@pytest.fixture
def hire(tmp_path: Path) -> Iterator[Callable[[], Office]]:
    """Makes offices, each with a ledger of its own, without customers."""
    opened: list[Office] = []

    def make() -> Office:
        opened.append(set_up_office(tmp_path / f"office-{len(opened)}"))
        return opened[-1]

    yield make
    for office in opened:
        office.ledger.close()


@pytest.fixture
def office(hire: Callable[[], Office]) -> Office:
    """With the customers C1 (USD, 30 days) and C2 (EUR, 14 days)."""
    made = hire()
    made.take("customers", CUSTOMERS)
    return made
