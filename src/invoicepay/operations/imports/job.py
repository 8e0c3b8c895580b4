"""What the imports of all kinds share: the transaction, problems, counts and sums."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from invoicepay.billing.customer import Actor
from invoicepay.billing.identity import LedgerIdentity
from invoicepay.billing.money import MAX_MINOR
from invoicepay.billing.ports import Unit
from invoicepay.operations.imports.mapping import Mapping as FileMapping
from invoicepay.operations.imports.problems import CellError, Problem, Problems
from invoicepay.operations.imports.shape import Table

BATCH = 1_000
"""Records that are in memory, and in one statement, at once."""
NOTHING_IMPORTED = "nothing was imported"
_PLENTY = MAX_MINOR // 10**6
"""Minor units. Of files with less, a ledger takes a million before a sum could overflow."""


@dataclass(slots=True)
class Counts:
    """Records of one kind."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class Imported:
    """What an import has done so far, or with `dry_run` would do."""

    kind: str
    file: str
    dry_run: bool
    sha256: str = ""
    """Of the file's bytes, once they are read."""
    customers: Counts = field(default_factory=Counts)
    contacts: Counts = field(default_factory=Counts)
    invoices: Counts = field(default_factory=Counts)
    payments: Counts = field(default_factory=Counts)
    added_minor: Counter[str] = field(default_factory=Counter)
    """Control totals by currency, minor units: of the invoices added, or of the payments."""
    unapplied_minor: Counter[str] = field(default_factory=Counter)
    """By currency: what of the added payments is on no invoice."""

    @property
    def counts(self) -> dict[str, Counts]:
        """By kind of record."""
        return {
            "customers": self.customers,
            "contacts": self.contacts,
            "invoices": self.invoices,
            "payments": self.payments,
        }

    @property
    def changes(self) -> int:
        return sum(counts.added + counts.changed for counts in self.counts.values())


@dataclass(slots=True)
class Job:
    """One import inside one transaction."""

    unit: Unit
    table: Table
    mapping: FileMapping
    problems: Problems
    actor: Actor
    now: datetime
    identity: LedgerIdentity
    currency: str
    """The company's."""
    today: int
    """The company's, in days since 1970-01-01: nothing is received after it."""
    update: bool
    size: int
    """Of the file, in bytes."""
    imported: Imported
    _gross: int = 0
    _largest: tuple[int, int] = (0, 0)
    """Amount, without its sign, and line."""

    def weigh(self, amounts: Sequence[int], lines: Sequence[int]) -> None:
        """Remember the largest of the amounts (minor units) on `lines`, for `check_sums`."""
        sizes = list(map(abs, amounts))
        self._gross += sum(sizes)
        largest = max(sizes)
        if largest > self._largest[0]:
            self._largest = (largest, lines[sizes.index(largest)])

    def check_sums(self) -> None:
        """Refuse a file that would make sums too large for the ledger: no list, report or check of
        the books would work then."""
        if self._gross > _PLENTY and self.unit.loading.largest_sum() > MAX_MINOR:
            reason = "it is so large that the amounts in the ledger would not sum to 64 bits"
            self.problems.add(Problem(self._largest[1], "", reason))

    def refuse(self, line: int, error: CellError) -> None:
        """Report `error` of the record on `line`."""
        label = self.table.shape.label.get(error.field, error.field)
        self.problems.add(Problem(line, label, error.reason, error.code))

    def journal(self, entries: list[tuple[str, str, Mapping[str, object]]]) -> None:
        """Journal one thing by itself; the rows go with the file's entry, at the end."""
        if entries:
            self.unit.journal.append_all(entries, self.actor.email, self.now)

    def received_by_now(self, day: int, field_name: str) -> None:
        """Raises CellError for a payment of the future."""
        if day > self.today:
            raise CellError(field_name, "it is in the future")

    def payment_id(self, customer: str, reference: str) -> str:
        """The same for the same money, whenever it is imported."""
        return str(uuid.uuid5(uuid.UUID(self.identity.id), f"received\n{customer}\n{reference}"))


class Seen:
    """Marks records that were in the ledger before, to find those that a file has twice.
    A byte each."""

    def __init__(self, first_new: int) -> None:
        self.first_new = first_new
        self._marks = bytearray(first_new)

    def again(self, row_id: int) -> bool:
        """Whether the file has had it already."""
        if row_id >= self.first_new or self._marks[row_id]:
            return True
        self._marks[row_id] = 1
        return False


def twice(field_name: str, what: str) -> CellError:
    return CellError(field_name, f"{what} is a duplicate in this file")
