"""Instants are shown in the company's time zone, and in JSON in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from invoicepay.cli.times import time_column
from tests.world.program import DemoCompany

ZONE = ZoneInfo("America/Los_Angeles")


@pytest.fixture
def paid(company: DemoCompany) -> DemoCompany:
    assert company.run("pay INV-1042 --method card --yes").exit_code == 0
    return company


def created(company: DemoCompany) -> datetime:
    (payment, *_) = company.run("payments list --json --limit 1").json
    return datetime.fromisoformat(payment["created_at"]).astimezone(ZONE)


def test_a_payment_is_dated_in_the_company_s_zone(paid: DemoCompany) -> None:
    at = created(paid)
    (payment, *_) = paid.run("payments list --json --limit 1").json
    shown = paid.run(["payments", "show", payment["id"]]).stdout
    assert re.search(rf"Created +{at:%Y-%m-%d %H:%M %Z}\n", shown)


def test_so_are_entries_of_the_journal(paid: DemoCompany) -> None:
    at = created(paid)
    shown = paid.as_("finance").run("audit list --kind payment.claimed --limit 1").stdout
    assert f"Recorded ({at:%Z})" in shown
    assert f"{at:%Y-%m-%d %H:%M}" in shown


def test_of_times_on_both_sides_of_a_change_each_names_its_offset() -> None:
    state: Any = SimpleNamespace(zone=ZONE)
    before = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    after = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
    column = time_column("Sent", [before, after, None], lambda at: at, state)
    assert column.title == "Sent"
    assert [column.value(at) for at in (before, after, None)] == [
        "2026-11-01 01:30 PDT", "2026-11-01 01:30 PST", "",
    ]  # fmt: skip


def test_a_zone_that_is_none_hides_no_payment(paid: DemoCompany) -> None:
    paid.edit("UPDATE company SET time_zone = 'Nowhere/Land'")
    (payment, *_) = paid.run("payments list --json --limit 1").json
    done = paid.run(["payments", "show", payment["id"]])
    assert done.exit_code == 0
    assert " UTC\n" in done.stdout
