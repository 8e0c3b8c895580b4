"""Hints that a code has in other places than its reproducer (test_hints.py) are obeyed as well, as
are notes that advise; and no text of the program names a command or option that there is not."""

from __future__ import annotations

import ast
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from invoicepay.cli.main import app
from invoicepay.sandbox.faults import add_fault, clear_faults
from tests.acceptance.test_interrupted import CONFIRM, PART, interrupted, let_the_lease_end
from tests.proofs.errors.test_every_code import LOGIN, import_invoices
from tests.proofs.errors.test_hints import advised, last_line, obey, option, status_of, well
from tests.world.program import DECLINES, DemoCompany, Desk
from tests.world.served import lead_to, served

SOURCE = Path(__file__).resolve().parents[3] / "src" / "invoicepay"
EVERYWHERE = ("--json", "--format", "--config", "--ledger", "--debug")


# --- Commands that are named --------------------------------------------------------------------


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the program, `X` for what is put into it, and where it stands."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
                  for part in node.values}  # fmt: skip
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = (p.value if isinstance(p, ast.Constant) else "X" for p in node.values)
                yield f"{path.name}:{node.lineno}", "".join(map(str, parts))
            elif isinstance(node, ast.Constant) and id(node) not in inside:
                yield f"{path.name}:{node.lineno}", str(node.value)


NAMED = [
    (where, command)
    for where, text in texts()
    for command in re.findall(r"`invoicepay ([^`…]+)`", text)
    if not command.endswith(" ")
]


@pytest.mark.parametrize(("where", "command"), NAMED, ids=[f"{w}-{c}" for w, c in NAMED])
def test_every_command_that_a_text_names_exists(where: str, command: str) -> None:
    found: Any = typer.main.get_command(app)
    words = command.split()
    while words and hasattr(found, "get_command") and not words[0].startswith("-"):
        found = found.get_command(None, words.pop(0))
        assert found is not None, f"{where}: invoicepay {command}"
    options = {name for parameter in found.params for name in parameter.opts}
    for word in words:
        if word.startswith("-"):
            assert word in options or word in EVERYWHERE, f"{where}: {word}"


def test_there_are_texts_that_name_commands() -> None:
    assert len(NAMED) > 50
    assert "sync" in {command for _, command in NAMED}


# --- What to pay --------------------------------------------------------------------------------


@pytest.mark.parametrize("unlike", ["customer", "currency"])
def test_named_invoices_that_do_not_go_together(company: DemoCompany, unlike: str) -> None:
    """--customer or --currency would refuse the others, not leave them out."""
    other_customer, in_usd, in_eur = "INV-0946", "NEW-1", "INV-0776"
    well(import_invoices(company, f"{in_usd},C-1012,2026-10-01,10.00,USD"))
    payables = company.as_("payables")
    for customer in ("C-1002", "C-1012"):
        well(payables.run(f"sandbox attach pm_card_visa --customer {customer}"))
    named = (other_customer if unlike == "customer" else in_usd, in_eur)

    said = last_line(payables.run(f"pay {named[0]} {named[1]} --yes"))

    (number,) = said.rpartition(": ")[2].rstrip(".").split()
    assert number in named
    well(payables.run(f"pay {number} --yes"))


def test_a_named_invoice_of_another_currency(company: DemoCompany) -> None:
    payables = company.as_("payables")
    well(payables.run("sandbox attach pm_card_visa --customer C-1012"))
    said = last_line(payables.run("pay INV-0776 --currency USD --yes"))
    well(payables.run(f"pay INV-0776 --yes {option(said, '--currency')}"))


def test_nothing_is_open_but_for_what_is_held(company: DemoCompany) -> None:
    well(company.run("pay --open --yes --method ach --max-total 100000"))
    said = last_line(company.run("pay --open --yes --max-total 100000"))
    assert "processing" in obey(company, said, "payments list").stdout
    obey(company, said, "sync")


