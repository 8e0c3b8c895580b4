"""The ledger: its stores, and the transactions that they are used in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime
    from pathlib import Path

    from invoicepay.billing.customer import Company, Contact, Customer, Scope, Session
    from invoicepay.billing.identity import LedgerIdentity
    from invoicepay.billing.invoice import Invoice, InvoiceDetail, InvoiceFilter, Page
    from invoicepay.billing.mail import MailStatus, OutboxMail
    from invoicepay.billing.method import Method
    from invoicepay.billing.payment import Allocation, Payment, PaymentStatus
    from invoicepay.billing.ports.books import (
        BooksStore,
        ComparisonStore,
        JournalStore,
        RestoreStore,
    )
    from invoicepay.billing.ports.bulk import LoadingStore

T = TypeVar("T")
R = TypeVar("R")


class CompanyStore(Protocol):
    def get(self) -> Company: ...
    def put(self, company: Company) -> None: ...
    def identity(self) -> LedgerIdentity: ...
    def created_at(self) -> datetime:
        """When the ledger was made: real time, UTC."""

    def bind_gateway(self, account: str) -> None:
        """Bind the ledger to the gateway's account, once."""

    def gateway_object(self) -> str:
        """The id of an intent or a customer that the ledger has at the gateway; empty when it has
        none."""

    def set_reconciled(self, until: datetime) -> None:
        """Every charge that the gateway had by `until` is in the ledger."""


class CustomerStore(Protocol):
    def get(self, number: str, scope: Scope) -> Customer | None: ...
    def alike(self, text: str, scope: Scope) -> list[Customer]:
        """Those whose numbers look like `text` (billing.spelling), by number."""

    def all(self, scope: Scope) -> list[Customer]:
        """By number."""

    def by_gateway_id(self, gateway_id: str) -> Customer | None: ...
    def set_gateway_id(self, number: str, gateway_id: str) -> bool:
        """Compare-and-set: True when the customer had none."""


class ContactStore(Protocol):
    def by_email(self, email: str) -> Contact | None:
        """E-mail addresses are compared in lower case."""

    def get(self, contact_id: str) -> Contact | None: ...
    def all(self) -> list[Contact]: ...
    def put(self, contact: Contact) -> None:
        """Add it, or replace what has its id, with its customers."""

    def add_invite(self, contact_id: str, code_hash: str, expires_at: datetime) -> None:
        """Earlier invites of the contact stop working."""

    def end_invites(self) -> int:
        """None works any more; how many there were."""

    def whose_invite(self, code_hash: str, now: datetime) -> str | None:
        """The contact's id, None if the code is not valid. Does not use it up."""

    def take_invite(self, code_hash: str, now: datetime) -> str | None:
        """The contact's id; the code is used up by this call. None if it is not valid."""


class SessionStore(Protocol):
    def add(self, session: Session) -> None: ...
    def by_hash(self, secret_hash: str) -> Session | None: ...
    def touch(self, session_id: str, now: datetime) -> None: ...
    def revoke(self, session_id: str, now: datetime) -> None: ...
    def revoke_all(self, contact_id: str, now: datetime, *, keep: str = "") -> None: ...
    def end_all(self, now: datetime) -> int:
        """Revoke every session and token; how many there were."""

    def of_contact(self, contact_id: str) -> list[Session]: ...
    def add_failure(self, email: str, at: datetime) -> None:
        """A failed login; old ones are forgotten here."""

    def failures(self, email: str, since: datetime) -> list[datetime]: ...
    def clear_failures(self, email: str) -> None: ...


