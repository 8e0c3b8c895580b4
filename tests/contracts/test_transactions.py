"""What every transaction of a Ledger must hold to while others are at work."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TypeVar

import pytest

from invoicepay.billing.errors import DoesNotTie, Refused
from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import MailKind, OutboxMail, Unit
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.ledger.unit import SqliteUnit
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.quote import Quote
from tests.world.clock import START
from tests.world.company import SmallCompany
from tests.world.reruns import every_body_runs_twice, run_in_vain

T = TypeVar("T")


def test_nobody_else_writes_between_its_first_read_and_its_commit(company: SmallCompany) -> None:
    with (
        closing(sqlite3.connect(company.ledger.path, timeout=0)) as other,
        company.ledger.write(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("UPDATE company SET name = 'Other'")


def test_what_points_to_nothing_is_refused(company: SmallCompany) -> None:
    lost = OutboxMail("id@x", MailKind.RECEIVED, "no payment", "a@example.com", created_at=START)

    with pytest.raises(DoesNotTie), company.ledger.write() as unit:
        unit.outbox.add(lost)

    assert company.ledger.integrity() == []


def test_a_body_runs_again_after_all_of_it_was_undone(company: SmallCompany) -> None:
    seen: list[str] = []

    def rename(unit: Unit) -> str:
        before = unit.company.get()
        seen.append(before.name)
        unit.company.put(replace(before, name=f"{before.name}!"))
        unit.journal.append("company.changed", "company", "test", START, {})
        return before.name

    with every_body_runs_twice():
        before = company.ledger.transact(rename)

    assert seen == [before, before]
    with company.ledger.read() as unit:
        assert unit.company.get().name == f"{before}!"


@pytest.mark.parametrize("take", ["clock.now", "clock.real_now", "ids.new", "ids.secret"])
def test_a_body_that_takes_a_time_or_an_id_is_noticed(company: SmallCompany, take: str) -> None:
    """Or tests/operations would not show that none does."""
    port, name = take.split(".")
    with every_body_runs_twice(), pytest.raises(AssertionError, match="may run again"):
        company.ledger.transact(lambda unit: getattr(getattr(company, port), name)())


def test_what_a_rival_does_between_two_runs_is_seen_by_the_second(
    company: SmallCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two payers of one invoice, where the ledger has the first run its claim again."""
    plan = company.payer.call(Quote(("INV-1",))).plan
    assert plan is not None
    transact = SqliteLedger.transact

    def rival_first(self: SqliteLedger, body: Callable[[SqliteUnit], T]) -> T:
        monkeypatch.undo()
        run_in_vain(self, body)
        assert company.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED
        return transact(self, body)

    monkeypatch.setattr(SqliteLedger, "transact", rival_first)
    with pytest.raises(Refused):
        company.payer.call(Pay(plan))
    assert company.invoice("INV-1").balance_minor == 0
