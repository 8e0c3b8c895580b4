"""The gateway, which moves money: what is asked of it, and its answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from invoicepay.billing.customer import Customer
    from invoicepay.billing.payment import Allocation


class IntentStatus(StrEnum):
    """A gateway intent's own status, in Stripe's words."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Intent:
    """What the gateway says of a charge. `failure_code` is of its last attempt."""

    id: str
    status: IntentStatus
    amount_minor: int
    currency: str
    livemode: bool
    customer: str
    """The gateway's customer."""
    created_at: datetime
    ledger_id: str
    payment_id: str
    customer_number: str = ""
    method_type: str = ""
    allocations: tuple[Allocation, ...] = ()
    request_digest: str = ""
    failure_code: str = ""
    failure_message: str = ""
    abandoned: bool = False
    """Canceled since it was given up before it could be charged (`Gateway.cancel`)."""


@dataclass(frozen=True, slots=True)
class UnreadableIntent:
    """A charge of this ledger that does not say whether money moved, or how much: its status is not
    known here, or its amount is missing. It counts as perhaps charged."""

    id: str
    """Empty where even that is missing."""
    why: str
    """E.g. `its status is requires_capture`."""
    payment_id: str
    customer: str
    """The gateway's customer; empty where that cannot be told, like the next."""
    customer_number: str
    invoices: frozenset[str] | None
    """What it is for; None where that cannot be told either."""
    created_at: datetime | None
    livemode: bool | None

    def __str__(self) -> str:
        return f"{self.id or 'an intent without an id'} cannot be read: {self.why}"


@dataclass(frozen=True, slots=True)
class ChargeOrder:
    """What to create an intent for."""

    payment_id: str
    ledger_id: str
    customer: str
    customer_number: str
    """Ours; the other ids are the gateway's."""
    method: str
    method_type: str
    """card or ach"""
    amount_minor: int
    currency: str
    description: str
    allocations: tuple[Allocation, ...]
    """Travels as metadata, so that the gateway's record explains the payment by itself."""
    request_digest: str = ""
    """Of what was asked for with a key; travels, too."""


@dataclass(frozen=True, slots=True)
class GatewayCustomer:
    """A customer as the gateway has it. `number` is ours, written on it when it was made."""

    id: str
    created_at: datetime
    ledger_id: str
    number: str


@dataclass(frozen=True, slots=True)
class AttachedMethod:
    """A payment method as the gateway describes it."""

    gateway_id: str
    type: str
    brand: str
    last4: str
    exp_month: int | None = None
    exp_year: int | None = None


class NoAnswer(Exception):
    """The call may or may not have been carried out: timeout, reset, cut body, 5xx, 409, 429.

    `hint`: what may make the next one arrive, empty where nothing is known. It is for whoever runs
    this machine, and no part of what is recorded.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Unreadable(NoAnswer):
    """There was an answer, but the intent in it cannot be read."""

    def __init__(self, intent: UnreadableIntent) -> None:
        super().__init__(str(intent))
        self.intent = intent


class Rejected(Exception):
    """The gateway understood, and did nothing: a 4xx that is not a decline."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class AccountHidden(Rejected):
    """A restricted key that may not read which account it belongs to. `named`: the account that
    the refusal speaks of, which is for people to look at and proves nothing; may be empty."""

    def __init__(self, code: str, message: str, named: str = "") -> None:
        super().__init__(code, message)
        self.named = named


class Gateway(Protocol):
    """How money moves. Every method raises NoAnswer or Rejected, and no exception of a vendor's;
    those that return an intent raise Unreadable for one that cannot be read. An object of the other
    mode (test or live) raises Unreachable (`gateway_mismatch`)."""

    @property
    def livemode(self) -> bool: ...
    def account(self) -> str:
        """The id of the account that the key belongs to. Raises AccountHidden."""

    def has(self, object_id: str) -> bool:
        """Whether the key's account has this customer or intent. An id is one account's only."""

    def create_customer(self, customer: Customer, ledger_id: str, key: str) -> GatewayCustomer:
        """A new one. The same `key` returns the same one, or the same failure (24 h)."""

    def customers(self, *, since: datetime) -> Iterator[GatewayCustomer]:
        """Those that a ledger made, newest first, read from the list endpoint (never from
        search, which lags)."""

    def attach_method(self, token: str, customer: str) -> AttachedMethod: ...
    def detach_method(self, method: str) -> None: ...
    def create(self, order: ChargeOrder) -> Intent:
        """An unconfirmed intent. The same payment id returns the same intent (24 h)."""

    def confirm(self, intent_id: str, payment_id: str) -> Intent:
        """Confirm off session, then the intent as it is after that. A decline is no error:
        the intent says so."""

    def retrieve(self, intent_id: str) -> Intent: ...
    def cancel(self, intent_id: str, *, on_request: bool = False) -> Intent:
        """Cancel it for good. Raises Rejected when that is not possible any more. `on_request`:
        somebody wants it canceled; else it is given up, and marked so at the gateway."""

    def intents(
        self,
        ledger_id: str,
        *,
        customer: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[Intent | UnreadableIntent]:
        """Those that this ledger made, newest first, `since` and `until` then (the gateway's time,
        UTC, whole seconds); read from the list endpoint (never from search, which lags). Left out
        are those that others made, whatever they look like, and what cannot be read but is
        canceled."""
