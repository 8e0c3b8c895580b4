"""The sandbox's clock, which only goes forward and takes the bank along."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from invoicepay.sandbox.advance import advance
from invoicepay.sandbox.clock import now, offset
from invoicepay.sandbox.store import connect

if TYPE_CHECKING:
    from tests.sandbox.conftest import Bare


def test_without_a_file_it_is_real_time_and_no_file_is_made(path: Path) -> None:
    assert offset(path) == timedelta(0)
    before = datetime.now(UTC)
    assert before <= now(path) <= datetime.now(UTC)
    assert not path.exists()


def test_a_file_that_another_process_is_just_making(path: Path) -> None:
    path.touch()
    assert offset(path) == timedelta(0)


def test_a_strange_file_name(tmp_path: Path) -> None:
    path = tmp_path / "100% mine? #1 é.db"
    advance(path, timedelta(seconds=90))
    assert offset(path) == timedelta(seconds=90)
    assert [found.name for found in tmp_path.glob("*.db")] == [path.name]


def test_it_goes_forward_and_adds_up(path: Path) -> None:
    first = advance(path, timedelta(days=1))
    assert first.tzinfo is UTC
    advance(path, timedelta(microseconds=1))
    assert offset(path) == timedelta(days=1, microseconds=1)
    assert now(path) > first


@pytest.mark.parametrize("by", [timedelta(seconds=-1), timedelta.max])
def test_it_neither_goes_back_nor_past_the_end(path: Path, by: timedelta) -> None:
    with pytest.raises(ValueError):
        advance(path, by)
    assert offset(path) == timedelta(0)


def test_what_falls_due_is_done_in_the_order_of_time(bare: Bare, path: Path) -> None:
    """One long step: the debit confirmed first settles first, and its dispute comes after both."""
    early = bare.intent("pm_usBankAccount_dispute")
    bare.confirm(early["id"])
    advance(path, timedelta(hours=1))
    late = bare.intent("pm_usBankAccount_insufficientFunds")
    bare.confirm(late["id"])
    advance(path, timedelta(days=30))
    created = [e["created"] for e in bare.get("/v1/events", {"limit": 100})["data"]]
    assert created == sorted(created, reverse=True)
    assert bare.events()[-7:] == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.failed",
        "payment_intent.payment_failed",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ]


@pytest.mark.parametrize("how", ["read", "write"])
def test_any_request_lets_the_bank_do_what_real_time_made_due(
    bare: Bare, path: Path, how: str
) -> None:
    intent = bare.intent("pm_usBankAccount_success")
    bare.confirm(intent["id"])
    db = connect(path)  # as if the days had passed by themselves, without advance()
    db.execute("UPDATE clock SET offset_microseconds = ?", (96 * 3600 * 10**6,))
    db.close()
    if how == "write":
        bare.customer()
        assert bare.events()[-1] == "customer.created"
    assert bare.get(f"/v1/payment_intents/{intent['id']}")["status"] == "succeeded"


def test_objects_are_dated_by_it(bare: Bare, path: Path) -> None:
    advance(path, timedelta(days=365))
    created = bare.get(f"/v1/customers/{bare.customer()}")["created"]
    assert created >= int((datetime.now(UTC) + timedelta(days=364)).timestamp())


def test_events_are_listed_for_30_days(bare: Bare, path: Path) -> None:
    bare.customer()
    event = bare.get("/v1/events")["data"][0]["id"]
    advance(path, timedelta(days=29))
    assert len(bare.events()) == 1
    advance(path, timedelta(days=2))
    assert bare.events() == []
    assert bare("GET", f"/v1/events/{event}").status == 404


def test_reading_it_imports_neither_server_nor_http(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from invoicepay.sandbox.clock import now; "
        f"now(Path({str(path)!r})); "
        "print([m for m in sys.modules if m.startswith(('http', 'email', 'socketserver')) "
        "or m.startswith('invoicepay.sandbox.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "['invoicepay.sandbox.clock']"
