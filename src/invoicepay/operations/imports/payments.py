"""Payments received elsewhere, from a file: cheques, wires and the like, with what they pay."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from invoicepay.billing.errors import BadInput, quoted
from invoicepay.billing.money import Money
from invoicepay.billing.ports import LoadedInvoice
from invoicepay.billing.spelling import looks, normalized, spellings
from invoicepay.operations.imports.cells import (
    Currencies,
    Days,
    Words,
    amounts,
    as_spelled,
    free_text,
    record_number,
)
from invoicepay.operations.imports.customers import Owners
from invoicepay.operations.imports.invoice_lines import Rows, groups, same_head
from invoicepay.operations.imports.job import BATCH, Job, twice
from invoicepay.operations.imports.layouts import LAYOUTS, ImportKind
from invoicepay.operations.imports.problems import CellError
from invoicepay.operations.imports.received import Receipts, Received, content_digest
from invoicepay.operations.imports.spellings import Spellings

_METHODS = ("check", "wire", "other")


class _Applied(NamedTuple):
    """`line` is physical; minor units of the payment's currency."""

    line: int
    invoice: str
    amount: int


class _Payment(NamedTuple):
    """A payment as the file has it; its `received` has no allocations yet. `earlier`: ids under
    which versions that kept every spelling may have it."""

    line: int
    received: Received
    applied: tuple[_Applied, ...]
    earlier: tuple[str, ...]


def load_payments(job: Job) -> None:
    """Add payments. One that is there already is never changed."""
    read = _reader(job, Owners(job))
    receipts, batch, held = Receipts(job), list[_Payment](), 0
    own = LAYOUTS[ImportKind.PAYMENTS].own_fields
    for rows in groups(job, LAYOUTS[ImportKind.PAYMENTS].key):
        problems = same_head(job, rows, own)
        try:
            if not problems:
                batch.append(read(rows))
                held += len(rows)
        except CellError as error:
            problems.append((error.line or rows[0][0], error))
        for line, problem in problems:
            job.refuse(line, problem)
        if held >= BATCH:
            _write(job, receipts, batch)
            batch.clear()
            held = 0
    _write(job, receipts, batch)


def _reader(job: Job, owners: Owners) -> Callable[[Rows], _Payment]:
    """What reads the rows of one payment. Raises CellError."""
    index = job.table.shape.index
    days, currencies = Days(job.mapping.date_format), Currencies()
    methods = Words(_METHODS)
    amount = amounts(job.mapping.decimal_mark, job.mapping.thousands_mark)

    def read(rows: Rows) -> _Payment:
        line, row = rows[0]
        spelled = as_spelled(row[index["reference"]], "reference", required=True)
        reference = normalized(spelled)
        owner = owners[row[index["customer"]]]
        if owner is None:
            raise CellError("customer", f"there is no customer {quoted(row[index['customer']])}")
        at = "currency"
        try:
            currency = currencies[row[index[at]].strip() or owner.currency or job.currency]
            at = "received_on"
            day = days[row[index[at]]]
            at = "method_type"
            method = methods[row[index[at]]]
            at = "amount"
            whole = amount(row[index[at]].strip(), currency)
        except ValueError as error:
            raise CellError(at, str(error)) from None
        except BadInput as error:
            raise CellError(at, error.message) from None
        job.received_by_now(day, "received_on")
        if whole <= 0:
            raise CellError("amount", "it is not more than zero")
        memo = free_text(row[index["memo"]], "memo")
        lines = _applied(rows, index, lambda text: amount(text, currency), whole, job)
        content = [method, day, currency, whole, memo, [p[1:] for p in lines]]
        received = Received(
            id=job.payment_id(owner.number, looks(reference)),
            customer_id=owner.id,
            currency=currency,
            amount_minor=whole,
            method_type=method,
            label=f"{method.capitalize()} {reference}",
            reference=reference,
            effective_day=day,
            memo=memo,
            digest=content_digest(content),
            allocations=(),
        )
        others = {job.payment_id(owner.number, other) for other in spellings(spelled)}
        return _Payment(line, received, lines, tuple(sorted(others - {received.id})))

    return read