def test_a_key_of_nobody(company: DemoCompany) -> None:
    payables = company.as_("payables")
    said = last_line(payables.run("pay --open --currency EUR --key k --dry-run"))
    assert "--customer" in said
    assert "C-1012" in obey(payables, said, "customers list").stdout
    well(payables.run("sandbox attach pm_card_visa --customer C-1012"))
    well(payables.run("pay --open --currency EUR --key k --dry-run --customer C-1012"))


@pytest.mark.parametrize("method", ["card", "ach"])
def test_no_method_of_the_type_that_is_wanted(company: DemoCompany, method: str) -> None:
    """Another type is there already."""
    payables = company.as_("payables")
    other = "pm_usBankAccount_success" if method == "card" else "pm_card_visa"
    well(payables.run(f"sandbox attach {other} --customer C-1002"))
    said = last_line(payables.run(f"pay INV-0946 --method {method} --yes"))
    obey(payables, said, "sandbox attach")
    well(payables.run(f"pay INV-0946 --method {method} --yes"))


def test_a_default_that_has_expired(company: DemoCompany) -> None:
    company.edit("UPDATE methods SET exp_year = 2020 WHERE label = 'Company card'")
    said = last_line(company.run(["methods", "default", company.method("Company card")]))
    obey(company, said, "methods list")
    other = next(m for m in company.run("methods list --json").json if m["status"] == "active")
    well(company.run(["methods", "default", other["id"]]))


def test_a_method_that_a_payment_uses(company: DemoCompany) -> None:
    paid = company.run("pay INV-1042 --method ach --yes --json").json
    said = last_line(company.run(["methods", "remove", paid["method"], "--yes"]))
    company.run("sandbox clock advance 5d")
    obey(company, said, "sync")
    well(company.run(["methods", "remove", paid["method"], "--yes"]))


# --- Numbers that look alike ---------------------------------------------------------------------


def test_a_number_in_a_file_that_looks_like_another(company: DemoCompany) -> None:
    well(import_invoices(company, "NEW-1,C-1007,2026-10-01,10.00,USD"))
    said = import_invoices(company, "NEW\u20111,C-1007,2026-10-01,10.00,USD")
    assert said.exit_code == 8
    assert "NEW\u20111 looks like NEW-1, " in last_line(said)
    assert "Correct the file, then import it again" in last_line(said)
    well(import_invoices(company, "NEW-1,C-1007,2026-10-01,10.00,USD"))
    well(import_invoices(company, "NEW-2,C-1007,2026-10-01,10.00,USD"))


def test_a_typed_number_that_looks_like_the_one_that_there_is(company: DemoCompany) -> None:
    well(import_invoices(company, "NEW\u20111,C-1007,2026-10-01,10.00,USD"))
    said = last_line(company.run("invoices show NEW-1"))
    found = re.search(r"no invoice NEW-1\. (\S+) looks like it, .*: copy it from here", said)
    assert found, said
    well(company.run(["invoices", "show", found[1]]))


# --- A payment under way, or ended --------------------------------------------------------------


def test_whoever_interrupted_a_payment_finds_out_at_once(company: DemoCompany) -> None:
    """Not only when the lease of a payer who has gone ends."""
    result, payment = interrupted(company, signal.SIGINT, at=CONFIRM, charged=True)
    said = last_line(result)
    obey(company, said, "sync")
    assert "succeeded" in obey(company, said, "payments show").stdout
    assert status_of(company, payment) == "succeeded"


def test_whoever_was_killed_reads_when_sync_finds_out(company: DemoCompany) -> None:
    _, payment = interrupted(company, signal.SIGKILL, at=CONFIRM, charged=True)
    for command in (PART, f"{PART} --key k"):
        said = last_line(company.run(command))
        assert "`invoicepay sync` finds out in two minutes" in said
        assert "submitted" in obey(company, said, "payments show").stdout
    well(company.run("sync"))
    assert status_of(company, payment) == "submitted"  # its payer may still be at it
    let_the_lease_end(company, payment)
    obey(company, said, "sync")
    assert status_of(company, payment) == "succeeded"


def test_a_part_that_has_been_charged_unseen(company: DemoCompany) -> None:
    add_fault(company.sandbox, CONFIRM, "cut_body")
    company.run(PART)
    assert "If you do want to pay again, repeat the command." in last_line(company.run(PART))
    well(company.run(PART))


