"""Ctrl-C, SIGTERM and SIGHUP: before a charge they release, then they say that there may be one,
and once it is known how it ended, they change nothing."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from invoicepay.sandbox.faults import add_fault
from tests.world.program import HANGS_AFTER, DemoCompany, Result

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
CTRL_C_FIRST = [SIGNALS[0], *(pytest.param(s, marks=pytest.mark.middle) for s in SIGNALS[1:])]
CREATE, CONFIRM = "POST /v1/payment_intents", "POST /v1/payment_intents/*/confirm"
LONG = 600.0
"""Seconds that the gateway takes to answer: longer than anybody waits here."""
full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
PART = "pay INV-1042 --amount INV-1042=100 --yes"


def wait_until(file: Path, query: str) -> str:
    """The first column of the first row that `query` finds in a database, once there is one."""
    until = time.monotonic() + HANGS_AFTER
    while time.monotonic() < until:
        with closing(sqlite3.connect(file)) as database:
            row = database.execute(query).fetchone()
        if row:
            return str(row[0])
        time.sleep(0.02)
    raise AssertionError(f"never found: {query}")


def interrupted(
    company: DemoCompany, number: signal.Signals, *, at: str, charged: bool = False
) -> tuple[Result, str]:
    """How a payment of a part ends when it gets a signal while the gateway is long about the
    request `at`, and the payment's id. `charged`: once the bank has charged it."""
    add_fault(company.sandbox, at, "delay", seconds=LONG)
    status = "claimed" if at == CREATE else "submitted"
    with company.at_terminal(PART) as run:
        # Later requests must not be the first to meet it.
        wait_until(company.sandbox, "SELECT 'met' WHERE NOT EXISTS (SELECT * FROM faults)")
        payment = wait_until(company.ledger, f"SELECT id FROM payments WHERE status = '{status}'")
        if charged:
            wait_until_charged(company)
        run.interrupt(number)
        return run.end(), payment


@pytest.mark.parametrize("number", SIGNALS)
def test_before_the_confirm_it_is_released(company: DemoCompany, number: signal.Signals) -> None:
    result, payment = interrupted(company, number, at=CREATE)

    assert result.exit_code == 130
    assert result.stderr.endswith("invoicepay: interrupted; nothing was charged.\n")
    shown = company.run(f"payments show {payment} --json").json
    assert (shown["status"], shown["failure_code"]) == ("canceled", "given_up")
    assert company.run("invoices show INV-1042 --json").json["processing_minor"] == 0
    assert company.run(f"{PART} --json").json["status"] == "succeeded"


@pytest.mark.parametrize("number", SIGNALS)
def test_after_the_confirm_it_says_that_it_may_have_been_charged(
    company: DemoCompany, number: signal.Signals
) -> None:
    result, payment = interrupted(company, number, at=CONFIRM)

    assert result.exit_code == 6
    assert f"Making payment {payment}." in result.stderr
    (told,) = [line for line in result.stderr.splitlines() if line.startswith("invoicepay:")]
    assert payment in told
    assert "may have been charged" in told
    assert "Do not pay again" in told


def test_whoever_pays_again_all_the_same_is_told_of_the_charge(company: DemoCompany) -> None:
    _, payment = interrupted(company, signal.SIGINT, at=CONFIRM, charged=True)
    let_the_lease_end(company, payment)

    again = company.run(f"{PART} --json")
    assert (again.exit_code, again.error["code"]) == (7, "not_acknowledged")
    assert again.error["payment"] == payment
    assert company.run(f"payments show {payment} --json").json["status"] == "succeeded"

    more = company.run(f"{PART} --json").json
    assert more["id"] != payment
    assert company.run("invoices show INV-1042 --json").json["paid_minor"] == 2 * 100_00


def test_whoever_was_killed_is_told_of_the_charge(company: DemoCompany) -> None:
    result, payment = interrupted(company, signal.SIGKILL, at=CONFIRM, charged=True)
    assert result.exit_code == -signal.SIGKILL
    assert payment in result.stderr

    while_it_may_go_on = company.run(f"{PART} --json")
    let_the_lease_end(company, payment)
    afterwards = company.run(f"{PART} --json")

    assert while_it_may_go_on.error["code"] == "in_flight"
    assert while_it_may_go_on.error["payment"] == payment
    assert afterwards.error["code"] == "not_acknowledged"
    assert charges(company) == 1


def test_cron_does_not_take_note_in_a_payers_stead(company: DemoCompany) -> None:
    _, payment = interrupted(company, signal.SIGKILL, at=CONFIRM, charged=True)
    let_the_lease_end(company, payment)
    token = company.run("tokens create cron --json").json["token"]

    company.as_("finance").run("sync")
    assert company.run("sync --json", INVOICEPAY_TOKEN=token).exit_code == 0

    assert company.run(f"{PART} --json").error["code"] == "not_acknowledged"


