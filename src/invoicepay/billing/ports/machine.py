"""Documents, e-mail, passwords, time and chance."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from invoicepay.billing.customer import Company, Customer
    from invoicepay.billing.identity import Mode
    from invoicepay.billing.invoice import Invoice, InvoiceDetail
    from invoicepay.billing.mail import Message
    from invoicepay.billing.payment import Payment


@dataclass(frozen=True, slots=True)
class Receipt:
    """All that a receipt shows. Balances of the invoices are those after this payment."""

    payment: Payment
    company: Company
    customer: Customer
    invoices: tuple[Invoice, ...]
    """Those of the allocations, in their order."""


class Document(NamedTuple):
    """A PDF."""

    content: bytes
    missing: str
    """The characters of its texts that no font here has, each once; they are drawn as boxes."""


class Documents(Protocol):
    def invoices(
        self, company: Company, details: Iterable[InvoiceDetail], today: date, *, mode: Mode
    ) -> Iterator[Document]:
        """A PDF for each, in order. One call shares the work on fonts."""

    def logo(self, content: bytes) -> bytes:
        """What is kept of a company's logo, from a PNG or JPEG. Raises BadInput for what cannot
        be drawn."""

    def receipt(self, receipt: Receipt, *, mode: Mode) -> Document:
        """A PDF; for a payment that is processing it says `initiated`, not `received`."""


class MailNotSent(Exception):
    """Not accepted for delivery; it is tried again later."""


class Mailer(Protocol):
    def check(self, sender: str) -> None:
        """Whether e-mail from the company's address `sender` could go out at all, without asking
        anybody. Raises MailNotSent where it could not."""

    def send(self, message: Message, *, seconds: float = inf) -> None:
        """Within `seconds` in all, however slow the other side is. Raises MailNotSent."""


class Passwords(Protocol):
    def hash(self, password: str) -> str: ...
    def verify(self, password_hash: str, password: str) -> bool:
        """Takes the same time for an empty hash (no such contact) as for a wrong password."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The business's time, UTC. A sandbox ledger's is the sandbox's."""

    def real_now(self) -> datetime:
        """The real time, UTC: sessions and leases."""


class Ids(Protocol):
    def new(self) -> str:
        """A random UUID."""

    def secret(self) -> str:
        """At least 128 random bits, URL-safe."""

    def code(self) -> str:
        """A one-time code to read out and type: at least 80 random bits."""
