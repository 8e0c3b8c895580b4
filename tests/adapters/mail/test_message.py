"""MIME from hostile data."""

from __future__ import annotations

import dataclasses
import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from invoicepay.billing.ports import Attachment, MailNotSent, Message
from invoicepay.mail.message import build

MESSAGE = Message(
    message_id="p1.received@ledger.invoicepay",
    sender="billing@acme.example",
    sender_name="Acme Tools",
    to="bob@customer.example",
    subject="Payment received",
    text="Thank you.\n",
    sent_at=datetime(2026, 10, 31, 12, tzinfo=UTC),
)


def parsed(message: Message, sender: str = "") -> EmailMessage:
    found = email.message_from_bytes(build(message, sender).as_bytes(), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    assert found.defects == []
    return found


def text_of(mime: EmailMessage) -> str:
    body = mime.get_body()
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


@pytest.mark.parametrize("field", ["subject", "sender_name", "message_id"])
@pytest.mark.parametrize("bite", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\r\n\r\n"])
def test_line_breaks_in_headers_add_no_header(field: str, bite: str) -> None:
    hostile = f"A{bite}Bcc: eve@evil.example{bite}X-Evil: 1"
    changes: dict[str, Any] = {field: hostile}
    mime = parsed(dataclasses.replace(MESSAGE, **changes))
    assert mime["Bcc"] is None
    assert mime["X-Evil"] is None
    assert mime["To"] == "bob@customer.example"
    assert text_of(mime) == "Thank you.\n"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bob",
        "bob@customer.example\r\nBcc: eve@evil.example",
        "bob@customer.example, eve@evil.example",
        "bob@customer.example>",
        "Bob <bob@customer.example>",
        "b\x00b@customer.example",
        "bob@customer.example\n",
        "b\udcffb@customer.example",
    ],
)
def test_what_is_no_address_is_not_sent_to(address: str) -> None:
    with pytest.raises(MailNotSent, match="is not an e-mail address") as caught:
        build(dataclasses.replace(MESSAGE, to=address))
    assert str(caught.value).isprintable()


def test_unicode_and_direction_and_surrogates() -> None:
    hostile = dataclasses.replace(
        MESSAGE,
        subject="Zahlung \u202eevil\u202c – 42 € 東京 \udcff",
        sender_name='Müller "&" <Söhne>',
        text="Größe – 東京\x1b[31m\x00\u202e\r\n.\r\nend \ud800\n",
    )
    mime = parsed(hostile)
    assert mime["Subject"] == "Zahlung evil – 42 € 東京 ?"
    assert mime["From"].addresses[0].display_name == 'Müller "&" <Söhne>'
    assert mime["From"].addresses[0].addr_spec == "billing@acme.example"
    assert text_of(mime) == "Größe – 東京[31m\n.\nend ?\n"


def test_a_very_long_subject_is_folded_not_cut() -> None:
    subject = "long " * 300
    mime = parsed(dataclasses.replace(MESSAGE, subject=subject))
    assert mime["Subject"].split() == subject.split()


def test_attachments_keep_their_bytes_and_get_safe_names() -> None:
    content = bytes(range(256)) * 20
    attachment = Attachment("../../etc/\r\npass wd\u202e.pdf", "application/pdf", content)
    mime = parsed(dataclasses.replace(MESSAGE, attachments=(attachment,)))
    [found] = list(mime.iter_attachments())
    assert found.get_content() == content
    assert found.get_content_type() == "application/pdf"
    assert found.get_filename() == "etc-pass-wd-.pdf"


def test_holiday_answers_are_not_wanted() -> None:
    assert parsed(MESSAGE)["Auto-Submitted"] == "auto-generated"