def test_a_log_of_a_payers_own_sync_tells_nobody(company: DemoCompany) -> None:
    _, payment = interrupted(company, signal.SIGKILL, at=CONFIRM, charged=True)
    let_the_lease_end(company, payment)

    assert payment in company.run("sync").stdout

    assert company.run(f"{PART} --json").error["code"] == "not_acknowledged"


def test_a_payers_own_sync_at_a_terminal_takes_note(company: DemoCompany) -> None:
    _, payment = interrupted(company, signal.SIGKILL, at=CONFIRM, charged=True)
    let_the_lease_end(company, payment)

    with company.at_terminal("sync", screen=True) as run:
        assert run.end().exit_code == 0
        assert payment[:8] in run.shown()

    assert company.run(f"{PART} --json").json["status"] == "succeeded"


def test_an_outcome_that_nobody_could_read_is_not_acknowledged(company: DemoCompany) -> None:
    """As with `| head -0`: whoever should have read it has gone."""
    with company.at_terminal(f"{PART} --json") as run:
        run.close_stdout()
        run.end()

    assert company.run(f"{PART} --json").error["code"] == "not_acknowledged"


@pytest.mark.parametrize("number", CTRL_C_FIRST)
def test_while_a_refusal_is_noted_it_stays_that_refusal(
    company: DemoCompany, number: signal.Signals
) -> None:
    """It has been shown, and the ledger is locked, so that it cannot be noted yet."""
    _, payment = interrupted(company, signal.SIGKILL, at=CONFIRM, charged=True)
    let_the_lease_end(company, payment)
    company.as_("finance").run("sync")

    with closing(sqlite3.connect(company.ledger, isolation_level=None)) as ledger:
        ledger.execute("BEGIN IMMEDIATE")
        with company.at_terminal(f"{PART} --json") as run:
            run.wait_for("not_acknowledged")
            run.interrupt(number)
            ledger.execute("ROLLBACK")
            result = run.end()

    assert (result.exit_code, result.error["code"]) == (7, "not_acknowledged")
    assert company.run(f"{PART} --json").json["status"] == "succeeded"


@pytest.mark.parametrize("number", CTRL_C_FIRST)
def test_at_the_question_nothing_has_happened(company: DemoCompany, number: signal.Signals) -> None:
    before = company.dump()
    with company.at_terminal("pay INV-1042") as run:
        run.wait_for("[y/N] ")
        run.interrupt(number)
        result = run.end()

    assert result.exit_code == 130
    assert company.dump() == before


