"""What operations need from the world. Adapters implement these; operations see nothing else.

Port calls are the only points where another process can get in between, and the only
places where time, chance or the network enter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from invoicepay.billing.customer import Company, Contact, Customer, Scope, Session
    from invoicepay.billing.identity import LedgerIdentity, Mode
    from invoicepay.billing.invoice import Invoice, InvoiceDetail, InvoiceFilter, Page
    from invoicepay.billing.journal import (
        Difference,
        JournalCheck,
        JournalEntry,
        JournalFilter,
        JournalHead,
    )
    from invoicepay.billing.method import Method
    from invoicepay.billing.payment import Allocation, Payment, PaymentStatus

T = TypeVar("T")
R = TypeVar("R")

# --- The ledger -----------------------------------------------------------------------------


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
        """The contact's id, None if the code is not valid. Spends nothing."""

    def take_invite(self, code_hash: str, now: datetime) -> str | None:
        """The contact's id, once: the code is spent by this call. None if it is not valid."""


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
        after: str | None = None,
        totals: bool = True,
    ) -> Page[Invoice]:
        """Keyset page of `selection`; `after` is an earlier page's `next`."""

    def get(self, number: str, scope: Scope) -> Invoice | None: ...
    def near(self, number: str, scope: Scope) -> list[str]:
        """The few numbers that somebody may have meant who wrote `number`: the same letters and
        digits, or these at the end, in any case and with other marks between them."""

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
    """`since` selects what was received on that date (company's zone) or later, and what is not
    received but was made at `made_since` (UTC), which is when that date began."""

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


class Standing(NamedTuple):
    """What says whether a payment accounts for an intent."""

    status: PaymentStatus
    gateway_id: str


class PaymentStore(Protocol):
    def add(self, payment: Payment) -> None: ...
    def get(self, payment_id: str, scope: Scope) -> Payment | None: ...
    def starting(self, beginning: str, scope: Scope) -> list[str]:
        """Ids that start so; at most two, since more tell no more."""

    def with_key(self, key_id: str, scope: Scope) -> list[Payment]:
        """All attempts under a key, those that were taken in from the gateway too; oldest first."""

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

    def standings(self, payment_ids: Sequence[str]) -> dict[str, Standing]:
        """Of those that the ledger has."""

    def page(
        self,
        selection: PaymentFilter,
        scope: Scope,
        *,
        limit: int | None = None,
        after: str | None = None,
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
        """Charges of these invoices that are at the bank or succeeded, by the contact with this
        e-mail address or by nobody known, and that this contact has not been told of; oldest
        first."""

    def is_acknowledged(self, payment: Payment, contact: str) -> bool:
        """Whether the contact who paid has been told how `payment` stands; where nobody knows who
        paid, whether `contact` (an e-mail address) has."""

    def acknowledge(self, payment_id: str, contact: str, at: datetime) -> None:
        """Remember that `contact` was told. Doing it again changes nothing."""


class MailKind(StrEnum):
    """The news of a payment that is worth an e-mail."""

    INITIATED = "initiated"
    RECEIVED = "received"
    FAILED = "failed"


class MailStatus(StrEnum):
    """How an e-mail stands. `failing` is one whose last try did not succeed; it is tried again."""

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
        after: str | None = None,
    ) -> Page[OutboxMail]:
        """The last recorded first. `statuses`: OWED, only SENT, or all."""

    def take(
        self, message_id: str, now: datetime, until: datetime, *, early: bool = False
    ) -> OutboxMail | None:
        """The mail, when it is owed, due at `now` (`early`: or not yet) and nobody is sending it:
        until `until`, this caller is. One more attempt."""

    def sent(self, message_id: str, at: datetime) -> None: ...
    def not_sent(self, message_id: str, error: str, retry_at: datetime) -> None: ...
    def discard(self, message_id: str, at: datetime) -> bool:
        """Give it up for good; False when it was not owed any more."""


class JournalStore(Protocol):
    def append(
        self, kind: str, subject: str, actor: str, at: datetime, data: Mapping[str, object]
    ) -> None:
        """Append-only; what this unit has changed since its last entry goes with it. A unit
        that changes money rows ends with an entry. `at` UTC."""

    def append_all(
        self, entries: Sequence[tuple[str, str, Mapping[str, object]]], actor: str, at: datetime
    ) -> None:
        """(kind, subject, data) of parts of what a later entry of this unit sums up."""

    def head(self) -> JournalHead | None: ...
    def hash_at(self, seq: int) -> str | None: ...
    def page(
        self, selection: JournalFilter, *, limit: int | None = None, after: str | None = None
    ) -> Page[JournalEntry]:
        """The last first; entries that only carry rows of another are left out."""

    def verify(self) -> JournalCheck:
        """The chain, and every money row against what the journal last said of it."""


