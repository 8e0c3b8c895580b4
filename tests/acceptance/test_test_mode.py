"""A test ledger: Stripe's own test mode, real time, and TEST wherever a payment is spoken of.

Stripe is the practice bank under Stripe's name (`stripe_here`); tests/proofs/smoke is for a real
key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from invoicepay.sandbox.advance import advance
from invoicepay.sandbox.server import SandboxServer
from tests.acceptance.test_ledgers import make_ledger
from tests.world.live import add_an_invoice_and_a_card
from tests.world.program import Desk
from tests.world.stripe_here import practice_bank_as_stripe

Open = Callable[..., Desk]


@pytest.fixture
def test_desk(desk: Desk) -> Desk:
    """A test ledger with an open invoice A-1 of C-1, without a key."""
    make_ledger(desk, "--test", ledger="test.db")
    return Desk(desk.folder, desk.home, {"INVOICEPAY_LEDGER": "test.db"})


@pytest.fixture
def open_desk(test_desk: Desk) -> Iterator[Open]:
    """The same with a key, at the bank of the file `bank`."""
    with ExitStack() as running:

        def opened(key: str = "sk_test_51Abc", bank: str = "bank") -> Desk:
            file = test_desk.folder / f"{key}.key"
            file.write_text(key)
            file.chmod(0o600)
            stripe = running.enter_context(practice_bank_as_stripe(test_desk.folder / bank))
            more = {**stripe, "INVOICEPAY_STRIPE_KEY_FILE": str(file)}
            return replace(test_desk, variables={**test_desk.variables, **more})

        yield opened


class TestWithoutItsKey:
    """It fails with 10, and never falls back to a sandbox, nor does it ask Stripe."""

    @pytest.mark.parametrize(
        "command", ["pay A-1 --yes", "sync", "sandbox attach pm_card_visa --customer C-1"]
    )
    @pytest.mark.parametrize(
        ("key", "code"),
        [
            (None, "keyring_unavailable"),
            ("", "key_missing"),
            ("sk_live_51Abc", "gateway_mismatch"),
            ("rk_live_51Abc", "gateway_mismatch"),
            ("pk_test_51Abc", "gateway_mismatch"),
        ],
    )
    def test_exits_10(self, test_desk: Desk, command: str, key: str | None, code: str) -> None:
        add_an_invoice_and_a_card(test_desk.folder / "test.db", test_desk.run)
        with SandboxServer(test_desk.folder / "tempting") as server:
            settings = test_desk.home / "config" / "invoicepay" / "config.toml"
            settings.write_text(f'[sandbox]\nurl = "{server.url}"\n')
            assert server.url in test_desk.run("config show").stdout
            variables = {}
            if key is not None:
                file = test_desk.folder / "key"
                file.write_text(key)
                file.chmod(0o600)
                variables["INVOICEPAY_STRIPE_KEY_FILE"] = "key"
            result = test_desk.run(f"{command} --json", **variables)

        assert (result.exit_code, result.error["code"]) == (10, code)
        if key:
            assert key not in result.stderr
        assert not (test_desk.folder / "test.db.sandbox").exists()
        assert test_desk.run("payments list --json").json == []

    @pytest.mark.parametrize("command", ["clock show", "clock advance 4d", "serve"])
    def test_it_has_no_sandbox(self, test_desk: Desk, command: str) -> None:
        assert test_desk.run(f"sandbox {command} --json").error["code"] == "needs_sandbox"
        assert not (test_desk.folder / "test.db.sandbox").exists()

    def test_a_live_key_is_not_kept_for_it(self, test_desk: Desk) -> None:
        result = test_desk.run("config stripe --password-stdin", "sk_live_51Abc\n")
        assert result.exit_code == 2
        assert "this is a live key, and the ledger is a test ledger" in result.stderr
        result = test_desk.run("config stripe --password-stdin --json", "sk_test_51Abc\n")
        assert result.error["code"] == "keyring_unavailable"

    def test_one_of_live_and_test(self, desk: Desk) -> None:
        both = "init --live --test --company L --admin-email a@b.example --password-stdin --json"
        assert desk.run(both, "nine quiet harbours").error["code"] == "usage"
        assert not list(desk.home.rglob("*.db"))


class TestWithItsKey:
    """(What it says of a payment on screen, paper and in mail is seen in tests/proofs/smoke.)"""

    def test_time_is_real_whatever_the_gateways_clock_says(self, open_desk: Open) -> None:
        desk = open_desk()
        advance(desk.folder / "bank", timedelta(days=400))
        assert desk.run("sandbox attach pm_card_visa --customer C-1").exit_code == 0

        before = datetime.now(UTC) - timedelta(seconds=1)
        paid = desk.run("pay A-1 --yes --json").json

        assert before <= datetime.fromisoformat(paid["created_at"]) <= datetime.now(UTC)
        assert (paid["status"], paid["livemode"]) == ("succeeded", False)
        assert desk.run("whoami --json").json["mode"] == "test"
        assert "(test)" in desk.run("whoami").stdout

    def test_a_declined_card_says_test_too(self, open_desk: Open) -> None:
        desk = open_desk()
        desk.run("sandbox attach pm_card_chargeCustomerFail --customer C-1")
        declined = desk.run("pay A-1 --yes")
        assert declined.exit_code == 3
        assert "TEST – no money moved" in declined.stderr

    def test_a_charge_that_the_ledger_forgot_is_taken_in(self, open_desk: Open) -> None:
        desk = open_desk()
        assert desk.run("backup saved.db").exit_code == 0
        desk.run("sandbox attach pm_card_visa --customer C-1")
        paid = desk.run("pay A-1 --yes --json").json

        restored = replace(desk, variables={**desk.variables, "INVOICEPAY_LEDGER": "saved.db"})
        refused = restored.run("sandbox attach pm_card_visa --customer C-1 --json")
        assert refused.error["code"] == "ledger_behind_gateway"
        assert restored.run("sync").exit_code == 0
        assert (
            restored.run(["payments", "show", paid["id"], "--json"]).json["status"]
            == paid["status"]
        )


class TestRestrictedKeys:
    """Which may do everything here but say which account they are of."""

    def test_the_account_is_said_once(self, open_desk: Open) -> None:
        desk = open_desk("rk_test_51Abc")
        attach = "sandbox attach pm_card_visa --customer C-1"

        doctor = desk.run("doctor")
        refused = desk.run(f"{attach} --json")
        assert doctor.exit_code == 9
        assert refused.error["code"] == "account_unknown"
        hint = refused.error["hint"]
        assert hint in doctor.stderr
        assert desk.run("sync --json").error["code"] == "account_unknown"

        command = hint.partition("`invoicepay ")[2].partition("`")[0]
        said = desk.run(f"{command} --json").json
        assert command.endswith(said["account"])
        for command in ("doctor", attach, "pay A-1 --yes", "sync", "doctor"):
            assert desk.run(command).exit_code == 0, command

    def test_another_account_than_the_keys_is_refused(self, open_desk: Open) -> None:
        desk = open_desk("rk_test_51Abc")
        result = desk.run("config stripe --account acct_typo --json")
        assert (result.exit_code, result.error["code"]) == (10, "gateway_mismatch")

    @pytest.mark.parametrize("other_key", ["sk_test_51Other", "rk_test_51Other"])
    def test_another_accounts_key_is_noticed(self, open_desk: Open, other_key: str) -> None:
        ours = open_desk()
        assert ours.run("sandbox attach pm_card_visa --customer C-1").exit_code == 0
        other = open_desk(other_key, bank="another")

        sync = other.run("sync --json")
        attach = other.run("sandbox attach pm_card_visa --customer C-1 --json")
        pay = other.run("pay A-1 --yes --json")

        assert (sync.exit_code, sync.error["code"]) == (10, "gateway_mismatch")
        assert attach.error["code"] == "gateway_mismatch"
        assert (pay.exit_code, pay.error["code"]) == (10, "gateway_refused")
        assert other.run("doctor").exit_code == 9
        assert ours.run("pay A-1 --yes --json").json["status"] == "succeeded"

    def test_one_that_replaces_a_secret_key_just_works(self, open_desk: Open) -> None:
        first = open_desk()
        assert first.run("sandbox attach pm_card_visa --customer C-1").exit_code == 0
        desk = open_desk("rk_test_51Abc")
        for command in ("doctor", "pay A-1 --yes", "sync"):
            assert desk.run(command).exit_code == 0, command
