"""A mailer that keeps what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from invoicepay.billing.ports import MailNotSent, Message


@dataclass
class KeptMail:
    """Keeps what was sent. `before` sees each message first, and may raise."""

    sent: list[Message] = field(default_factory=list)
    before: Callable[[Message], None] = lambda message: None
    needs_sender: bool = False
    seconds: list[float] = field(default_factory=list)
    """How long each was given."""

    def check(self, sender: str) -> None:
        if self.needs_sender and not sender:
            raise MailNotSent("the company has no e-mail address to send from")

    def send(self, message: Message, *, seconds: float = inf) -> None:
        self.seconds.append(seconds)
        self.before(message)
        self.sent.append(message)
