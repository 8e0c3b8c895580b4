"""What every Mailer does: one suite, each adapter."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from invoicepay.billing.ports import Attachment, Mailer, MailNotSent, Message
from invoicepay.mail.folder import FolderMailer
from invoicepay.mail.smtp import SmtpMailer
from invoicepay.system.mail_server import SmtpSettings

MESSAGE = Message(
    message_id="p1.received@ledger.invoicepay",
    sender="billing@acme.example",
    sender_name="Acme Tools",
    to="bob@customer.example",
    subject="Payment received – 1,842.50 USD",
    text="Hello,\n\nwe have received your payment – thank you.\n",
    sent_at=datetime(2026, 10, 31, 12, 30, 5, tzinfo=UTC),
    attachments=(Attachment("receipt-R-1.pdf", "application/pdf", b"%PDF-1.7\r\n\x00\xff"),),
)


@dataclass
class Subject:
    mailer: Mailer
    delivered: Callable[[], list[EmailMessage]]
    broken: Mailer


class Received:
    def __init__(self) -> None:
        self.contents: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.contents.append(envelope.original_content)
        return "250 OK"


@pytest.fixture(params=["folder", "smtp"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    if request.param == "folder":
        outbox = tmp_path / "outbox"
        (tmp_path / "file").write_text("")
        yield Subject(
            FolderMailer(outbox),
            lambda: [parsed(p.read_bytes()) for p in sorted(outbox.iterdir())],
            FolderMailer(tmp_path / "file"),
        )
        return
    port, nobody = free_port(), free_port()
    received = Received()
    controller = Controller(received, hostname="127.0.0.1", port=port)
    controller.start()
    yield Subject(
        SmtpMailer(SmtpSettings("127.0.0.1", port, "none")),
        lambda: [parsed(content) for content in received.contents],
        SmtpMailer(SmtpSettings("127.0.0.1", nobody, "none")),
    )
    controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def parsed(content: bytes) -> EmailMessage:
    found = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_what_is_sent_arrives_as_it_is(subject: Subject) -> None:
    subject.mailer.send(MESSAGE)
    [mime] = subject.delivered()
    assert mime["Message-ID"] == "<p1.received@ledger.invoicepay>"
    assert mime["Date"].datetime == MESSAGE.sent_at
    assert mime["From"] == "Acme Tools <billing@acme.example>"
    assert mime["To"] == "bob@customer.example"
    assert mime["Subject"] == "Payment received – 1,842.50 USD"
    body = mime.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == MESSAGE.text
    [attachment] = list(mime.iter_attachments())
    assert attachment.get_filename() == "receipt-R-1.pdf"
    assert attachment.get_content() == MESSAGE.attachments[0].content


def test_line_breaks_make_no_headers(subject: Subject) -> None:
    subject.mailer.send(dataclasses.replace(MESSAGE, subject="A\r\nBcc: eve@evil.example\r\n\r\nB"))
    [mime] = subject.delivered()
    assert mime["Bcc"] is None
    assert mime["Subject"] == "A Bcc: eve@evil.example B"


@pytest.mark.parametrize("address", ["", "nobody", "a@b.example, c@d.example", "a@b\r\nBcc: c@d"])
def test_what_is_no_address_is_not_sent(subject: Subject, address: str) -> None:
    with pytest.raises(MailNotSent):
        subject.mailer.send(dataclasses.replace(MESSAGE, to=address))


def test_failure_is_mail_not_sent(subject: Subject) -> None:
    with pytest.raises(MailNotSent) as caught:
        subject.broken.send(MESSAGE)
    assert "\n" not in str(caught.value)


def test_the_same_again_has_the_same_id_and_date(subject: Subject) -> None:
    subject.mailer.send(MESSAGE)
    subject.mailer.send(MESSAGE)
    assert {m["Message-ID"] for m in subject.delivered()} == {"<p1.received@ledger.invoicepay>"}
    assert len({m["Date"] for m in subject.delivered()}) == 1
