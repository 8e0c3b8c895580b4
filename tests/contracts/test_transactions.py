"""What every transaction of a Ledger must hold to while others are at work."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from invoicepay.billing.errors import DoesNotTie
from invoicepay.billing.ports import MailKind, OutboxMail
from tests.world.clock import START
from tests.world.company import SmallCompany


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
