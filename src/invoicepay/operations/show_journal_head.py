"""The journal's last hash, to be kept elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import DoesNotTie
from invoicepay.billing.journal import JournalHead
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request


@dataclass(frozen=True, slots=True)
class ShowJournalHead(Request[JournalHead]):
    pass


def show_journal_head(request: ShowJournalHead, actor: Actor, ports: Ports) -> JournalHead:
    """As the journal says, without verifying it."""
    with ports.ledger.read() as unit:
        head = unit.journal.head()
    if head is None:
        raise DoesNotTie(
            "journal_differs",
            "the journal is empty, and making a ledger is its first entry",
            "Restore the last backup that verifies.",
        )
    return head
