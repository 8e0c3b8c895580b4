"""E-mails: any message, and those about payments, which wait in the outbox until they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class MailKind(StrEnum):
    """What happened to a payment, where an e-mail is sent about it."""

    INITIATED = "initiated"
    RECEIVED = "received"
    FAILED = "failed"


class MailStatus(StrEnum):
    """`failing`: the last try did not succeed, and it is tried again."""

    WAITING = "waiting"
    FAILING = "failing"
    SENT = "sent"
    DISCARDED = "discarded"


OWED = frozenset({MailStatus.WAITING, MailStatus.FAILING})


@dataclass(frozen=True, slots=True)
class OutboxMail:
    """An e-mail about a payment. Its Message-ID never changes, so that a second delivery shows.
    Instants are UTC, by the business's clock."""

    message_id: str
    kind: MailKind
    payment_id: str
    to: str
    created_at: datetime
    attempts: int = 0
    due_at: datetime | None = None
    """When it is tried, or tried again; None for a new one, which is due at once."""
    sent_at: datetime | None = None
    discarded_at: datetime | None = None
    last_error: str = ""

    @property
    def local_part(self) -> str:
        """Of its Message-ID: the payment's id, the kind, and to whom where not to the payer."""
        return self.message_id.partition("@")[0]

    @property
    def owed(self) -> bool:
        return self.status in OWED

    @property
    def status(self) -> MailStatus:
        if self.sent_at is not None:
            return MailStatus.SENT
        if self.discarded_at is not None:
            return MailStatus.DISCARDED
        return MailStatus.FAILING if self.last_error else MailStatus.WAITING


@dataclass(frozen=True, slots=True)
class Attachment:
    file_name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """An e-mail. `message_id` without angle brackets; `sent_at` UTC; `html` says what `text`
    does."""

    message_id: str
    sender: str
    sender_name: str
    to: str
    subject: str
    text: str
    sent_at: datetime
    attachments: tuple[Attachment, ...] = ()
    html: str = ""