@dataclass(frozen=True, slots=True)
class OpenRestore:
    """A backup that was put in place, and what came after it not confirmed yet. `since` (UTC): when
    its last entry was recorded; nothing later is in it. `synced_at`: when `sync` had taken in all
    that the gateway knows."""

    restored_at: datetime
    since: datetime
    synced_at: datetime | None
    wider_rights: tuple[str, ...]
    """E-mail addresses of contacts who had been disabled, or allowed less, since."""


class RestoreStore(Protocol):
    def open(self) -> OpenRestore | None:
        """Until it is confirmed, nobody pays."""

    def add(
        self,
        restored_at: datetime,
        since: datetime,
        receipts_from: int,
        wider_rights: Iterable[str],
    ) -> None:
        """Receipt numbers go on from `receipts_from`."""

    def synced(self, at: datetime) -> None: ...
    def confirm(self, at: datetime) -> None: ...


class BooksStore(Protocol):
    def differences(self) -> list[Difference]:
        """Every figure that does not tie out with the rows it is made of."""

    def differences_of(self, invoices: Collection[str]) -> list[Difference]:
        """Of these invoices only, by the same formulas: their lines, what is paid and reserved."""

    def look_alikes(self) -> list[tuple[str, ...]]:
        """Numbers of invoices with something to pay that look alike (billing.spelling), together.
        Imports refuse the second; earlier versions took both."""

    def rebuild(self, numbers: Collection[str]) -> None:
        """Make what is paid and reserved on these invoices, and since when they are paid, the
        sums of their payments again."""


class ChargedPayment(NamedTuple):
    """A card or ACH payment that is succeeded or processing, to be compared with its intent."""

    seq: int
    """Rises in the order in which payments were added."""
    entry: int
    """Number of the journal's entry that put it so; 0 where that was not asked for."""
    id: str
    status: PaymentStatus
    customer: str
    gateway_customer: str
    """The gateway's id of the customer."""
    amount_minor: int
    currency: str
    livemode: bool
    gateway_id: str
    """The intent."""
    created_at: datetime


class ComparisonStore(Protocol):
    """How far the ledger's payments have been compared with the gateway."""

    def done_until(self) -> int:
        """The journal's entry up to which those that it put so have been."""

    def set_done(self, entry: int) -> None: ...
    def changed(self, after: int, limit: int) -> list[ChargedPayment]:
        """The first that entries after that one put as they are, in the entries' order: each
        once."""

    def all(self, after: int, limit: int) -> list[ChargedPayment]:
        """The first whose `seq` is higher, in that order."""

    def charges_between(self, first: int, last: int) -> int:
        """How many payments from one `seq` to another have an intent."""


class LoadedCustomer(NamedTuple):
    """A customer as imports see it. Row ids hold within one unit; addresses are lines of text, and
    `email` is what `emails_text` makes of those of e-mail."""

    id: int
    number: str
    name: str
    email: str
    address: str
    currency: str
    terms_days: int


class LoadedInvoice(NamedTuple):
    """What decides whether a file may add to, change or pay an invoice. Minor units."""

    id: int
    number: str
    kind: str
    customer_id: int
    currency: str
    total_minor: int
    paid_minor: int
    reserved_minor: int
    voided_day: int | None
    content_digest: str
    allocated: bool
    """Whether a payment names it, even one that was declined."""


class InvoiceRow(NamedTuple):
    """An invoice to write. Minor units; days since 1970-01-01."""

    id: int
    number: str
    kind: str
    customer_id: int
    issued_day: int
    due_day: int
    currency: str
    total_minor: int
    tax_minor: int
    paid_minor: int
    po_number: str
    order_number: str
    memo: str
    disputed: int
    paid_day: int | None
    voided_day: int | None
    content_digest: str


LineRow = tuple[int, int, str, str, str, int, int, str]
"""invoice_id, position, description, quantity, unit_price, amount_minor, tax_minor, tax_rate."""
AllocationRow = tuple[int, int, int, int]
"""payment_seq, position, invoice_id, amount_minor."""


class PaymentRow(NamedTuple):
    """Money received elsewhere: final from the start. `effective_day`: days since 1970-01-01."""

    seq: int
    id: str
    customer_id: int
    currency: str
    amount_minor: int
    method_type: str
    method_label: str
    reference: str
    effective_day: int
    memo: str
    request_digest: str