def test_more_of_what_is_under_way(company: DemoCompany) -> None:
    pay = "pay INV-1042 --amount INV-1042=100 --yes"
    well(company.run(f"{pay} --method ach"))
    assert "can be paid with --allow-pending" in last_line(company.run(pay))
    said = last_line(company.run(f"{pay} --allow-pending"))
    assert "Add --key, with a new text for each payment" in said
    well(company.run(f"{pay} --allow-pending --key second"))


def test_a_decline_under_a_key(company: DemoCompany) -> None:
    pay = ["pay", "INV-1042", "--yes", "--method", company.method(DECLINES), "--key", "k"]
    for _ in range(2):
        assert "Pay with another method and a new --key" in last_line(company.run(pay))
    other = ["--method", company.method("Company card"), "--key", "new"]
    well(company.run(["pay", "INV-1042", "--yes", *other]))


def test_a_key_whose_payment_was_canceled_on_purpose(company: DemoCompany) -> None:
    add_fault(company.sandbox, CONFIRM, "reset_before", times=100)
    add_fault(company.sandbox, "GET /v1/payment_intents/*", "reset_before", times=100)
    payment = company.run("pay INV-1042 --yes --key k --json").error["payment"]
    said = last_line(company.run(["payments", "cancel", payment]))
    assert "Try again" in said
    clear_faults(company.sandbox)
    well(company.run(["payments", "cancel", payment]))
    again = last_line(company.run("pay INV-1042 --yes --key k"))
    assert "Nothing was charged. Pay again with a new --key" in again
    well(company.run("pay INV-1042 --yes --key new"))


def test_canceling_what_has_ended(company: DemoCompany) -> None:
    paid = company.run("pay INV-1042 --yes --json").json["id"]
    assert "ask for a refund" in last_line(company.run(["payments", "cancel", paid]))
    failed = company.run(
        ["pay", "INV-1060", "--yes", "--method", company.method(DECLINES), "--json"]
    ).error["payment"]
    said = last_line(company.run(["payments", "cancel", failed]))
    assert "is failed. Nothing was charged" in said
    receipt = last_line(company.run(["payments", "receipt", failed]))
    assert "failed" in obey(company, receipt, "payments show").stdout


def test_a_figure_that_differs_when_paying(company: DemoCompany) -> None:
    company.edit("UPDATE invoices SET reserved_minor = 5 WHERE number = 'INV-1042'")
    said = last_line(company.run("pay INV-1042 --yes"))
    assert "Finance finds out more with" in said
    finance = company.as_("finance")
    obey(finance, last_line(finance.run(advised(said, "doctor"))), "doctor --fix")
    well(company.run("pay INV-1042 --yes"))


def test_a_charge_for_a_customer_whom_a_restored_ledger_does_not_have(
    company: DemoCompany,
) -> None:
    finance = company.as_("finance")
    well(finance.run("backup saved.db"))
    (company.folder / "new.csv").write_text("number,name\nC-2000,New\n")
    well(finance.run("import customers new.csv"))
    well(import_invoices(company, "NEW-1,C-2000,2026-10-01,10.00,USD"))
    well(finance.run("sandbox attach pm_card_visa --customer C-2000"))
    well(finance.run("pay NEW-1 --method card --yes"))
    for path in company.folder.glob("ledger.db-*"):
        path.unlink()
    (company.folder / "saved.db").replace(company.ledger)

    result = finance.run("sync")

    assert result.exit_code in (9, 11)
    said = last_line(result)
    assert "Import C-2000" in said
    well(finance.run(f"{advised(said, 'import customers')} new.csv"))
    obey(finance, said, "sync")
    (taken_in,) = finance.run("payments list --customer C-2000 --json").json
    assert (taken_in["status"], taken_in["amount"]) == ("succeeded", "10.00")


# --- Sessions, tokens, ledgers, the practice bank -----------------------------------------------


