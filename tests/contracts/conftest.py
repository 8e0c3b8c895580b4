"""A company whose stores are held to their contracts, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from invoicepay.billing.ports import Unit
from tests.world.company import SmallCompany, open_copy
from tests.world.told import told


@pytest.fixture
def company(template: Path, tmp_path: Path) -> Iterator[SmallCompany]:
    company = open_copy(template, tmp_path)
    yield company
    company.ledger.close()


@pytest.fixture
def unit(company: SmallCompany) -> Iterator[Unit]:
    """A transaction in a ledger without payments."""
    with company.ledger.write() as unit:
        yield unit
        told(unit)
