"""Whoever may not see a thing reads what is read about a thing that is not there."""

from __future__ import annotations

import pytest

from tests.world.program import DemoCompany

ANOTHERS_INVOICE = "INV-0946"
"""Of C-1002; the customer's contact acts for C-1007."""


@pytest.mark.parametrize(
    "command",
    [
        "invoices show {}",
        "invoices show {} --json",
        "invoices pdf {}",
        "invoices pdf INV-1042 {} --zip all.zip",
        "invoices pdf {} --stdout",
        "pay {} --yes",
        "pay {} --dry-run",
        "pay INV-1042 {} --amount {}=1.00 --yes",
        "pay {} --customer C-1002 --yes",
        "pay INV-1042 {} --currency USD --yes --expect-total 1.00",
    ],
)
def test_anothers_invoice(company: DemoCompany, command: str) -> None:
    before = sorted(company.folder.iterdir())
    anothers = company.run(command.replace("{}", ANOTHERS_INVOICE))
    absent = company.run(command.replace("{}", "INV-9999"))
    assert anothers.exit_code == absent.exit_code == 5
    assert anothers.stdout == absent.stdout == ""
    assert anothers.stderr.replace(ANOTHERS_INVOICE, "INV-9999") == absent.stderr
    assert sorted(company.folder.iterdir()) == before  # no file was begun


@pytest.mark.parametrize(
    "command",
    ["payments show {}", "payments receipt {}", "payments cancel {}", "payments show {} --json"],
)
def test_anothers_payment(company: DemoCompany, command: str) -> None:
    payment = company.run("payments list --json").json[0]["id"]
    nobodys = "00000000-0000-4000-8000-000000000000"
    payables = company.as_("payables")
    anothers, absent = (payables.run(command.format(id)) for id in (payment, nobodys))
    assert anothers.exit_code == absent.exit_code == 5
    assert anothers.stderr.replace(payment, nobodys) == absent.stderr


@pytest.mark.parametrize(
    "command",
    ["methods default {}", "methods remove {} --yes", "pay INV-0946 --method {} --yes"],
)
def test_anothers_method(company: DemoCompany, command: str) -> None:
    method, payables = company.method("Company card"), company.as_("payables")
    anothers, absent = (payables.run(command.format(id)) for id in (method, "card-0000-0000"))
    assert anothers.exit_code == absent.exit_code == 5
    assert anothers.stderr.replace(method, "card-0000-0000") == absent.stderr
    assert company.method("Company card") == method


@pytest.mark.parametrize(
    "command", ["customers show {}", "sandbox attach pm_card_visa --customer {}"]
)
def test_another_customer(company: DemoCompany, command: str) -> None:
    anothers, absent = (company.run(command.format(number)) for number in ("C-1002", "C-9999"))
    assert anothers.exit_code == absent.exit_code == 5
    assert anothers.stderr.replace("C-1002", "C-9999") == absent.stderr


@pytest.mark.parametrize(
    "command", ["invoices list --all", "payments list", "methods list", "pay --open --dry-run"]
)
def test_lists_of_another_customer_are_lists_of_nobody(company: DemoCompany, command: str) -> None:
    anothers, absent = (company.run(f"{command} --customer {c}") for c in ("C-1002", "C-9999"))
    assert (anothers.exit_code, anothers.stdout) == (absent.exit_code, absent.stdout)
    assert anothers.stderr.replace("C-1002", "C-9999") == absent.stderr


def test_anothers_token_is_absent(company: DemoCompany) -> None:
    company.run("tokens create mine")
    (token,) = company.run("tokens list --json").json
    result = company.as_("finance").run(["tokens", "revoke", token["id"], "--json"])
    assert result.exit_code == 5
    assert result.error["message"] == f"no token {token['id']}"


def test_finance_sees_everything(company: DemoCompany) -> None:
    finance = company.as_("finance")
    assert finance.run(f"invoices show {ANOTHERS_INVOICE}").exit_code == 0
    assert len(finance.run("customers list --json").json) == 40


def test_a_key_belongs_to_its_customer(company: DemoCompany) -> None:
    """Finance finds the payment that it stands for; another customer finds out nothing."""
    paid = company.run("pay INV-1042 --key order-77 --yes --json").json
    assert company.as_("finance").run("pay INV-1042 --key order-77 --yes --json").json == paid

    payables = company.as_("payables")
    payables.run("sandbox attach pm_card_visa --customer C-1002")
    assert payables.run("pay INV-0946 --key order-77 --yes --json").json["id"] != paid["id"]
