"""The journal: read it, its last hash, and replay it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import DoesNotTie
from invoicepay.billing.invoice import Page
from invoicepay.billing.journal import (
    Difference,
    JournalCheck,
    JournalEntry,
    JournalFilter,
    JournalHead,
)
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request


@dataclass(frozen=True, slots=True)
class ListJournal(Request[Page[JournalEntry]]):
    """`since`: a date in the company's zone. `kind`: one (`payment.claimed`), or with a dot at
    its end all that begin so (`payment.`)."""

    since: date | None = None
    kind: str = ""
    subject: str = ""
    limit: int | None = None


def list_journal(request: ListJournal, actor: Actor, ports: Ports) -> Page[JournalEntry]:
    """The last entry first."""
    with ports.ledger.read() as unit:
        since = None
        if request.since is not None:
            zone = ZoneInfo(unit.company.get().time_zone)
            since = datetime.combine(request.since, time(), zone)
        selection = JournalFilter(since, request.kind, request.subject)
        return unit.journal.page(selection, limit=request.limit)


@dataclass(frozen=True, slots=True)
class ShowJournalHead(Request[JournalHead]):
    pass


def show_journal_head(request: ShowJournalHead, actor: Actor, ports: Ports) -> JournalHead:
    """As the journal says, without verifying it. Raises DoesNotTie when there is none."""
    with ports.ledger.read() as unit:
        head = unit.journal.head()
    if head is None:
        raise DoesNotTie(
            "journal_differs",
            "the journal is empty, and making a ledger is its first entry",
            "Restore the last backup that verifies.",
        )
    return head


@dataclass(frozen=True, slots=True)
class VerifyJournal(Request[JournalCheck]):
    """`head`: as it was kept elsewhere. The chain alone cannot show that its end was cut off, or
    that somebody wrote all of it anew."""

    head: JournalHead | None = None


def verify_journal(request: VerifyJournal, actor: Actor, ports: Ports) -> JournalCheck:
    """What differs is in the result; it is no error."""
    with ports.ledger.read() as unit:
        check = unit.journal.verify()
        if request.head is None:
            return check
        found = unit.journal.hash_at(request.head.seq)
    if found == request.head.hash:
        return check
    what = f"hash of journal entry {request.head.seq}, by the head that was kept"
    kept = Difference(what, request.head.hash, found or "none")
    differences = (kept, *check.differences)
    return replace(check, differences=differences, count=check.count + 1, all_derived=False)
