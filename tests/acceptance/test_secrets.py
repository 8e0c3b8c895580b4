"""Passwords, tokens and codes stand in no output but the one they are asked from, and the ledger
keeps only their hashes."""

from __future__ import annotations

import pytest

from tests.world.program import DemoCompany

PASSWORD = "seven brisk walruses"


def test_the_ledger_keeps_only_hashes(company: DemoCompany) -> None:
    token = company.run("tokens create nightly").stdout.strip()
    invite = "contacts invite new@example.com --customer C-1001 --json"
    code = company.as_("finance").run(invite).json["code"]
    session = company.session.read_text().strip()
    ledger = company.dump()
    for secret in (*company.passwords.values(), session, token, code):
        assert secret not in ledger
        assert secret.removeprefix("invoicepay_") not in ledger


@pytest.mark.parametrize(
    ("command", "stdin"),
    [
        ("login --email dana@harborfinch.example --password-stdin", PASSWORD),
        ("login --email dana@harborfinch.example --password-stdin --json", PASSWORD),
        ("login --invite --password-stdin", f"ABCD-EFGH-JKMN-PQRS\n{PASSWORD}"),
        ("passwd --password-stdin", f"not the right one\n{PASSWORD}"),
        ("config stripe --password-stdin", "sk_live_51abcdef"),
    ],
)
def test_nor_do_they_stand_in_a_traceback(company: DemoCompany, command: str, stdin: str) -> None:
    result = company.run(f"{command} --debug", stdin)
    assert result.exit_code != 0
    for secret in stdin.split("\n"):
        assert secret not in result.stdout + result.stderr


@pytest.mark.parametrize(
    "command", ["config show", "config show --json", "whoami", "tokens list --all", "doctor"]
)
def test_a_token_is_not_shown_again(company: DemoCompany, command: str) -> None:
    finance = company.as_("finance")
    token = finance.run("tokens create nightly").stdout.strip()
    result = finance.run(f"{command} --debug", INVOICEPAY_TOKEN=token)
    assert result.exit_code == 0, result.stderr
    assert token not in result.stdout + result.stderr


def test_a_bad_token_is_not_repeated(company: DemoCompany) -> None:
    result = company.run("whoami --debug", INVOICEPAY_TOKEN="invoicepay_mistyped")
    assert result.exit_code == 4
    assert "invoicepay_mistyped" not in result.stderr
