"""Money received elsewhere: payments that are final when they come in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from invoicepay.billing.ports import AllocationRow, PaymentRow
from invoicepay.operations.books.figures import check_figures
from invoicepay.operations.imports.job import NOTHING_IMPORTED, Job


class Received(NamedTuple):
    """A payment to add. `allocations`: (invoice's row id, number, minor units).
    `counted`: the invoices were written as paid already."""

    id: str
    customer_id: int
    currency: str
    amount_minor: int
    method_type: str
    label: str
    reference: str
    effective_day: int
    memo: str
    digest: str
    allocations: tuple[tuple[int, str, int], ...]
    counted: bool = False


class Receipts:
    """Collects payments of a batch, then writes them together."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.first_seq = self._next_seq = job.unit.loading.next_id("payments")
        self._waiting: list[Received] = []

    def add(self, received: Received) -> None:
        self._waiting.append(received)

    def flush(self) -> None:
        """Write what was added: payments, allocations, what is paid of the invoices, journal.
        Raises DoesNotTie for an invoice whose figures do not tie out."""
        waiting, loading = self._waiting, self._job.unit.loading
        if not waiting:
            return
        paid = {number for one in waiting if not one.counted for _, number, _ in one.allocations}
        check_figures(paid, self._job.unit, NOTHING_IMPORTED)
        payments: list[PaymentRow] = []
        allocations: list[AllocationRow] = []
        moves: list[tuple[int, int]] = []
        entries: list[tuple[str, str, Mapping[str, object]]] = []
        for seq, one in enumerate(waiting, self._next_seq):
            payments.append(_row(seq, one))
            for position, (invoice_id, _, amount) in enumerate(one.allocations):
                allocations.append((seq, position, invoice_id, amount))
                if not one.counted:
                    moves.append((invoice_id, amount))
            entries.append(("payment.received", one.id, _details(one)))
            self._count(one)
        self._next_seq += len(waiting)
        loading.add_payments(
            payments,
            allocations,
            at=self._job.now,
            initiated_by=self._job.actor.email,
            livemode=self._job.identity.livemode,
        )
        loading.receive(moves)
        self._job.journal(entries)
        waiting.clear()

    def _count(self, one: Received) -> None:
        imported = self._job.imported
        imported.payments.added += 1
        if rest := one.amount_minor - sum(amount for _, _, amount in one.allocations):
            imported.unapplied_minor[one.currency] += rest


def content_digest(content: Sequence[object]) -> str:
    """Of what a file says of a payment, the same for the same content."""
    text = json.dumps(content, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _row(seq: int, one: Received) -> PaymentRow:
    return PaymentRow(
        seq=seq,
        id=one.id,
        customer_id=one.customer_id,
        currency=one.currency,
        amount_minor=one.amount_minor,
        method_type=one.method_type,
        method_label=one.label,
        reference=one.reference,
        effective_day=one.effective_day,
        memo=one.memo,
        request_digest=one.digest,
    )


def _details(one: Received) -> Mapping[str, object]:
    """For the journal."""
    return {
        "currency": one.currency,
        "amount_minor": one.amount_minor,
        "method_type": one.method_type,
        "reference": one.reference,
        "effective_day": one.effective_day,
        "allocations": [[number, amount] for _, number, amount in one.allocations],
    }