@pytest.mark.parametrize("token", ["expired", "unknown"])
def test_a_token_that_works_no_more(company: DemoCompany, token: str) -> None:
    """While the variable has it, a login changes nothing."""
    made = company.run("tokens create script --json").json
    company.run(["tokens", "revoke", made["id"]])
    bad = made["token"] if token == "expired" else "invoicepay_" + "x" * 43
    company.run("logout")
    said = last_line(company.run("invoices list", INVOICEPAY_TOKEN=bad))
    assert "nset INVOICEPAY_TOKEN" in said
    login = f"{LOGIN} --insecure-storage"
    assert advised(said, "login") == "login"
    ignored = well(company.run(login, company.passwords["customer"], INVOICEPAY_TOKEN=bad))
    assert "INVOICEPAY_TOKEN is set, and is used instead of this login" in ignored.stderr
    well(company.run("invoices list"))
    if token == "expired":
        new = well(company.run(f"{advised(said, 'tokens create')} again")).stdout.strip()
        well(company.run("invoices list", INVOICEPAY_TOKEN=new))


def test_what_a_token_may_not(company: DemoCompany) -> None:
    token = company.run("tokens create script --json").json["token"]
    said = last_line(company.run("tokens create more", INVOICEPAY_TOKEN=token))
    assert "Unset INVOICEPAY_TOKEN, and log in" in said
    well(company.run("tokens create more"))


def test_the_steps_after_init_are_for_the_ledger_that_was_made(desk: Desk) -> None:
    init = "init --company L --admin-email owner@lantern.example --password-stdin"
    made = well(desk.run(f"{init} --ledger 'my ledger.db'", "nine quiet harbours"))
    login, company, then = re.findall(r"(?:Next|Then): invoicepay (.*)", made.stderr)
    secrets = "--password-stdin --insecure-storage"
    well(desk.run(f"{login} {secrets}", "nine quiet harbours"))
    set_address = company.partition("    (")[0].replace("ADDRESS", "billing@lantern.example")
    well(desk.run(set_address))
    (desk.folder / "customers.csv").write_text("number,name\nC-1,One\n")
    well(desk.run(then.replace("FILE", "customers.csv")))


def test_a_served_bank_that_was_killed(company: DemoCompany) -> None:
    with served(company) as server:
        lead_to(company.folder / "invoicepay.toml", server.url)
        server.end(signal.SIGKILL)
    pay = "pay INV-1042 --yes"
    result = company.run(pay)
    assert result.exit_code == 10
    command = advised(last_line(result), "sandbox serve")
    with served(company, command.removeprefix("sandbox serve")):
        well(company.run(pay))


def test_a_folder_that_no_demo_made(desk: Desk) -> None:
    (desk.folder / "invoicepay-demo").mkdir()
    (desk.folder / "invoicepay-demo" / "mine").touch()
    assert "Name another folder with --dir" in last_line(desk.run("demo"))
    well(desk.run("demo --dir another"))


def test_a_backup_that_is_there_or_cannot_be_written(company: DemoCompany) -> None:
    finance = company.as_("finance")
    well(finance.run("backup saved.db"))
    assert "name a new file" in last_line(finance.run("backup saved.db"))
    assert "Name another place" in last_line(finance.run("backup nowhere/saved.db"))
    well(finance.run("backup saved-2.db"))


def test_a_head_that_is_none(company: DemoCompany) -> None:
    finance = company.as_("finance")
    head = obey(finance, last_line(finance.run("audit verify --head 12")), "audit head").stdout
    well(finance.run(["audit", "verify", "--head", head.strip()]))


def test_a_password_that_is_wrong(company: DemoCompany) -> None:
    new = "three yellow umbrellas"
    said = last_line(company.run("passwd --password-stdin", f"a guess\n{new}\n"))
    assert "Try again" in said
    well(company.run("passwd --password-stdin", f"{company.passwords['customer']}\n{new}\n"))


def test_whom_finance_may_not_invite(company: DemoCompany) -> None:
    invite = "contacts invite new@tidewheel.example --role finance"
    assert "Ask an admin" in last_line(company.as_("finance").run(invite))
    well(company.as_("admin").run(invite))
