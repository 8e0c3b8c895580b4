"""The ledger as a whole: its journal, restores, checks, and the comparison with the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from invoicepay.billing.invoice import Page
    from invoicepay.billing.journal import (
        Difference,
        JournalCheck,
        JournalEntry,
        JournalFilter,
        JournalHead,
    )
    from invoicepay.billing.payment import PaymentStatus


class JournalStore(Protocol):
    def append(
        self, kind: str, subject: str, actor: str, at: datetime, data: Mapping[str, object]
    ) -> None:
        """Append an entry (`at` UTC), with what this transaction has changed since its last one. A
        transaction that changes money rows ends with an entry."""

    def append_all(
        self, entries: Sequence[tuple[str, str, Mapping[str, object]]], actor: str, at: datetime
    ) -> None:
        """Append entries (kind, subject, data) that a later entry of this transaction sums up."""

    def head(self) -> JournalHead | None: ...
    def hash_at(self, seq: int) -> str | None: ...
    def page(self, selection: JournalFilter, *, limit: int | None = None) -> Page[JournalEntry]:
        """The last first, without entries that only carry rows of another."""

    def verify(self) -> JournalCheck:
        """The chain, and every money row against what the journal last said of it."""


@dataclass(frozen=True, slots=True)
class OpenRestore:
    """A restored backup that finance has not confirmed yet. `since` (UTC): when its last entry was
    recorded; nothing later is in it. `synced_at`: when `sync` had adopted all that the gateway
    knows."""

    restored_at: datetime
    since: datetime
    synced_at: datetime | None
    wider_rights: tuple[str, ...]
    """E-mail addresses of contacts who had been disabled, or allowed less, since."""


class RestoreStore(Protocol):
    def open(self) -> OpenRestore | None:
        """The restore that is to be confirmed, until which nobody pays; None for none."""

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
    """Number of the journal entry with which it became so; 0 where that was not asked for."""
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
        """Number of the journal entry up to which they have been."""

    def set_done(self, entry: int) -> None: ...
    def changed(self, after: int, limit: int) -> list[ChargedPayment]:
        """The first payments that became so with an entry after number `after`, each once, in the
        order of the entries."""

    def all(self, after: int, limit: int) -> list[ChargedPayment]:
        """The first payments whose `seq` is higher than `after`, in that order."""

    def charges_between(self, first: int, last: int) -> int:
        """How many payments from one `seq` to another have an intent."""
