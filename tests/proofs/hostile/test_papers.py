"""Hostile text on paper, in e-mail, and in the names of files."""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import sqlite3
import subprocess
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from invoicepay.billing.ports import Attachment, MailNotSent, Message
from invoicepay.mail.folder import FolderMailer
from tests.proofs.hostile.checks import (
    ALLOWED_IN_NAMES,
    assert_ended_well,
    assert_harmless,
    below,
    text_of_pdf,
)
from tests.proofs.hostile.conftest import AT, id_of, number_of, typed
from tests.proofs.hostile.strings import FAMILIES, HOSTILE, STORABLE
from tests.world.child import run, run_at_terminal, run_each
from tests.world.program import DemoCompany

TEXTS = list(STORABLE.values())
NUMBERS = typed(TEXTS)
AS_NAMES = typed([*FAMILIES["paths"].values(), *FAMILIES["arguments"].values()])
HEADERS = {
    "From", "To", "Reply-To", "Auto-Submitted", "Subject", "Date", "Message-ID", "MIME-Version",
    "Content-Type", "Content-Transfer-Encoding", "Content-Disposition",
}  # fmt: skip


@pytest.fixture(scope="session")
def papers(foreign: DemoCompany, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every hostile invoice as PDF: a folder of its own in a folder of its own."""
    folder = tmp_path_factory.mktemp("papers") / "pdf"
    said = run(foreign, "invoices", "pdf", f"--dir={folder}", "--", *NUMBERS)
    assert_ended_well(said)
    assert "a box (□) stands for each character" in said.stderr
    assert said.stderr.count("\n") == 1
    assert {Path(line) for line in said.stdout.splitlines()} == set(folder.iterdir())
    return folder


def test_each_invoice_is_a_file_in_its_folder(papers: Path) -> None:
    assert list(papers.parent.iterdir()) == [papers]
    assert len(below(papers)) == len(NUMBERS)
    assert_names([path.name for path in papers.iterdir()])


def assert_names(names: list[str]) -> None:
    assert len({name.lower() for name in names}) == len(names)
    for name in names:
        assert set(name) <= ALLOWED_IN_NAMES
        assert not name.startswith((".", "-"))
        assert len(name) < 200
        assert name.partition(".")[0].lower() not in ("con", "nul", "com1", "")


def test_each_is_one_document_of_pages(papers: Path) -> None:
    for path in papers.iterdir():
        text = text_of_pdf(path.read_bytes())
        assert "Balance due" in text
        assert_harmless(text)


def test_poppler_reads_them_without_a_complaint(papers: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    for path in sorted(papers.iterdir())[::4]:
        done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True)
        assert done.stderr == b""
        text = done.stdout.decode()
        assert "Balance due" in text
        assert_harmless(text.replace("\f", ""))


def test_the_entries_of_a_zip(foreign: DemoCompany, tmp_path: Path) -> None:
    said = run(foreign, "invoices", "pdf", f"--zip={tmp_path / 'all.zip'}", "--", *AS_NAMES)
    assert_ended_well(said)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        assert_names(archive.namelist())
        assert len(archive.namelist()) == len(AS_NAMES)
        archive.extractall(tmp_path / "here" / "below")
    assert set(tmp_path.iterdir()) == {tmp_path / "all.zip", tmp_path / "here"}
    assert len(below(tmp_path / "here" / "below")) == len(set(archive.namelist()))


def test_a_bar_on_a_terminal(foreign: DemoCompany, tmp_path: Path) -> None:
    """It moves the cursor, by rich's own sequences: what is left is ours."""
    command = ["invoices", "pdf", f"--dir={tmp_path}", "--", *AS_NAMES[:12]]
    written, codes = run_at_terminal(foreign, [command])
    assert codes == [0]
    assert "\x1b[?25l" in written, "a bar hides the cursor"
    assert_harmless(re.sub(r"\x1b\[[?]?[0-9;]*[A-Za-z]|\r", "", written))


def test_receipts(foreign: DemoCompany, tmp_path: Path) -> None:
    """About payments that say anything."""
    names = [f"R-{at:06d}" for at in range(10_000, 10_000 + len(STORABLE), 9)]
    commands = [["payments", "receipt", f"--dir={tmp_path}", "--", name] for name in names]
    for said in run_each(foreign, commands):
        assert_ended_well(said)
        assert said.stderr == ""
    files = sorted(tmp_path.iterdir())
    assert len(files) == len(below(tmp_path)) == len(names)
    assert_names([path.name for path in files])
    for path in files:
        assert_harmless(text_of_pdf(path.read_bytes()))


@pytest.fixture(scope="session")
def letters(foreign: DemoCompany, tmp_path_factory: pytest.TempPathFactory) -> DemoCompany:
    """A company whose owed e-mail has been sent: one about each hostile payment."""
    company = foreign.copied_to(tmp_path_factory.mktemp("letters") / "demo")
    shutil.rmtree(company.folder / "outbox")
    with closing(sqlite3.connect(company.ledger)) as ledger, ledger:
        ledger.execute("DELETE FROM outbox")
        for at, text in enumerate(TEXTS):
            failed = at % 12 != 0  # a PDF goes with every twelfth
            ledger.execute(
                "INSERT INTO outbox (message_id, kind, payment_id, recipient, created_at, due_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [f"{at}@x", "failed" if failed else "received",
                 number_of(text) if failed else id_of(10_000 + at), "ap@customer.example", AT, AT],
            )  # fmt: skip
        ledger.execute("UPDATE company SET name = ?", [FAMILIES["mail"]["bcc"]])
    said = run(company, "sync")
    assert_ended_well(said)
    assert said.stderr == f"{len(TEXTS)} e-mail(s) sent.\n"
    return company


