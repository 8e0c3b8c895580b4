"""What paying leaves behind: the e-mails, and, where nothing was to be paid, nothing."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

from tests.world.program import COMES_BACK, DECLINES, DemoCompany


def read_mail(path: Path) -> EmailMessage:
    message = BytesParser(policy=email.policy.default).parsebytes(path.read_bytes())
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def new_mail(company: DemoCompany, before: list[Path]) -> list[EmailMessage]:
    return [read_mail(path) for path in company.mail if path not in before]


def to_payer(messages: list[EmailMessage]) -> list[EmailMessage]:
    return [m for m in messages if m["To"] == "dana@harborfinch.example"]


def test_the_customers_own_address_is_told_who_paid(company: DemoCompany) -> None:
    before = company.mail
    payment = company.run("pay INV-1042 --method card --yes --json").json
    by_recipient = {str(m["To"]): m for m in new_mail(company, before)}
    customer = company.run("customers show C-1007 --json").json["email"]
    assert by_recipient.keys() == {"dana@harborfinch.example", customer}
    told = by_recipient[customer]
    assert told["Message-ID"].startswith(f"<{payment['id']}.received.customer@")
    assert "Made by:   dana@harborfinch.example" in text_of(told)
    (pdf,) = told.iter_attachments()
    assert pdf.get_content().startswith(b"%PDF-")


def test_a_bank_debit_is_told_of_twice(company: DemoCompany) -> None:
    """Initiated, with a notice; received, with the receipt."""
    before = company.mail
    payment = company.run("pay INV-1042 --method ach --yes --format json").json
    assert payment["status"] == "processing"
    (initiated,) = to_payer(new_mail(company, before))
    assert company.run("pay INV-1042 --method ach --yes").exit_code == 7
    assert len(company.mail) == len(before) + 2

    assert company.run("sandbox clock advance 6d").exit_code == 0
    settled = company.run("sync --json").json
    assert [(s["was"], s["status"]) for s in settled] == [("processing", "succeeded")] * 2
    assert company.run("invoices show INV-1042 --json").json["status"] == "paid"
    mail = to_payer(new_mail(company, before))
    of_payment = [m for m in mail if payment["id"] in m["Message-ID"]]
    (received,) = [m for m in of_payment if m["Message-ID"] != initiated["Message-ID"]]

    amount = "1,842.50 USD"
    for message, kind, word, attached in (
        (initiated, "initiated", "is under way", f"payment-notice-{payment['id']}.pdf"),
        (received, "received", "received", "receipt-R-000003.pdf"),
    ):
        assert message["Message-ID"].startswith(f"<{payment['id']}.{kind}@")
        assert message["To"] == "dana@harborfinch.example"
        assert message["Subject"].startswith("SANDBOX")
        assert amount in message["Subject"]
        assert word in message["Subject"]
        assert amount in text_of(message)
        (pdf,) = message.iter_attachments()
        assert pdf.get_filename() == attached
        assert pdf.get_content_type() == "application/pdf"
        assert pdf.get_content().startswith(b"%PDF-")


def test_an_email_is_written_once_however_often_one_syncs(company: DemoCompany) -> None:
    company.run("pay INV-1042 --method ach --yes")
    company.run("sandbox clock advance 6d")
    company.run("sync")
    before = {path: path.read_bytes() for path in company.mail}
    company.run("sync")
    assert company.as_("finance").run("sync").exit_code == 0
    assert {path: path.read_bytes() for path in company.mail} == before
    ids = [read_mail(path)["Message-ID"] for path in before]
    assert len(set(ids)) == len(ids)


def test_a_debit_that_comes_back_is_told_of(company: DemoCompany) -> None:
    before = company.mail
    pay = ["pay", "INV-1042", "--method", company.method(COMES_BACK), "--yes", "--json"]
    payment = company.run(pay).json
    company.run("sandbox clock advance 6d")
    company.run("sync")
    invoice = company.run("invoices show INV-1042 --json").json
    assert (invoice["status"], invoice["balance_minor"]) == ("open", 184250)
    mail = to_payer(new_mail(company, before))
    messages = [m for m in mail if payment["id"] in m["Message-ID"]]
    assert [m["Message-ID"].partition(".")[2].partition("@")[0] for m in messages] == [
        "initiated",
        "failed",
    ]
    failed = messages[1]
    assert "did not go through" in failed["Subject"]
    assert "insufficient funds" in text_of(failed)
    assert list(failed.iter_attachments()) == []


def test_a_declined_card_leaves_every_balance_and_sends_nothing(company: DemoCompany) -> None:
    before, mail = company.run("invoices list --all --json").json, company.mail
    pay = ["pay", "INV-1042", "INV-1060", "--method", company.method(DECLINES), "--yes"]
    assert company.run(pay).exit_code == 3
    assert company.run("invoices list --all --json").json == before
    assert company.mail == mail
    assert company.run("pay INV-1042 INV-1060 --method card --yes").exit_code == 0


@pytest.mark.parametrize(
    "command",
    [
        "pay INV-1042 --dry-run",
        "pay --open --method ach --dry-run --json",
        "pay INV-1042 --key k --memo m --amount INV-1042=5.00 --dry-run",
        "pay INV-1051 --dry-run",  # under way
        "pay INV-1042 --yes --expect-total 1.00",
        "pay INV-1042 --yes --max-total 1.00",
        "pay INV-1042",  # nobody to ask
    ],
)
def test_what_pays_nothing_changes_nothing(company: DemoCompany, command: str) -> None:
    before, sandbox = company.dump(), company.sandbox.read_bytes()
    company.run(command)
    assert company.dump() == before
    assert company.sandbox.read_bytes() == sandbox


def test_an_import_that_is_only_tried_changes_nothing(company: DemoCompany) -> None:
    (company.folder / "new.csv").write_text("number,name\nC-2001,New\n")
    before = company.dump()
    tried = company.as_("finance").run("import customers new.csv --dry-run --json").json
    assert (tried["dry_run"], tried["customers_added"]) == (True, 1)
    assert company.dump() == before
    done = company.as_("finance").run("import customers new.csv --json").json
    assert done == {**tried, "dry_run": False}


class TestAtATerminal:
    """Without --yes, the itemised total is shown and asked about."""

    def test_yes_pays(self, company: DemoCompany) -> None:
        with company.at_terminal("pay INV-1042") as asked:
            asked.wait_for("Pay this now? [y/N] ")
            asked.say("y")
            result = asked.end()
        assert result.exit_code == 0
        assert result.stdout.index("Total     1,842.50 USD") < result.stdout.index("received")
        assert company.run("invoices show INV-1042 --json").json["status"] == "paid"

    @pytest.mark.parametrize("answer", ["n", "", "yess", "no"])
    def test_anything_else_does_not(self, company: DemoCompany, answer: str) -> None:
        before = company.dump()
        with company.at_terminal("pay INV-1042") as asked:
            asked.wait_for("Pay this now? [y/N] ")
            asked.say(answer)
            result = asked.end()
        assert result.exit_code == 7
        assert result.stderr.endswith("invoicepay: nothing was paid.\n")
        assert company.dump() == before

    def test_interrupting_the_question_pays_nothing(self, company: DemoCompany) -> None:
        before = company.dump()
        with company.at_terminal("pay INV-1042") as asked:
            asked.wait_for("Pay this now? [y/N] ")
            asked.interrupt()
            result = asked.end()
        assert (result.exit_code, result.stderr) == (
            130,
            "Pay this now? [y/N] \ninvoicepay: interrupted.\n",
        )
        assert company.dump() == before

    def test_passwords_are_asked_for_without_echo(self, company: DemoCompany) -> None:
        login = "login --email dana@harborfinch.example --insecure-storage"
        with company.at_terminal(login) as asked:
            asked.wait_for("Password: ")
            asked.say(company.passwords["customer"])
            result = asked.end()
        assert result.exit_code == 0
        assert result.stdout == "Logged in as dana@harborfinch.example.\n"
        assert company.passwords["customer"] not in result.stderr

    def test_ctrl_d_at_the_question_is_an_interrupt(self, company: DemoCompany) -> None:
        before = company.dump()
        with company.at_terminal("pay INV-1042") as asked:
            asked.wait_for("Pay this now? [y/N] ")
            asked.end_input()
            result = asked.end()
        assert result.exit_code == 130
        assert result.stderr.endswith("[y/N] \ninvoicepay: interrupted.\n")
        assert company.dump() == before

    def test_ctrl_d_at_a_hidden_question_is_an_interrupt(self, company: DemoCompany) -> None:
        with company.at_terminal("passwd") as asked:
            asked.wait_for("Current password: ")
            asked.end_input()
            result = asked.end()
        assert result.exit_code == 130
        assert result.stderr.endswith("\ninvoicepay: interrupted.\n")

    def test_removing_a_method_is_asked_about(self, company: DemoCompany) -> None:
        card = company.method("Company card")
        for answer, code in (("n", 7), ("y", 0)):
            with company.at_terminal(f"methods remove {card}") as asked:
                asked.wait_for("Remove Visa ending 4242 of C-1007? [y/N] ")
                asked.say(answer)
                assert asked.end().exit_code == code
        assert card not in company.run("methods list").stdout
        with company.at_terminal(f"methods remove {card}") as asked:
            gone = asked.end()
        assert (gone.exit_code, gone.stderr.splitlines()[0][:33]) == (
            5,
            "invoicepay: no payment method car",
        )

    def test_a_script_says_yes_and_reads_that_a_method_is_removed(
        self, company: DemoCompany
    ) -> None:
        card = company.method("Company card")
        refused = company.run(f"methods remove {card} --json")
        assert (refused.exit_code, refused.error["code"]) == (2, "input_needed")
        removed = company.run(f"methods remove {card} --yes --json").json
        assert (removed["id"], removed["status"]) == (card, "removed")

    def test_a_new_password_is_asked_for_twice(self, company: DemoCompany) -> None:
        with company.at_terminal("passwd") as asked:
            asked.wait_for("Current password: ")
            asked.say(company.passwords["customer"])
            asked.wait_for("New password: ")
            asked.say("seven brisk walruses")
            asked.wait_for("New password again: ")
            asked.say("seven brisk walrusses")
            result = asked.end()
        assert result.exit_code == 2
        assert result.stderr.endswith(
            "invoicepay: the two are not the same. Run it again, and type it twice.\n"
        )


def test_of_several_at_once_one_pays(company: DemoCompany) -> None:
    """The others are told so, clearly, and nobody is charged twice."""
    results = company.run_at_once("pay INV-1042 --method card --yes --json", times=5)
    said = [result.stderr for result in results]
    assert sorted(result.exit_code for result in results) == [0, 7, 7, 7, 7], said
    refused = {result.error["code"] for result in results if result.exit_code}
    # Whoever comes between the charge and its being shown is told of it first.
    assert refused <= {"in_flight", "not_acknowledged", "already_paid", "moved_since_quoted"}, said
    paid = [p for p in company.run("payments list --json").json if p["amount_minor"] == 184250]
    assert [p["status"] for p in paid] == ["succeeded"]
    doctor = company.as_("finance").run("doctor")
    assert doctor.exit_code == 0, doctor.stdout + doctor.stderr