def _applied(
    rows: Rows, index: dict[str, int], amount: Callable[[str], int], whole: int, job: Job
) -> tuple[_Applied, ...]:
    """What a payment of `whole` says it pays; empty for credit. Raises CellError."""
    found: list[_Applied] = []
    for line, row in rows:
        number, given = row[index["invoice"]].strip(), row[index["applied"]].strip()
        if not number and not given and len(rows) == 1:
            return ()
        if not given and len(rows) > 1:
            raise CellError("applied", "it is empty", line=line)
        try:
            number = record_number(number, "invoice")
            number = Spellings(job.unit.loading, "invoices", [number]).find(number, "invoice")
            part = amount(given) if given else whole
        except BadInput as error:
            raise CellError("applied", error.message, line=line) from None
        except CellError as error:
            raise CellError(error.field, error.reason, line=line) from None
        if part <= 0:
            raise CellError("applied", "it is not more than zero", line=line)
        if any(number == before.invoice for before in found):
            raise CellError("invoice", f"{number} is a duplicate in this payment", line=line)
        found.append(_Applied(line, number, part))
    if sum(part.amount for part in found) > whole:
        raise CellError("applied", "more is applied than the payment's amount")
    return tuple(found)


def _write(job: Job, receipts: Receipts, batch: list[_Payment]) -> None:
    """Add what is new of `batch`, and apply it to its invoices."""
    if not batch:
        return
    job.weigh([p.received.amount_minor for p in batch], [p.line for p in batch])
    loading = job.unit.loading
    known = loading.payments([i for p in batch for i in (p.received.id, *p.earlier)])
    invoices = loading.invoices([part.invoice for payment in batch for part in payment.applied])
    for payment in batch:
        received = payment.received
        try:
            ids = (received.id, *payment.earlier)
            seq, digest = next((known[i] for i in ids if i in known), (0, ""))
            if seq >= receipts.first_seq:
                raise twice("reference", received.reference)
            if digest == received.digest:
                job.imported.payments.unchanged += 1
                continue
            if digest or seq:
                raise CellError(
                    "reference",
                    f"payment {received.reference} is in the ledger with other content; "
                    "payments never change",
                )
            allocations = _allocations(payment, invoices)
        except CellError as error:
            job.refuse(error.line or payment.line, error)
            continue
        known[received.id] = (receipts.first_seq, received.digest)
        receipts.add(received._replace(allocations=allocations))
        job.imported.added_minor[received.currency] += received.amount_minor
    receipts.flush()


def _allocations(
    payment: _Payment, invoices: dict[str, LoadedInvoice]
) -> tuple[tuple[int, str, int], ...]:
    """What `payment` puts on which invoice; `invoices` keeps what is payable after it. Raises
    CellError, with its line, for an invoice that cannot take it."""
    received = payment.received
    found = []
    for line, number, amount in payment.applied:
        invoice = invoices.get(number)
        if invoice is None or invoice.customer_id != received.customer_id:
            reason = f"the customer has no invoice {quoted(number)}"
            raise CellError("invoice", reason, line=line)
        if invoice.kind != "invoice" or invoice.voided_day is not None:
            what = "void" if invoice.voided_day is not None else "a credit memo"
            raise CellError("invoice", f"{number} is {what}", line=line)
        if invoice.currency != received.currency:
            reason = f"{number} is in {invoice.currency}, the payment in {received.currency}"
            raise CellError("invoice", reason, line=line)
        payable = invoice.total_minor - invoice.paid_minor - invoice.reserved_minor
        if amount > payable:
            left, wanted = Money(payable, invoice.currency), Money(amount, invoice.currency)
            reason = f"{left} is payable on {number}, not {wanted}"
            if invoice.reserved_minor:
                reason += ": a payment for it is under way"
            raise CellError("applied", reason, line=line)
        found.append((invoice, amount))
    for invoice, amount in found:
        paid = invoices[invoice.number].paid_minor + amount
        invoices[invoice.number] = invoice._replace(paid_minor=paid)
    return tuple((invoice.id, invoice.number, amount) for invoice, amount in found)
