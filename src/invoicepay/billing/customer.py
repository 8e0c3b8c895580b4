"""Who owes, who logs in, who is owed, and which customers' objects somebody may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address: free lines, as they are printed."""

    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Company:
    """The company that bills; one for each ledger."""

    name: str
    address: Address = Address()
    email: str = ""
    phone: str = ""
    website: str = ""
    tax_id: str = ""
    time_zone: str = "UTC"
    """IANA name; calendar dates are dates there."""
    currency: str = "USD"
    terms: str = ""
    """Printed at the foot of an invoice."""
    remit_to: str = ""
    """How to pay other than through here: bank details, cheque address."""
    logo: bytes = b""
    """PNG or JPEG; empty for none."""


@dataclass(frozen=True, slots=True)
class Customer:
    """The account that owes. `number` is what the company calls it."""

    number: str
    name: str
    emails: tuple[str, ...] = ()
    """Where e-mails about payments go: to each, in an e-mail of its own."""
    address: Address = Address()
    currency: str = ""
    """What it is usually billed in; empty for the company's."""
    terms_days: int = 30
    """Days from issue to due where an invoice does not say."""
    gateway_id: str = ""
    """The gateway's customer; empty until the first payment method or payment."""

    @property
    def email(self) -> str:
        """The first address, for where there is room for one; empty for none."""
        return self.emails[0] if self.emails else ""


_BETWEEN = "; "


def emails_text(emails: tuple[str, ...]) -> str:
    """E-mail addresses as one text, which files and ledgers have: `a@x.example; b@x.example`."""
    return _BETWEEN.join(emails)


def emails_of(text: str) -> tuple[str, ...]:
    """The addresses of `emails_text`."""
    return tuple(text.split(_BETWEEN)) if text else ()


class Role(StrEnum):
    CUSTOMER = "customer"
    FINANCE = "finance"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which customers' objects a read may return. `None`: all."""

    customers: frozenset[str] | None = frozenset()

    def has(self, customer: str) -> bool:
        return self.customers is None or customer in self.customers


EVERYTHING = Scope(None)


@dataclass(frozen=True, slots=True)
class Contact:
    """A person who logs in. `customers` is empty for finance and admin, who see all."""

    id: str
    email: str
    name: str
    role: Role
    customers: tuple[str, ...] = ()
    status: str = "invited"
    """invited, active or disabled"""
    password_hash: str = ""

    @property
    def scope(self) -> Scope:
        return Scope(frozenset(self.customers)) if self.role is Role.CUSTOMER else EVERYTHING


@dataclass(frozen=True, slots=True)
class Session:
    """A login or a script's token. Only the SHA-256 of its secret is kept.

    Instants are UTC and real time, not the sandbox's.
    """

    id: str
    kind: str
    """session or token"""
    contact_id: str
    secret_hash: str
    created_at: datetime
    expires_at: datetime
    idle_seconds: int
    last_used_at: datetime
    label: str = ""
    revoked_at: datetime | None = None

    def live_at(self, now: datetime) -> bool:
        # Also the other way: a login made while the clock was far ahead must not last until then.
        idle = abs((now - self.last_used_at).total_seconds())
        return self.revoked_at is None and now < self.expires_at and idle < self.idle_seconds


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. Made by `operations/` from a session, never from what the caller says."""

    contact_id: str
    email: str
    role: Role
    scope: Scope
    session_id: str
