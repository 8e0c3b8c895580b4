"""A batch of invoices into the ledger: add what is new, compare what is there."""

from __future__ import annotations

from dataclasses import dataclass, field

from invoicepay.billing.money import Money
from invoicepay.billing.ports import InvoiceRow, LineRow, LoadedInvoice
from invoicepay.operations.books.figures import check_figures
from invoicepay.operations.imports.customers import Owners
from invoicepay.operations.imports.invoice_lines import Lines
from invoicepay.operations.imports.job import NOTHING_IMPORTED, Job, Seen, twice
from invoicepay.operations.imports.problems import CellError
from invoicepay.operations.imports.received import Receipts, Received, content_digest
from invoicepay.operations.imports.spellings import Spellings

_BYTES_A_ROW = 80
"""A guess, to tell a large load from a small one."""


@dataclass(slots=True)
class Batch:
    """Invoices, the physical line on which each begins, and their lines (none at all in a
    file without them)."""

    rows: list[InvoiceRow] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    items: list[Lines] = field(default_factory=list)

    def remove(self, place: int) -> None:
        for each in (self.rows, self.lines, self.items):
            if each:
                del each[place]

    def clear(self) -> None:
        self.rows.clear()
        self.lines.clear()
        self.items.clear()


class InvoiceWriter:
    """Writes batches; what the ledger does not allow becomes a problem of its line."""

    def __init__(self, job: Job, owners: Owners) -> None:
        self._job, self._owners, self._loading = job, owners, job.unit.loading
        self.first_id = self._loading.next_id("invoices")
        self._seen = Seen(self.first_id)
        self._receipts = Receipts(job)
        self._measured = False

    def write(self, batch: Batch) -> None:
        self._find_numbers(batch)
        if not batch.rows:
            return
        self._job.weigh([row.total_minor for row in batch.rows], batch.lines)
        stored: dict[str, LoadedInvoice] = {}
        # Adding says at no cost whether any was there.
        if self._loading.add_invoices(batch.rows) < len(batch.rows):
            stored = self._loading.invoices([row.number for row in batch.rows])
        elif not self._measured:
            self._loading.prepare(self._job.size // _BYTES_A_ROW)
        self._measured = True
        fresh = [not stored or stored[row.number].id == row.id for row in batch.rows]
        self._count(batch, fresh)
        self._add_lines(batch, fresh)
        refused = self._compare(batch, stored, fresh) if stored else set()
        self._settle(batch, stored, refused)
        self._receipts.flush()

    def _find_numbers(self, batch: Batch) -> None:
        """Each number as the ledger has it, or is to have it; without the rows of those that
        look like another."""
        numbers = [row.number for row in batch.rows]
        spellings, refused = Spellings(self._loading, "invoices", numbers), []
        for place, found in spellings.find_new(numbers, "number"):
            if isinstance(found, CellError):
                self._job.refuse(batch.lines[place], found)
                refused.append(place)
            else:
                batch.rows[place] = batch.rows[place]._replace(number=found)
        for place in reversed(refused):
            batch.remove(place)

    def _count(self, batch: Batch, fresh: list[bool]) -> None:
        """Control totals of what was added."""
        sums = self._job.imported.added_minor
        for row, is_fresh in zip(batch.rows, fresh, strict=True):
            if is_fresh:
                sums[row.currency] += row.total_minor
        self._job.imported.invoices.added += sum(fresh)

    def _add_lines(self, batch: Batch, wanted: list[bool]) -> None:
        if batch.items:
            rows: list[LineRow] = []
            for row, items, add in zip(batch.rows, batch.items, wanted, strict=True):
                if add:
                    rows += items.rows(row.id)
            self._loading.add_lines(rows)

    def _compare(
        self, batch: Batch, stored: dict[str, LoadedInvoice], fresh: list[bool]
    ) -> set[int]:
        """Invoices that were there: unchanged, replaced, or refused. Places of the refused."""
        counts = self._job.imported.invoices
        replaced: list[InvoiceRow] = []
        lines: list[LineRow] = []
        refused = set()
        for place, row in enumerate(batch.rows):
            if fresh[place]:
                continue
            old = stored[row.number]
            try:
                if self._seen.again(old.id):
                    raise twice("number", old.number)
                if old.content_digest == row.content_digest:
                    counts.unchanged += 1
                    continue
                self._check_change(old, row)
            except CellError as error:
                self._job.refuse(batch.lines[place], error)
                refused.add(place)
                continue
            replaced.append(row._replace(id=old.id))
            if batch.items:
                lines += batch.items[place].rows(old.id)
            stored[old.number] = old._replace(
                customer_id=row.customer_id,
                currency=row.currency,
                total_minor=row.total_minor,
                voided_day=row.voided_day,
            )
            self._job.journal([("invoice.changed", old.number, _change(old, row))])
        check_figures([row.number for row in replaced], self._job.unit, NOTHING_IMPORTED)
        self._loading.replace_invoices(replaced)
        self._loading.add_lines(lines)
        counts.changed += len(replaced)
        return refused

    def _check_change(self, old: LoadedInvoice, row: InvoiceRow) -> None:
        """Raises CellError when `old` may not become `row`."""
        number, currency, total = row.number, row.currency, row.total_minor
        if not self._job.update:
            same = (old.total_minor, old.currency) == (total, currency)
            what = "content" if same else f"total, {Money(old.total_minor, old.currency)}"
            reason = f"invoice {number} is in the ledger with another {what}"
            raise CellError("number" if same else "total", reason, "changed_record")
        if not old.allocated:
            return
        held = old.paid_minor + old.reserved_minor
        why = "a payment names it"
        if held:
            under_way = "a payment for it is under way"
            why = "it is paid in part or whole" if old.paid_minor else under_way
        for name, before, after in (
            ("kind", old.kind, row.kind),
            ("customer", old.customer_id, row.customer_id),
            ("currency", old.currency, row.currency),
        ):
            if before != after:
                raise CellError(name, f"it cannot change on {number}: {why}")
        if row.voided_day is not None and held:
            raise CellError("voided_on", f"{number} cannot be void: {why}")
        if total < held:
            least = Money(held, currency)
            raise CellError("total", f"{number} cannot be less than {least}: {why}")

    def _settle(self, batch: Batch, stored: dict[str, LoadedInvoice], refused: set[int]) -> None:
        """Payments for the invoices that the file says are paid."""
        wanted = {
            place: self._job.payment_id(self._owners.number_of[row.customer_id], _reference(row))
            for place, row in enumerate(batch.rows)
            if row.paid_minor and place not in refused
        }
        if not wanted:
            return
        known = self._loading.payments(list(wanted.values()))
        for place, payment_id in wanted.items():
            row = batch.rows[place]
            old = stored.get(row.number)
            if old is not None and old.id == row.id:
                old = None
            try:
                self._settle_one(row, old, payment_id, known.get(payment_id))
            except CellError as error:
                self._job.refuse(batch.lines[place], error)

    def _settle_one(
        self,
        row: InvoiceRow,
        old: LoadedInvoice | None,
        payment_id: str,
        known: tuple[int, str] | None,
    ) -> None:
        """`old` is the invoice as it was in the ledger, `known` its settling payment's row."""
        number, day = row.number, row.paid_day
        assert day is not None
        digest = content_digest(["settled", number, day])
        amount, invoice_id = row.total_minor, row.id
        customer_id, currency = row.customer_id, row.currency
        if old is not None:
            amount, invoice_id = old.total_minor - old.paid_minor, old.id
            customer_id, currency = old.customer_id, old.currency
            if old.voided_day is not None or (amount == 0 and known is None):
                return  # paid in another way
            if known is None and old.reserved_minor:
                raise CellError("paid_on", f"a payment for {number} is under way")
            if known is None and not self._job.update:
                reason = f"invoice {number} is in the ledger as not paid"
                raise CellError("paid_on", reason, "changed_record")
        if known is not None:
            if known[1] != digest:
                reason = f"{number} is in the ledger as paid on another day; payments never change"
                raise CellError("paid_on", reason)
            if amount and old is not None:
                rest = Money(amount, old.currency)
                raise CellError("paid_on", f"{number} was paid, and {rest} of it is open again")
            return
        self._receipts.add(
            Received(
                id=payment_id,
                customer_id=customer_id,
                currency=currency,
                amount_minor=amount,
                method_type="other",
                label="Paid elsewhere",
                reference=_reference(row),
                effective_day=day,
                memo="",
                digest=digest,
                allocations=((invoice_id, number, amount),),
                counted=old is None,
            )
        )


def _reference(row: InvoiceRow) -> str:
    return f"settled {row.number}"


def _change(old: LoadedInvoice, row: InvoiceRow) -> dict[str, object]:
    """For the journal."""
    return {
        "from": {"content": old.content_digest, "total_minor": old.total_minor},
        "to": {"content": row.content_digest, "total_minor": row.total_minor},
    }
