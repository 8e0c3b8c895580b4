"""The machine's clock jumps: nobody is let in for longer, nothing waits for a day that was never
there, and no money moves twice. The installed program, under a clock that lies."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest

from invoicepay.sandbox.faults import add_fault
from tests.proofs.faults.test_disk import assert_books_agree_with_the_bank
from tests.world.program import HANGS_AFTER, PROGRAM, DemoCompany, Result

pytestmark = pytest.mark.skipif(not shutil.which("faketime"), reason="needs faketime")

AHEAD, BEHIND = "+300d", "-300d"


def at(clock: str, company: DemoCompany, command: str, stdin: str = "") -> Result:
    """`invoicepay COMMAND` with the machine's clock moved by so much."""
    done = subprocess.run(
        ["faketime", "-f", clock, str(PROGRAM), *command.split()],
        input=stdin.encode(),
        capture_output=True,
        cwd=company.folder,
        env=company.environment({"FAKETIME_DONT_FAKE_MONOTONIC": "1"}),
        timeout=HANGS_AFTER,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_the_clock_is_moved(company: DemoCompany) -> None:
    """Else nothing here would be tested."""
    ahead = at(AHEAD, company, "sandbox clock show --json").json["now"]
    assert ahead > company.run("sandbox clock advance 290d --json").json["now"]


@pytest.mark.parametrize(
    "clock",
    [AHEAD, BEHIND, *(pytest.param(by, marks=pytest.mark.middle) for by in ("+73h", "-73h"))],
)
def test_a_session_ends_where_the_clock_jumps_far_and_is_there_when_it_is_back(
    clock: str, company: DemoCompany
) -> None:
    result = at(clock, company, "whoami --json")
    assert (result.exit_code, result.error["code"]) == (4, "session_expired")
    assert company.run("whoami").exit_code == 0


@pytest.mark.parametrize("clock", ["+2h", pytest.param("-2h", marks=pytest.mark.middle)])
def test_a_small_jump_logs_nobody_out(clock: str, company: DemoCompany) -> None:
    """Summer time set by hand, a laptop that has slept."""
    assert at(clock, company, "whoami").exit_code == 0
    assert company.run("whoami").exit_code == 0


def test_a_login_made_ahead_does_not_last_until_then(company: DemoCompany) -> None:
    login = "login --email dana@harborfinch.example --password-stdin --insecure-storage"
    assert at(AHEAD, company, login, company.passwords["customer"]).exit_code == 0
    assert at(AHEAD, company, "whoami").exit_code == 0
    assert company.run("whoami --json").error["code"] == "session_expired"


@pytest.fixture
def script(company: DemoCompany) -> DemoCompany:
    """The customer's contact by a token of a year, which no jump here ends."""
    token = company.run("tokens create cron --days 365 --json").json["token"]
    return replace(company, variables={**company.variables, "INVOICEPAY_TOKEN": token})


@pytest.mark.parametrize("clock", [AHEAD, BEHIND])
def test_payments_on_both_sides_of_a_jump(
    clock: str, company: DemoCompany, script: DemoCompany
) -> None:
    before = len(script.run("payments list --json").json)
    paid = at(clock, script, "pay INV-1042 --method card --amount INV-1042=100 --yes --json")
    assert paid.json["status"] == "succeeded", paid
    again = script.run("pay INV-1042 --method card --amount INV-1042=200 --yes --json")
    assert again.json["status"] == "succeeded", again
    assert script.run("invoices show INV-1042 --json").json["paid_minor"] == 30000
    finance = company.as_("finance")
    assert finance.run("sync").exit_code == 0
    assert finance.run("doctor").exit_code == 0
    assert len(script.run("payments list --json").json) == before + 2


def test_a_payment_left_ahead_is_settled_when_the_clock_is_back(
    company: DemoCompany, script: DemoCompany
) -> None:
    """Its lease and its next try lie in a year that is not now."""
    add_fault(company.sandbox, "POST /v1/payment_intents/*/confirm", "cut_body")
    lost = at(AHEAD, script, "pay INV-1042 --method card --yes --json")
    assert (lost.exit_code, lost.error["code"]) == (6, "outcome_unknown")
    assert company.as_("finance").run("sync").exit_code == 0
    assert_books_agree_with_the_bank(company)


def test_mail_that_failed_ahead_does_not_wait_until_then(
    company: DemoCompany, script: DemoCompany
) -> None:
    before = {path.name for path in company.mail}
    outbox, aside = company.folder / "outbox", company.folder / "aside"
    outbox.rename(aside)
    outbox.write_text("in the way")
    assert at(AHEAD, script, "pay INV-1042 --method card --yes").exit_code == 0
    outbox.unlink()
    aside.rename(outbox)
    assert company.as_("finance").run("sync").exit_code == 0
    sent = {path.name for path in company.mail} - before
    assert [name for name in sent if "payment-of-1-842" in name] != []
