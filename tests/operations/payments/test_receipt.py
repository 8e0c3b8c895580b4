"""What a receipt shows, whenever it is made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from invoicepay.billing.payment import Allocation, PaymentStatus
from invoicepay.operations.payments.receipt import receipt_of
from tests.operations.mailing.conftest import World, made


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = made(tmp_path / "ledger.db")
    yield world
    world.ledger.close()


def test_a_receipt_made_later_says_what_it_said_at_first(world: World) -> None:
    first = world.pay("p1", PaymentStatus.SUCCEEDED, allocations=(Allocation("INV-1", 30_000),))
    with world.ledger.read() as unit:
        at_first = receipt_of(unit, first)
    world.clock.time += timedelta(days=3)
    world.pay("p2", PaymentStatus.SUCCEEDED, allocations=(Allocation("INV-1", 70_000),))
    with world.ledger.read() as unit:
        later = receipt_of(unit, first)
    assert later == at_first
    assert [i.balance_minor for i in later.invoices] == [70_000]


def test_two_payments_of_one_day_are_told_apart(world: World) -> None:
    first = world.pay("p1", PaymentStatus.SUCCEEDED, allocations=(Allocation("INV-1", 30_000),))
    second = world.pay("p2", PaymentStatus.SUCCEEDED, allocations=(Allocation("INV-1", 70_000),))
    with world.ledger.read() as unit:
        balances = [receipt_of(unit, p).invoices[0].balance_minor for p in (first, second)]
    assert balances == [70_000, 0]
    assert second.effective_on == date(2026, 11, 2)
