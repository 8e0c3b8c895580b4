"""Which ledger a command works on, what is wrong with one, and that live is live."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from invoicepay.sandbox.faults import add_fault
from tests.world.program import DemoCompany, Desk

PASSWORD = "nine quiet harbours"


def make_ledger(desk: Desk, *options: str, ledger: str = "live.db") -> None:
    """A ledger whose admin is logged in, with a customer, an open invoice, and a card."""
    init = ["init", "--company", "Lantern", "--admin-email", "owner@lantern.example", *options]
    assert desk.run([*init, "--password-stdin", "--ledger", ledger], PASSWORD).exit_code == 0
    login = "login --email owner@lantern.example --password-stdin --insecure-storage --ledger"
    assert desk.run([*login.split(), ledger], PASSWORD).exit_code == 0
    (desk.folder / "customers.csv").write_text("number,name\nC-1,One\n")
    (desk.folder / "invoices.csv").write_text(
        "number,customer,issued_on,total,currency\nA-1,C-1,2026-10-01,10.00,USD\n"
    )
    for kind in ("customers", "invoices"):
        assert desk.run(f"import {kind} {kind}.csv --ledger {ledger}").exit_code == 0


class TestDemoTouchesNoOtherLedger:
    @pytest.mark.parametrize("variable", ["INVOICEPAY_LEDGER", "INVOICEPAY_CONFIG"])
    def test_whatever_the_environment_names(self, desk: Desk, variable: str) -> None:
        make_ledger(desk, ledger="precious.db")
        (desk.folder / "precious.toml").write_text('ledger = "precious.db"\n')
        named = "precious.db" if variable == "INVOICEPAY_LEDGER" else "precious.toml"
        before = {path: path.read_bytes() for path in desk.folder.iterdir() if path.is_file()}
        done = desk.run("demo --json", **{variable: str(desk.folder / named)})
        assert done.json["ledger"] == str(desk.folder / "invoicepay-demo" / "ledger.db")
        after = {path: path.read_bytes() for path in desk.folder.iterdir() if path.is_file()}
        assert after == before

    def test_nor_does_it_use_a_token_of_another(self, company: DemoCompany, desk: Desk) -> None:
        token = company.run("tokens create nightly").stdout.strip()
        assert desk.run("demo --json", INVOICEPAY_TOKEN=token).exit_code == 0

    def test_nothing_is_picked_up_from_the_current_folder(self, company: DemoCompany) -> None:
        """`invoicepay.toml` and `ledger.db` are right here."""
        result = company.run("invoices list --json", INVOICEPAY_CONFIG="")
        assert result.error["code"] == "ledger_missing"


class TestLiveLedger:
    """Without its key it fails with 10; it never falls back to the sandbox."""

    @pytest.fixture
    def live(self, desk: Desk) -> Desk:
        make_ledger(desk, "--live")
        with closing(sqlite3.connect(desk.folder / "live.db")) as ledger, ledger:
            ledger.execute("UPDATE customers SET gateway_id = 'cus_1'")
            ledger.execute(
                "INSERT INTO methods (id, customer_id, type, label, brand, last4, gateway_id,"
                " verified, is_default, is_preferred)"
                " VALUES ('card-1', 1, 'card', 'Card', 'Visa', '4242', 'pm_1', 1, 1, 1)"
            )
        return Desk(desk.folder, desk.home, {"INVOICEPAY_LEDGER": "live.db"})

    @pytest.mark.parametrize("command", ["pay A-1 --yes", "sync"])
    @pytest.mark.parametrize(
        ("key", "code"),
        [
            (None, "keyring_unavailable"),
            ("", "key_missing"),
            ("sk_test_51abc", "gateway_mismatch"),
            ("two words", "key_missing"),
        ],
    )
    def test_is_never_practised_on(
        self, live: Desk, command: str, key: str | None, code: str
    ) -> None:
        variables = {}
        if key is not None:
            file = live.folder / "key"
            file.write_text(key)
            file.chmod(0o600)
            variables["INVOICEPAY_STRIPE_KEY_FILE"] = str(file)
        result = live.run(f"{command} --json", **variables)
        assert (result.exit_code, result.error["code"]) == (10, code)
        if key:
            assert key not in result.stderr
        assert not (live.folder / "live.db.sandbox").exists()
        invoice = live.run("invoices show A-1 --json").json
        assert (invoice["status"], invoice["processing_minor"]) == ("open", 0)
        payments = live.run("payments list --json").json
        assert [p for p in payments if (p["status"], p["gateway_id"]) != ("canceled", "")] == []

    @pytest.mark.parametrize(
        "command",
        ["sandbox clock show", "sandbox clock advance 4d", "sandbox serve",
         "sandbox attach pm_card_visa --customer C-1"],
    )  # fmt: skip
    def test_has_no_sandbox(self, live: Desk, command: str) -> None:
        assert live.run(f"{command} --json").error["code"] == "needs_sandbox"
        assert not (live.folder / "live.db.sandbox").exists()


class TestDoctor:
    def test_finds_a_figure_that_was_edited(self, company: DemoCompany) -> None:
        company.edit("UPDATE invoices SET paid_minor = paid_minor - 1 WHERE number = 'INV-0819'")
        result = company.as_("finance").run("doctor")
        assert result.exit_code == 11
        assert "paid on INV-0819: 106301, should be 106302" in result.stdout
        (problem,) = result.stderr.splitlines()
        assert problem.startswith("invoicepay: 2 figure(s) do not tie out; first: paid on INV-0819")
        checks = company.as_("finance").run("doctor --json")
        assert checks.exit_code == 11
        assert checks.error["code"] == "books_differ"

    @pytest.mark.parametrize(
        "edit",
        [
            "UPDATE invoices SET reserved_minor = 5 WHERE number = 'INV-1042'",
            "UPDATE invoices SET total_minor = total_minor + 1 WHERE number = 'INV-1042'",
            "UPDATE invoice_lines SET amount_minor = 1 WHERE invoice_id = 1 AND position = 0",
            "UPDATE allocations SET amount_minor = amount_minor - 1 WHERE payment_seq = 1",
            "UPDATE payments SET currency = 'EUR' WHERE seq = 1",
            "UPDATE payments SET amount_minor = 1 WHERE seq = 1",
        ],
    )
    def test_finds_edits_of_money_rows(self, company: DemoCompany, edit: str) -> None:
        company.edit(edit)
        assert company.as_("finance").run("doctor").exit_code == 11

    def test_finds_damage(self, company: DemoCompany) -> None:
        """A row that points to nothing."""
        company.edit("PRAGMA foreign_keys = OFF", "UPDATE invoice_lines SET invoice_id = 99999 "
                     "WHERE invoice_id = 1")  # fmt: skip
        result = company.as_("finance").run("doctor")
        assert result.exit_code == 11
        assert "points to nothing in invoices" in result.stdout

    def test_fix_rebuilds_what_is_derived_and_nothing_else(self, company: DemoCompany) -> None:
        company.edit("UPDATE invoices SET paid_minor = paid_minor - 1 WHERE number = 'INV-0819'")
        fixed = company.as_("finance").run("doctor --fix")
        assert fixed.exit_code == 0, fixed.stderr
        assert "Rebuilt paid on INV-0819: 106302, was 106301." in fixed.stderr
        company.edit("UPDATE invoices SET total_minor = 1 WHERE number = 'INV-1042'")
        assert company.as_("finance").run("doctor --fix").exit_code == 11

    def test_fix_settles_what_the_gateway_knows(self, company: DemoCompany) -> None:
        add_fault(company.sandbox, "POST /v1/payment_intents/*/confirm", "cut_body")
        lost = company.run("pay INV-1042 --method card --yes --json")
        assert (lost.exit_code, lost.error["code"]) == (6, "outcome_unknown")
        fixed = company.as_("finance").run("doctor --fix")
        assert fixed.exit_code == 0, fixed.stderr
        assert "succeeded, was unknown." in fixed.stderr
        assert company.run("invoices show INV-1042 --json").json["status"] == "paid"

    def test_changes_nothing(self, company: DemoCompany) -> None:
        before = company.dump()
        assert company.as_("finance").run("doctor").exit_code == 0
        assert company.dump() == before


class TestBackup:
    def test_is_the_ledger_and_private(self, company: DemoCompany) -> None:
        finance = company.as_("finance")
        made = finance.run("backup saved.db --json").json
        saved = company.folder / "saved.db"
        assert made == {"file": "saved.db", "bytes": saved.stat().st_size}
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600
        for command in ("invoices list --all", "payments list", "customers list"):
            assert (
                finance.run(f"{command} --ledger saved.db --json").json
                == finance.run(f"{command} --json").json
            )

    def test_names_a_target_that_cannot_be_written(self, company: DemoCompany) -> None:
        result = company.as_("finance").run("backup nowhere/saved.db --json")
        assert result.exit_code == 10
        assert result.error["code"] == "write_failed"
        assert "ledger.db" not in result.error["message"]


def test_what_is_made_is_private(company: DemoCompany) -> None:
    company.run("invoices pdf INV-1042")
    names = ["ledger.db", "ledger.db.sandbox", "INV-1042.pdf", company.session.name]
    for path in [*(company.folder / name for name in names), *company.mail]:
        assert mode_of(path) == 0o600, path
    assert mode_of(company.folder / "outbox") == 0o700


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
