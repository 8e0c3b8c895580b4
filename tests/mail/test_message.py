"""MIME from hostile data."""

from __future__ import annotations

import base64
import dataclasses
import email
import email.policy
import quopri
import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from invoicepay.billing.ports import Attachment, MailNotSent, Message
from invoicepay.mail.message import build, one_line

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


WORDS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=30),
    min_size=1,
    max_size=12,
).map(" ".join)
ASCII_WORDS = st.lists(
    st.text('abcXYZ =?_<>"\\@,;()[]', min_size=1, max_size=40), min_size=1, max_size=6
).map(" – ".join)


def decoded(header: str) -> str:
    """By RFC 2047 alone: white space between encoded words goes, and all else stays."""
    unfolded = header.replace("\r\n", "")
    word = r"=\?utf-8\?([qb])\?([^?\s]*)\?="
    assert not re.search(rf"{word}=\?", unfolded), "two of them without white space between"
    joined = re.sub(rf"(?<=\?=)\s+(?={word})", "", unfolded)

    def text(found: re.Match[str]) -> str:
        if found[1] == "b":
            return base64.b64decode(found[2]).hex()
        return quopri.decodestring(found[2].replace("_", " ").encode()).hex()

    pieces = re.split(f"({word})", joined)
    return "".join(
        bytes.fromhex(text(match)).decode() if (match := re.fullmatch(word, piece)) else piece
        for at, piece in enumerate(pieces)
        if at % 4 < 2
    )


def raw_header(message: Message, name: str) -> str:
    raw = build(message).as_bytes().decode("ascii")
    (found,) = re.findall(rf"^{name}: (.*(?:\r\n[ \t].*)*)\r\n", raw, re.MULTILINE)
    assert all(len(line) <= 78 for line in found.split("\r\n")), found
    return str(found)


@given(text=WORDS | ASCII_WORDS)
@example("Payment of 1.00 USD to Thirty ASCII Characters Company received – receipt R-000001")
@example("Payment of 1.00 EUR to Кафе «Белая сова» received – receipt R-000001")
def test_a_header_says_what_was_meant_to_whoever_decodes_it(text: str) -> None:
    message = dataclasses.replace(MESSAGE, subject=text, sender_name=text)
    meant = one_line(text)

    assert decoded(raw_header(message, "Subject")) == meant
    assert parsed(message)["Subject"] == meant
    box = raw_header(message, "From")
    assert box.endswith("<billing@acme.example>") or not meant
    name = box.removesuffix(" <billing@acme.example>").removesuffix("\r\n")
    if "=?utf-8?" in name:
        assert decoded(name) == str(make_header(decode_header(name))) == meant
    else:
        (found,) = parsed(message)["From"].addresses
        assert (found.display_name, found.addr_spec) == (meant, "billing@acme.example")


def test_attachments_keep_their_bytes_and_get_safe_names() -> None:
    content = bytes(range(256)) * 20
    attachment = Attachment("../../etc/\r\npass wd\u202e.pdf", "application/pdf", content)
    mime = parsed(dataclasses.replace(MESSAGE, attachments=(attachment,)))
    [found] = list(mime.iter_attachments())
    assert found.get_content() == content
    assert found.get_content_type() == "application/pdf"
    assert found.get_filename() == "etc-pass-wd-.pdf"


def test_html_stands_beside_the_text_and_papers_beside_both() -> None:
    attachment = Attachment("r.pdf", "application/pdf", b"%PDF")
    message = dataclasses.replace(
        MESSAGE, html="<p>Größe\x00 – 東京</p>\n", attachments=(attachment,)
    )
    mime = parsed(message)
    kinds = [part.get_content_type() for part in mime.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/pdf",
    ]
    (html,) = [part for part in mime.walk() if part.get_content_type() == "text/html"]
    assert html.get_content() == "<p>Größe – 東京</p>\r\n"
    assert mime["Reply-To"] == "billing@acme.example"


def test_holiday_answers_are_not_wanted() -> None:
    assert parsed(MESSAGE)["Auto-Submitted"] == "auto-generated"
