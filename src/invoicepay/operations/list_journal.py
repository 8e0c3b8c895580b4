"""Read the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from invoicepay.billing.customer import Actor
from invoicepay.billing.invoice import Page
from invoicepay.billing.journal import JournalEntry, JournalFilter
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
    after: str | None = None


def list_journal(request: ListJournal, actor: Actor, ports: Ports) -> Page[JournalEntry]:
    """The last entry first."""
    with ports.ledger.read() as unit:
        since = None
        if request.since is not None:
            zone = ZoneInfo(unit.company.get().time_zone)
            since = datetime.combine(request.since, time(), zone)
        selection = JournalFilter(since, request.kind, request.subject)
        return unit.journal.page(selection, limit=request.limit, after=request.after)
