"""A Message as MIME, whatever stands in the data it was made from."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any

from invoicepay.billing.errors import quoted
from invoicepay.billing.ports import MailNotSent, Message
from invoicepay.billing.text import UNSEEN
from invoicepay.billing.text import one_line as on_one_line

_NOT_IN_TEXT = re.compile(rf"(?![\t\n])[{UNSEEN}]")
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-]", re.ASCII)
_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
# RFC 5321 4.1.2, without quoted local parts: nobody's address needs them, injections do.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}", re.ASCII)
_SHORT = 60
"""Characters that fit in a header line, whatever its name."""

_LINE = 78 + len("\r\n")
"""Characters of a line at most (RFC 5322)."""


class _Policy(EmailPolicy):
    """Folds the headers with free text itself: Python's own way loses spaces between encoded
    words, or puts two of them together without one (python/cpython #144156)."""

    def fold(self, name: str, value: Any) -> str:
        match name.lower():
            case "subject":
                return f"{name}: {_encoded(name, str(value))}\r\n"
            case "from":
                (box,) = value.addresses
                phrase, between, _ = str(value).rpartition(" <")  # quoted where that is needed
                if not _is_plain(box.display_name):
                    phrase = _encoded(name, box.display_name)
                if between:
                    line = f"{name}: {phrase} <{box.addr_spec}>\r\n"
                    folded = f"{name}: {phrase}\r\n <{box.addr_spec}>\r\n"
                    return line if len(line) <= _LINE else folded
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in ("subject", "from"):
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Policy(linesep="\r\n")


def _encoded(name: str, text: str) -> str:
    """`text` for the header `name`: as it is, or else all of it in encoded words (RFC 2047)."""
    if _is_plain(text):
        return text
    return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


def _is_plain(text: str) -> bool:
    """Whether it goes into one line, and nobody takes it for an encoded word."""
    return text.isascii() and len(text) <= _SHORT and "=?" not in text


def build(message: Message, sender: str = "") -> EmailMessage:
    """MIME of `message`, with its Message-ID and Date as given.

    `sender`: the address that this mailer is allowed to send from; answers go to the message's
    own (Reply-To). Line breaks and control characters in headers become spaces.
    Raises MailNotSent for an address that is none.
    """
    own = one_line(message.sender)
    check_sender(sender or own)
    mime = EmailMessage(policy=_POLICY)
    mime["From"] = _mailbox(sender or own, "the sender", one_line(message.sender_name))
    mime["To"] = _mailbox(message.to, "the recipient")
    if own:
        mime["Reply-To"] = _mailbox(own, "the company's address")
    # RFC 3834: nobody's holiday answer should come back.
    mime["Auto-Submitted"] = "auto-generated"
    message_id = _NOT_IN_IDS.sub("", message.message_id)
    if not message_id:  # newer Pythons would send it
        raise MailNotSent("cannot compose the message: it has no Message-ID")
    try:
        mime["Subject"] = one_line(message.subject)
        mime["Date"] = message.sent_at
        mime["Message-ID"] = f"<{message_id}>"
        # Quoted-printable stays readable in a folder of .eml files; base64 does not.
        mime.set_content(_text(message.text), cte="quoted-printable")
        if message.html:
            html = _text(message.html)
            mime.add_alternative(html, subtype="html", cte="quoted-printable")
        for attachment in message.attachments:
            main, _, sub = attachment.content_type.partition("/")
            name = file_name(attachment.file_name)
            mime.add_attachment(attachment.content, maintype=main, subtype=sub, filename=name)
    # IndexError: what Python 3.11's parser makes of a Message-ID that is none.
    except (MessageError, ValueError, IndexError) as problem:
        raise MailNotSent(f"cannot compose the message: {type(problem).__name__}") from None
    return mime


def check_sender(address: str) -> None:
    """Raises MailNotSent for one that no e-mail can be from, before anybody is asked."""
    if not address.strip():
        raise MailNotSent("the company has no e-mail address to send from")
    _mailbox(one_line(address), "the sender")


def one_line(text: str) -> str:
    """`text` without what could end a header or turn its direction."""
    return on_one_line(_valid(text)).strip()


def file_name(text: str) -> str:
    """`text` as a file name of ASCII letters, digits, `.`, `_` and `-`; never hidden or empty."""
    return _NOT_IN_FILE_NAMES.sub("-", text).strip(".-")[:80] or "attachment"


def _text(text: str) -> str:
    return _NOT_IN_TEXT.sub("", _valid(text).replace("\r\n", "\n"))


def _valid(text: str) -> str:
    """Lone surrogates cannot be encoded."""
    return text.encode("utf-8", "replace").decode()


def _mailbox(address: str, whose: str, name: str = "") -> Address:
    if not _ADDRESS.fullmatch(address):
        raise MailNotSent(f"{whose} is not an e-mail address: {quoted(one_line(address), 60)}")
    return Address(display_name=name, addr_spec=address)
