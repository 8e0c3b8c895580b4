"""Replay the journal: its chain, and every money row."""

from __future__ import annotations

from dataclasses import dataclass, replace

from invoicepay.billing.customer import Actor
from invoicepay.billing.journal import Difference, JournalCheck, JournalHead
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request


@dataclass(frozen=True, slots=True)
class VerifyJournal(Request[JournalCheck]):
    """`head`: as it was kept elsewhere. The chain alone cannot show that its end was cut off, or
    that somebody wrote all of it anew."""

    head: JournalHead | None = None


def verify_journal(request: VerifyJournal, actor: Actor, ports: Ports) -> JournalCheck:
    """What differs is in the result; nothing is raised for it. Raises Unreachable for a file
    that cannot be read."""
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