class InvoiceStore(Protocol):
    def page(
        self,
        selection: InvoiceFilter,
        scope: Scope,
        today: date,
        *,
        limit: int | None = None,
        totals: bool = True,
    ) -> Page[Invoice]:
        """In the order of `selection`, at most `limit`."""

    def get(self, number: str, scope: Scope) -> Invoice | None: ...
    def near(self, number: str, scope: Scope) -> list[str]:
        """A few numbers that may have been meant by `number`: those with the same letters and
        digits, or ending in them, whatever their case and the marks between."""

    def alike(self, text: str, scope: Scope) -> list[Invoice]:
        """Those whose numbers look like `text` (billing.spelling), by number."""

    def detail(self, number: str, scope: Scope) -> InvoiceDetail | None: ...
    def reserve(self, allocations: Sequence[Allocation]) -> None:
        """Add to what is reserved. The caller has checked the payable balance in this unit."""

    def release(self, allocations: Sequence[Allocation]) -> None:
        """Take back a reservation."""

    def apply(self, allocations: Sequence[Allocation], effective_on: date) -> None:
        """Turn a reservation into money received on `effective_on`."""


class MethodStore(Protocol):
    def add(self, method: Method) -> None: ...
    def get(self, method_id: str, scope: Scope) -> Method | None: ...
    def of_customer(self, customer: str, scope: Scope) -> list[Method]:
        """Without removed ones, oldest first."""

    def set_default(self, method: Method) -> None:
        """Default of its type, and preferred over the other type."""

    def set_type_default(self, method: Method) -> None:
        """Default of its type only."""

    def remove(self, method_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """`since` selects what was received on that date (company's zone) or later, and what has not
    been received and was made at `made_since` (UTC) or later, when that date began."""

    since: date | None = None
    made_since: datetime | None = None
    status: PaymentStatus | None = None
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentChange:
    """What changes with a state. None leaves a field as it is."""

    status: PaymentStatus
    gateway_id: str | None = None
    lease_until: datetime | None = None
    settled_at: datetime | None = None
    effective_on: date | None = None
    receipt_number: str | None = None
    failure_code: str | None = None
    failure_message: str | None = None


class KnownPayment(NamedTuple):
    """What decides whether a payment accounts for an intent."""

    status: PaymentStatus
    gateway_id: str


class PaymentStore(Protocol):
    def add(self, payment: Payment) -> None: ...
    def get(self, payment_id: str, scope: Scope) -> Payment | None: ...
    def starting(self, beginning: str, scope: Scope) -> list[str]:
        """Ids that begin so; at most two, which is enough to see that there is more than one."""

    def with_key(self, key_id: str, scope: Scope) -> list[Payment]:
        """All attempts under a key, those adopted from the gateway too; oldest first."""

    def add_unplaced(self, payment_id: str, unplaced: Sequence[Allocation]) -> None:
        """What a charge was for that could not be put on its invoices."""

    def unplaced(self, invoices: Sequence[str] | None = None) -> list[tuple[Payment, Allocation]]:
        """Of charges that did not fail and have something left: what can be put on an invoice of
        the same customer and currency, which need not be payable; oldest first. With `invoices`,
        on those."""

    def place(self, payment: Payment, allocation: Allocation) -> None:
        """Add to the payment's allocations, out of what was unplaced."""

    def with_receipt(self, number: str, scope: Scope) -> str | None:
        """The id of the payment with this receipt number."""

    def known(self, payment_ids: Sequence[str]) -> dict[str, KnownPayment]:
        """By id, those of `payment_ids` that the ledger has."""

    def page(
        self,
        selection: PaymentFilter,
        scope: Scope,
        *,
        limit: int | None = None,
    ) -> Page[Payment]:
        """The last recorded first."""

    def change(self, payment: Payment, change: PaymentChange) -> bool:
        """Compare-and-set: True when the payment was still in `payment.status`."""

    def next_receipt_number(self) -> str:
        """One more than the highest, or the first after a restore."""

    def highest_receipt(self) -> int:
        """Of those that were given, and those that a restore has passed over; 0 for none."""

    def unsettled(self, scope: Scope, invoices: Sequence[str] | None = None) -> list[Payment]:
        """Payments under way, oldest first; with `invoices`, those that hold one of them."""

    def not_acknowledged(self, invoices: Sequence[str], contact: str) -> list[Payment]:
        """Charges of these invoices that are at the bank or succeeded, made by the contact with
        this e-mail address or by nobody known, which this contact has not been shown; oldest
        first."""

    def is_acknowledged(self, payment: Payment, contact: str) -> bool:
        """Whether the contact who paid has been told how `payment` stands; where nobody knows who
        paid, whether `contact` (an e-mail address) has."""

    def acknowledge(self, payment_id: str, contact: str, at: datetime) -> None:
        """Remember that `contact` was told. Doing it again changes nothing."""


class OutboxStore(Protocol):
    def add(self, mail: OutboxMail) -> None: ...
    def owed(
        self, scope: Scope, payment_id: str = "", due: datetime | None = None
    ) -> list[OutboxMail]:
        """What is neither sent nor discarded, the longest due first. `payment_id`: only about
        that payment; `due`: only what is due then."""

    def page(
        self,
        statuses: frozenset[MailStatus],
        scope: Scope,
        payment_id: str = "",
        *,
        limit: int | None = None,
    ) -> Page[OutboxMail]:
        """The last recorded first. `statuses`: OWED, only SENT, or all."""

    def take(
        self, message_id: str, now: datetime, until: datetime, *, early: bool = False
    ) -> OutboxMail | None:
        """Reserve the mail for this caller until `until`, and count an attempt. None where it is
        not owed, not due at `now` (unless `early`), or reserved by somebody else."""

    def sent(self, message_id: str, at: datetime) -> None: ...
    def not_sent(self, message_id: str, error: str, retry_at: datetime) -> None: ...
    def discard(self, message_id: str, at: datetime) -> bool:
        """Never send it; False when it was not owed any more."""


class Unit(Protocol):
    """One transaction's view of the ledger."""

    @property
    def company(self) -> CompanyStore: ...
    @property
    def customers(self) -> CustomerStore: ...
    @property
    def contacts(self) -> ContactStore: ...
    @property
    def sessions(self) -> SessionStore: ...
    @property
    def invoices(self) -> InvoiceStore: ...
    @property
    def methods(self) -> MethodStore: ...
    @property
    def payments(self) -> PaymentStore: ...
    @property
    def outbox(self) -> OutboxStore: ...
    @property
    def journal(self) -> JournalStore: ...
    @property
    def books(self) -> BooksStore: ...
    @property
    def restores(self) -> RestoreStore: ...
    @property
    def comparison(self) -> ComparisonStore: ...
    @property
    def loading(self) -> LoadingStore: ...


class Ledger(Protocol):
    """Where it is written. Transactions do not nest; nothing slow happens inside one: no network,
    e-mail, hashing or rendering."""

    def read(self) -> AbstractContextManager[Unit]:
        """A consistent snapshot."""

    def transact(self, body: Callable[[Unit], T]) -> T:
        """Run `body` in a transaction that is serialised with every other writer, and return what
        it returned. Durable then; undone when `body` raises.

        `body` may run more than once, each time after all of the last run was undone: it takes
        times and ids from outside, and nothing that it changed outside counts.
        """

    def integrity(self) -> list[str]:
        """What the store itself finds wrong; empty when nothing is."""

    def backup(self, target: Path) -> None:
        """A verified copy in a new private file, whole or not at all. Raises Refused, Unreachable,
        DoesNotTie."""

    def replace(
        self,
        backup: Path,
        mark: str,
        look: Callable[[Unit], T],
        prepare: Callable[[Unit, T | None], R],
    ) -> tuple[Path | None, R]:
        """Put a verified copy of `backup` in this ledger's place while nobody else uses it.
        `prepare` changes the copy before, with what `look` has read of this one, None where it is
        missing or cannot be read. What was replaced is kept as NAME.`mark`; returns where, and
        what `prepare` returned. Raises Unreachable, DoesNotTie and what `prepare` raises."""