def test_each_letter_is_a_file_in_the_outbox(letters: DemoCompany) -> None:
    assert len(letters.mail) == len(TEXTS)
    assert len(below(letters.folder / "outbox")) == len(TEXTS)
    for path in letters.mail:
        assert set(path.name) <= ALLOWED_IN_NAMES
        assert len(path.name) < 100


def test_letters_have_our_headers_and_no_others(letters: DemoCompany) -> None:
    attached = 0
    for path in letters.mail:
        content = path.read_bytes()
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        parts = list(mail.walk())
        assert all(part.defects == [] for part in parts)
        assert {name for part in parts for name in part} <= HEADERS
        assert len(mail.keys()) == len(set(mail.keys()))
        assert mail["To"] == "ap@customer.example"
        for header in mail.values():
            assert_harmless(str(header))
            assert "\n" not in str(header)
        for attachment in mail.iter_attachments():
            attached += 1
            assert set(attachment.get_filename() or "/") <= ALLOWED_IN_NAMES
            assert attachment.get_content_type() == "application/pdf"
            assert "Payment received" in text_of_pdf(attachment.get_content())
    assert attached == len(TEXTS[::12])


OURS = {
    "!doctype",
    "code",
    "html",
    "head",
    "meta",
    "title",
    "body",
    "div",
    "p",
    "table",
    "tr",
    "th",
    "td",
}
ATTRIBUTES = {"lang", "charset", "name", "content", "style", "role"}


def test_no_text_in_a_letter_makes_lines_of_its_own(letters: DemoCompany) -> None:
    """And none that turns its direction or would act on the terminal it is read on."""
    for path in letters.mail:
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        body, page = mail.get_body(("plain",)), mail.get_body(("html",))
        assert body is not None
        assert page is not None
        text = str(body.get_content()).replace("\r\n", "\n")
        assert_harmless(text.replace("\t", " "))
        html = str(page.get_content()).replace("\r\n", "\n")
        assert_harmless(html.replace("\t", " "))
        # Tags and attributes are ours, whatever stands in the data.
        assert {*re.findall(r"</?([^\s>]*)", html)} <= OURS
        assert {*re.findall(r'([^\s"=]+)="', re.sub(r">[^<]*", ">", html))} <= ATTRIBUTES
        assert len(text.splitlines()) <= 30
        assert text.splitlines()[0] == (
            "SANDBOX – no money moved. This is practice, not proof of a payment."
        )


def test_a_recipient_that_is_no_address_gets_nothing(letters: DemoCompany, tmp_path: Path) -> None:
    company = letters.copied_to(tmp_path / "demo")
    with closing(sqlite3.connect(company.ledger)) as ledger, ledger:
        for at, text in enumerate(TEXTS):
            ledger.execute(
                "UPDATE outbox SET sent_at = NULL, due_at = ?, recipient = ? WHERE message_id = ?",
                [AT, text, f"{at}@x"],
            )
    sent = len(company.mail)
    for said in run_each(company, [["sync"], ["sync", "--json"], ["doctor"]]):
        assert_ended_well(said, (0, 9, 11))
    assert len(company.mail) == sent
    with closing(sqlite3.connect(company.ledger)) as ledger:
        errors = [row[0] for row in ledger.execute("SELECT last_error FROM outbox")]
    assert all("is not an e-mail address" in error for error in errors)
    assert_harmless("".join(errors))


MESSAGE = Message(
    message_id="p1.received@ledger.invoicepay",
    sender="billing@acme.example",
    sender_name="Acme",
    to="ap@customer.example",
    subject="Payment",
    text="Thank you.",
    sent_at=datetime(2026, 10, 31, tzinfo=UTC),
)


@pytest.mark.parametrize("field", ["message_id", "sender", "sender_name", "to", "subject", "text"])
def test_any_field_of_a_message_and_the_name_of_an_attachment(field: str, tmp_path: Path) -> None:
    """Sent with our headers, or not sent for a reason in words."""
    mailer, sent = FolderMailer(tmp_path / "outbox"), 0
    for text in list(HOSTILE.values())[::3]:
        changed: dict[str, Any] = {
            field: text,
            "attachments": (Attachment(text, "application/pdf", b"%PDF"),),
        }
        try:
            mailer.send(replace(MESSAGE, **changed))
            sent += 1
        except MailNotSent as error:
            assert_harmless(str(error))
            assert field in ("message_id", "sender", "to")
            continue
    for path in (tmp_path / "outbox").glob("*.eml"):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        assert set(mail.keys()) <= HEADERS
        for header in mail.values():
            assert_harmless(str(header))
        (attachment,) = mail.iter_attachments()
        assert set(attachment.get_filename() or "/") <= ALLOWED_IN_NAMES
    assert list(tmp_path.iterdir()) == [tmp_path / "outbox"] or not sent
    assert field in ("to", "sender") or sent > len(HOSTILE) / 24
