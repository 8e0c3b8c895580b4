"""Rows of invoices into records. The only code written for speed: large files spend most of their
time here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from invoicepay.billing.errors import BadInput
from invoicepay.billing.ports import InvoiceRow
from invoicepay.operations.imports.cells import (
    NUMBER_LENGTH,
    TEXT_LENGTH,
    Currencies,
    Days,
    Flags,
    Words,
    amounts,
    as_spelled,
    free_text,
    identifier,
    needs_cleaning,
    record_number,
)
from invoicepay.operations.imports.customers import Owners
from invoicepay.operations.imports.invoice_lines import Lines
from invoicepay.operations.imports.job import Job
from invoicepay.operations.imports.problems import CellError

FREE_TEXT = ("memo", "customer_name", "line_description")
NUMBERS = ("number", "customer")
"""How these are spelled depends on the ledger: spellings.py."""
_KINDS = ("invoice", "credit_memo")

ReadInvoice = Callable[[list[str], int, Lines | None], InvoiceRow]
"""(row, id, its lines) → the invoice, as if settled when the file has `paid_on`: `paid_minor`
and `paid_day` say so. Raises CellError."""


def invoice_reader(job: Job, owners: Owners) -> ReadInvoice:
    """The function that validates a row, with every lookup bound once."""
    place = job.table.shape.index
    i_number, i_customer, i_name = place["number"], place["customer"], place["customer_name"]
    i_issued, i_due, i_paid = place["issued_on"], place["due_on"], place["paid_on"]
    i_voided, i_currency, i_total = place["voided_on"], place["currency"], place["total"]
    i_tax, i_kind, i_disputed = place["tax"], place["kind"], place["disputed"]
    i_po, i_order, i_memo = place["po_number"], place["order_number"], place["memo"]
    days, flags, currencies = Days(job.mapping.date_format), Flags(), Currencies()
    kinds, company_currency = Words(_KINDS, default="invoice"), job.currency
    amount = amounts(job.mapping.decimal_mark, job.mapping.thousands_mark)
    blake2b, join, cleaned = hashlib.blake2b, "".join, text_cleaner(job)

    def read(row: list[str], invoice_id: int, lines: Lines | None) -> InvoiceRow:
        at = ""
        try:
            # Most rows are kept as they are; the others are looked at cell by cell.
            if needs_cleaning(join(row)):
                cleaned(row)
            number = row[i_number].strip()
            if not number or len(number) > NUMBER_LENGTH or number[0] == "-":
                record_number(number, "number")
            owner = owners[row[i_customer]] or owners.add(row[i_customer], row[i_name])
            at = "currency"
            said = row[i_currency]
            currency = currencies[said or owner.currency or company_currency]
            at = "issued_on"
            issued = days[row[i_issued]]
            at = "due_on"
            due_text = row[i_due]
            due = days[due_text] if due_text else issued + owner.terms_days
            at = "voided_on"
            voided = days[row[i_voided]] if row[i_voided] else None
            at = "kind"
            kind = kinds[row[i_kind]]
            at = "disputed"
            disputed = flags[row[i_disputed]]
            at = "tax"
            tax = amount(row[i_tax], currency) if row[i_tax] else 0
            at = "total"
            if lines is None:
                total, content = amount(row[i_total], currency), ""
            else:
                said_total = amount(row[i_total], currency) if row[i_total] else None
                total, tax, content = lines.tie_out(
                    said_total, tax if row[i_tax] else None, currency
                )
            if total < 0 if kind == "invoice" else total > 0:
                raise CellError(at, _SIGN[kind])
            po, order, memo = row[i_po].strip(), row[i_order].strip(), row[i_memo].strip()
            if len(po) > NUMBER_LENGTH or len(order) > NUMBER_LENGTH or len(memo) > TEXT_LENGTH:
                check_lengths(po, order, memo)
            paid, paid_day = 0, None if total or voided is not None else issued
            if row[i_paid]:
                at = "paid_on"
                paid, paid_day = total, days[row[i_paid]]
                check_settled(job, paid_day, kind, voided)
            if tax:
                check_tax(tax, total)
            if due < issued and kind == "invoice":
                raise CellError("due_on", "it is before issued_on")
            if voided is not None and not issued <= voided <= job.today:
                when = "before issued_on" if voided < issued else "in the future"
                raise CellError("voided_on", f"it is {when}")
        except ValueError as error:
            raise CellError(at, str(error)) from None
        except BadInput as error:
            raise CellError(at, error.message) from None
        # Of what the file says: what it leaves to the customer's terms may change there.
        digest = blake2b(
            f"{owner.number}\x1f{kind}\x1f{issued}\x1f{due_text and due}\x1f{said and currency}"
            f"\x1f{total}\x1f{tax}\x1f{po}\x1f{order}\x1f{memo}\x1f{disputed}\x1f{voided}"
            f"{content}".encode(),
            digest_size=16,
        ).hexdigest()
        return InvoiceRow(
            invoice_id, number, kind, owner.id, issued, due, currency, total, tax, paid, po, order,
            memo, disputed, paid_day, voided, digest,
        )  # fmt: skip

    return read


def read_trimmed(
    read: ReadInvoice, row: list[str], invoice_id: int, lines: Lines | None
) -> InvoiceRow:
    """As `read`, with the spaces around cells taken off: rare enough to be done only where they
    matter. Raises CellError."""
    return read([cell.strip() for cell in row], invoice_id, lines)


def check_settled(job: Job, paid_day: int, kind: str, voided: int | None) -> None:
    """Raises CellError for what cannot have been paid on `paid_day`."""
    job.received_by_now(paid_day, "paid_on")
    if kind != "invoice" or voided is not None:
        what = "credit memo" if kind != "invoice" else "void invoice"
        raise CellError("paid_on", f"a {what} is not paid")


def check_tax(tax: int, total: int) -> None:
    """Raises CellError for a tax that is not a part of the total."""
    if not (0 <= tax <= total or total <= tax <= 0):
        raise CellError("tax", "it is not a part of the total")


_SIGN = {
    "invoice": "it is negative: a credit memo says so under kind",
    "credit_memo": "a credit memo's total is negative, or zero",
}


def text_cleaner(job: Job) -> Callable[[list[str]], None]:
    """Checks every text of a row in which something does not print, and gives identifiers their
    one spelling, in place."""
    shape = job.table.shape
    cells = [(name, shape.index[name]) for name in sorted(shape.given)]

    def clean(row: list[str]) -> None:
        for name, place in cells:
            if name in FREE_TEXT:
                row[place] = free_text(row[place], name, lines=name != "customer_name")
            elif name in NUMBERS:
                row[place] = as_spelled(row[place], name)
            else:
                row[place] = identifier(row[place], name)

    return clean


def check_lengths(po_number: str, order_number: str, memo: str) -> None:
    """Raises CellError for what is too long."""
    identifier(po_number, "po_number")
    identifier(order_number, "order_number")
    free_text(memo, "memo")
