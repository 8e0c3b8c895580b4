"""The first payment of a test ledger, with whatever the key in the environment leads to."""

from __future__ import annotations

import email.policy
from email.parser import BytesParser
from io import BytesIO

from pypdf import PdfReader

from tests.world.program import Desk, Result

PASSWORD = "nine quiet harbours"
PAYER, CUSTOMER = "owner@smoke.example", "smoke@example.com"
"""Each gets an e-mail about the payment."""
TEST = "TEST – no money moved"


def pay_once(desk: Desk) -> None:
    """Make a ledger, give a customer a test card, pay an invoice, sync, and look at everything that
    speaks of the payment. `desk` has INVOICEPAY_STRIPE_KEY_FILE."""
    init = f"init --test --company Smoke --admin-email {PAYER} --password-stdin --json"
    made = desk.run(init, PASSWORD).json
    assert (made["mode"], made["livemode"]) == ("test", False)
    ok(desk, f"login --email {PAYER} --password-stdin --insecure-storage", PASSWORD)
    files = {
        "customers": f"number,name,email\nC-1,Smoke & Söhne,{CUSTOMER}\n",
        "invoices": "number,customer,issued_on,total,currency\nA-1,C-1,2026-10-01,12.34,USD\n",
    }
    for kind, content in files.items():
        (desk.folder / f"{kind}.csv").write_text(content)
        ok(desk, f"import {kind} {kind}.csv")
    ok(desk, "company set --email billing@smoke.example")
    ok(desk, "doctor")
    ok(desk, "sandbox attach pm_card_visa --customer C-1")
    ok(desk, "sandbox attach pm_card_visa --customer C-1 --label second")

    paid = ok(desk, "pay A-1 --yes")
    assert TEST in paid.stderr.splitlines()
    assert "Payment received" in paid.stdout
    (payment,) = desk.run("payments list --json").json
    assert (payment["status"], payment["amount_minor"]) == ("succeeded", 1234)
    assert payment["livemode"] is False
    assert payment["gateway_id"].startswith("pi_")
    assert desk.run("pay A-1 --yes --json").error["code"] == "already_paid"

    ok(desk, "sync")
    ok(desk, "doctor")
    assert desk.run("invoices show A-1 --json").json["status"] == "paid"
    pdf = desk.run_bytes(["payments", "receipt", payment["id"], "--stdout"])
    assert all(TEST in page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    messages = [
        BytesParser(policy=email.policy.default).parsebytes(mail.read_bytes())
        for mail in (desk.home / "data").rglob("*.eml")
    ]
    assert {message["To"] for message in messages} == {PAYER, CUSTOMER}
    for message in messages:
        assert message["Subject"].startswith(f"{TEST}: Payment of 12.34 USD")
    assert not list(desk.home.rglob("*.sandbox"))


def ok(desk: Desk, command: str, stdin: str = "") -> Result:
    result = desk.run(command, stdin)
    assert result.exit_code == 0, (command, result)
    return result