class LoadingStore(Protocol):
    """Bulk reads and writes of imports: a statement for many rows, ids handed out by the caller."""

    def prepare(self, invoices: int) -> None:
        """About so many invoices will be added before `finish`."""

    def finish(self) -> None: ...
    def next_id(self, table: str) -> int:
        """The row id that the next row of customers, invoices or payments gets."""

    def alike(self, table: str, numbers: Sequence[str]) -> dict[str, list[str]]:
        """Skeleton → the numbers in `table` (customers or invoices) that have it, sorted, of
        the skeletons of `numbers` (billing.spelling). Those that only ASCII has are left out:
        there a number looks like itself only."""

    def customer(self, number: str) -> LoadedCustomer | None: ...
    def customers(self, numbers: Sequence[str]) -> dict[str, LoadedCustomer]: ...
    def put_customers(self, customers: Sequence[Customer]) -> None:
        """Add them, or replace what has their numbers; the gateway's ids stay."""

    def invoices(self, numbers: Sequence[str]) -> dict[str, LoadedInvoice]: ...
    def add_invoices(self, rows: Sequence[InvoiceRow]) -> int:
        """How many were added: a row whose number is there already is passed over."""

    def add_lines(self, rows: Sequence[LineRow]) -> None: ...
    def replace_invoices(self, rows: Sequence[InvoiceRow]) -> None:
        """New content, without lines, for the rows' ids. What is paid and reserved stays."""

    def payments(self, payment_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Payment id → (seq, `request_digest`) of those that are there."""

    def add_payments(
        self,
        payments: Sequence[PaymentRow],
        allocations: Sequence[AllocationRow],
        *,
        at: datetime,
        initiated_by: str,
        livemode: bool,
    ) -> None:
        """Without touching any invoice; `receive` does that."""

    def receive(self, moves: Sequence[tuple[int, int]]) -> None:
        """(invoice id, amount): raise what is paid, out of what is not reserved. The payments
        have been added."""

    def largest_sum(self) -> int:
        """Minor units: of the invoices, or the payments, of one currency; signs left out."""


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
    """Where it is written. Transactions do not nest; nothing slow happens inside one."""

    def read(self) -> AbstractContextManager[Unit]:
        """A consistent snapshot."""

    def write(self) -> AbstractContextManager[Unit]:
        """Serialised with every other writer; durable when the block ends without an error,
        undone when it raises."""

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


# --- The gateway ----------------------------------------------------------------------------


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
    """Canceled by somebody who gave it up before it could be charged (`Gateway.cancel`)."""


@dataclass(frozen=True, slots=True)
class UnreadableIntent:
    """A charge of a ledger's of which cannot be told whether money moved, or how much: a status
    that is not known here, an absent amount. It counts as perhaps charged."""

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
    """There was an answer, and what it says of the intent cannot be told."""

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
    """How money moves. Every method raises NoAnswer or Rejected, and nothing of a vendor's; those
    that return an intent raise Unreadable for one that cannot be read. What is of the other mode,
    where one object is asked for, raises Unreachable (`gateway_mismatch`)."""

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
        """Rejected when it can no longer be canceled. `on_request`: somebody wants it canceled;
        else it is abandoned, and reads so ever after."""

    def intents(
        self,
        ledger_id: str,
        *,
        customer: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[Intent | UnreadableIntent]:
        """Those that this ledger made, newest first, `since` and `until` then (the gateway's time,
        UTC, whole seconds); read from the list endpoint (never from search, which lags). What
        others made is passed over whatever it looks like, and so is what cannot be read but for
        that it is canceled."""


# --- Documents, mail, time, chance ------------------------------------------------------------


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
    """The characters of its texts that no font here has, each once; a box stands for each."""


class Documents(Protocol):
    def invoices(
        self, company: Company, details: Iterable[InvoiceDetail], today: date
    ) -> Iterator[Document]:
        """A PDF for each, in order. One call shares the work on fonts."""

    def logo(self, content: bytes) -> bytes:
        """What is kept of a company's logo, from a PNG or JPEG. Raises BadInput for what cannot
        be drawn."""

    def receipt(self, receipt: Receipt, *, mode: Mode) -> Document:
        """A PDF; for a payment that is processing it says `initiated`, not `received`."""


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


class MailNotSent(Exception):
    """Not accepted for delivery; it is tried again later."""


class Mailer(Protocol):
    def check(self, sender: str) -> None:
        """Whether e-mail from the company's address `sender` could go out at all, without asking
        anybody. Raises MailNotSent where it could not."""

    def send(self, message: Message, *, seconds: float = inf) -> None:
        """Within so many seconds in all, or fewer, however the other side dawdles. Raises
        MailNotSent."""


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


class Ports(Protocol):
    """Everything an operation may use. Adapters are made when first asked for."""

    @property
    def ledger(self) -> Ledger: ...
    @property
    def gateway(self) -> Gateway: ...
    @property
    def documents(self) -> Documents: ...
    @property
    def mailer(self) -> Mailer: ...
    @property
    def passwords(self) -> Passwords: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
