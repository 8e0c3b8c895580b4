"""A company to pay, or one with customers and staff to log in; fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world import people
from tests.world.company import EVERYTHING, SmallCompany, open_copy
from tests.world.scripted_gateway import ScriptedGateway


@pytest.fixture
def company(template: Path, tmp_path: Path) -> Iterator[SmallCompany]:
    made = open_copy(template, tmp_path)
    yield made
    made.assert_books_balance()
    made.ledger.close()


@pytest.fixture
def gateway(company: SmallCompany) -> ScriptedGateway:
    assert isinstance(company.gateway, ScriptedGateway)
    return company.gateway


@pytest.fixture
def bad_card(company: SmallCompany) -> str:
    """The id of the card that declines."""
    with company.ledger.read() as unit:
        methods = unit.methods.of_customer("C-1", EVERYTHING)
    return methods[2].id


@pytest.fixture
def world(tmp_path: Path) -> Iterator[people.World]:
    world = people.make_world(tmp_path)
    yield world
    world.ledger.close()
