"""A stocked ledger, made once and copied for each test that meets a hostile file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proofs.hostile.files.bad import stock
from tests.world.office import LEDGER, Office, open_office, set_up_office


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a ledger with customers, invoices and payments."""
    office = set_up_office(tmp_path_factory.mktemp("stocked"))
    stock(office)
    office.ledger.close()
    return office.folder / LEDGER


@pytest.fixture
def office(stocked: Path, tmp_path: Path) -> Iterator[Office]:
    """With a copy of the stocked ledger."""
    shutil.copy(stocked, tmp_path / LEDGER)
    opened = open_office(tmp_path)
    yield opened
    opened.ledger.close()