@pytest.mark.parametrize("number", CTRL_C_FIRST)
def test_while_mail_is_sent_the_outcome_stands(
    company: DemoCompany, number: signal.Signals
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with_mail(company, silent.getsockname()[1])
        with company.at_terminal(f"{PART} --json") as run:
            connection, _ = silent.accept()
            run.interrupt(number)
            result = run.end()
            connection.close()

    assert result.exit_code == 0
    assert json.loads(result.stdout)["status"] == "succeeded"


@pytest.mark.parametrize("number", CTRL_C_FIRST)
def test_while_waiting_it_is_shown_already_and_stays_under_way(
    company: DemoCompany, number: signal.Signals
) -> None:
    with company.at_terminal("pay INV-1042 --method ach --yes --wait") as run:
        run.wait_for("Waiting up to 5m for the bank.")
        run.interrupt(number)
        result = run.end()

    assert result.exit_code == 6
    assert "is still processing" in result.stderr
    assert result.stdout.count("Payment initiated") == 1
    assert company.run("pay INV-1042 --method ach --yes --json").error["code"] == "in_flight"


def test_after_the_first_signal_further_ones_change_nothing(company: DemoCompany) -> None:
    add_fault(company.sandbox, CONFIRM, "delay", seconds=LONG)
    with company.at_terminal(PART) as run:
        wait_until_charged(company)
        hold_the_ledger = closing(sqlite3.connect(company.ledger, isolation_level=None))
        with hold_the_ledger as ledger:
            ledger.execute("BEGIN IMMEDIATE")
            run.interrupt()
            for number in SIGNALS * 20:
                run.interrupt(number)
                time.sleep(0.005)
        for number in SIGNALS * 20:
            if not run.ended:
                run.interrupt(number)
                time.sleep(0.005)
        result = run.end()

    assert result.exit_code == 6
    assert "may have been charged" in result.stderr


def test_whoever_interrupts_and_cannot_be_told_is_told_that_it_may_have_been_charged(
    company: DemoCompany,
) -> None:
    """Here the session has ended meanwhile."""
    add_fault(company.sandbox, CONFIRM, "delay", seconds=LONG)
    with company.at_terminal(f"{PART} --json") as run:
        wait_until_charged(company)
        company.edit("UPDATE sessions SET revoked_at = created_at")
        run.interrupt()
        result = run.end()

    assert result.exit_code == 6
    assert "may have been charged" in result.error["message"]
    assert result.error["payment"] in result.error["hint"]


def test_a_wait_that_cannot_go_on_still_tells_of_the_payment(company: DemoCompany) -> None:
    with company.at_terminal("pay INV-1042 --method ach --yes --wait --json") as run:
        payment = wait_until(
            company.ledger,
            "SELECT p.id FROM payments p JOIN allocations ON payment_seq = seq "
            "JOIN invoices i ON i.id = invoice_id "
            "WHERE number = 'INV-1042' AND p.status = 'processing'",
        )
        company.edit("UPDATE sessions SET revoked_at = created_at")
        result = run.end()

    assert result.exit_code == 6
    assert (result.error["code"], result.error["payment"]) == ("wait_ran_out", payment)
    assert json.loads(result.stdout)["status"] == "processing"


def test_only_whoever_makes_a_payment_can_stop_it(company: DemoCompany) -> None:
    with_key = "pay INV-1042 --yes --key a"
    add_fault(company.sandbox, CREATE, "delay", seconds=2.0)
    with company.at_terminal(f"{with_key} --json") as first:
        wait_until(company.ledger, "SELECT id FROM payments WHERE status = 'claimed'")
        with company.at_terminal(f"{with_key} --wait") as second:
            second.wait_for("Waiting up to 5m for the bank.")
            second.interrupt()
            looked = second.end()
        made = first.end()

    assert looked.exit_code == 6
    assert json.loads(made.stdout)["status"] == "succeeded"


@full_disk
@pytest.mark.parametrize("format", ["json", "csv"])
def test_what_could_not_be_written_was_not_shown(company: DemoCompany, format: str) -> None:
    result = company.run_into("/dev/full", f"{PART} --format {format}")

    assert result.exit_code == 6
    assert "could not be written: No space left on device" in result.stderr
    assert charges(company) == 1
    assert company.run(f"{PART} --json").error["code"] == "not_acknowledged"


@full_disk
def test_what_cannot_be_shown_before_is_not_paid(company: DemoCompany) -> None:
    before = company.dump()

    result = company.run_into("/dev/full", PART)

    assert result.exit_code == 10
    assert result.stderr.endswith(
        "invoicepay: what would be paid cannot be written: No space left on device. Nothing was "
        "charged.\n"
    )
    assert company.dump() == before


@full_disk
def test_who_cannot_be_told_an_error_is_told_by_the_exit_code(company: DemoCompany) -> None:
    assert company.run_into("/dev/full", "invoices show INV-0", errors=True).exit_code == 5
    assert company.run_into("/dev/full", "invoices list --all").exit_code == 10


def test_nohup_goes_on(company: DemoCompany) -> None:
    add_fault(company.sandbox, CREATE, "delay", seconds=1.0)
    with company.at_terminal(f"{PART} --json", ignoring=signal.SIGHUP) as run:
        wait_until(company.ledger, "SELECT id FROM payments WHERE status = 'claimed'")
        run.interrupt(signal.SIGHUP)
        result = run.end()

    assert json.loads(result.stdout)["status"] == "succeeded"


# --- What these tests do to the company -------------------------------------------------------


def charges(company: DemoCompany) -> int:
    """How many payments of INV-1042 the practice bank has charged."""
    with closing(sqlite3.connect(company.sandbox)) as bank:
        documents = [json.loads(doc) for (doc,) in bank.execute(DOCUMENTS)]
    return sum(
        doc["status"] == "succeeded" and "INV-1042=" in json.dumps(doc["metadata"])
        for doc in documents
    )


DOCUMENTS = "SELECT body FROM objects WHERE kind = 'payment_intent'"


def wait_until_charged(company: DemoCompany) -> None:
    until = time.monotonic() + HANGS_AFTER
    while charges(company) == 0:
        assert time.monotonic() < until
        time.sleep(0.02)


def let_the_lease_end(company: DemoCompany, payment: str) -> None:
    """As after two minutes; the journal keeps what leases were, so it is not asked here."""
    company.edit(f"UPDATE payments SET lease_until = created_at WHERE id = '{payment}'")


def with_mail(company: DemoCompany, port: int) -> None:
    settings = company.folder / "invoicepay.toml"
    text = settings.read_text("utf-8")
    settings.write_text(
        f'{text}\n[smtp]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n', "utf-8"
    )
