"""Invoices and credit memos from a file: its rows into batches."""

from __future__ import annotations

from invoicepay.billing.ports import InvoiceRow
from invoicepay.operations.imports.customers import Owners
from invoicepay.operations.imports.invoice_batch import Batch, InvoiceWriter
from invoicepay.operations.imports.invoice_lines import (
    LINE_FIELDS,
    Line,
    Lines,
    ReadLine,
    Rows,
    groups,
    line_reader,
    same_head,
)
from invoicepay.operations.imports.invoice_rows import ReadInvoice, invoice_reader, read_trimmed
from invoicepay.operations.imports.job import BATCH, Job
from invoicepay.operations.imports.layouts import LAYOUTS, ImportKind
from invoicepay.operations.imports.problems import CellError


def load_invoices(job: Job) -> None:
    """Add and, with `update`, replace invoices; pay those that the file says are paid."""
    owners = Owners(job)
    read, writer = invoice_reader(job, owners), InvoiceWriter(job, owners)
    if job.table.shape.given.isdisjoint(LINE_FIELDS):
        _without_lines(job, read, writer)
    else:
        _with_lines(job, read, line_reader(job, owners), writer)
    job.unit.loading.finish()


def _without_lines(job: Job, read: ReadInvoice, writer: InvoiceWriter) -> None:
    """A row an invoice: the fast way."""
    batch, next_id = Batch(), writer.first_id
    add, add_line = batch.rows.append, batch.lines.append
    for line, row in job.table.rows():
        try:
            add(read(row, next_id, None))
        except CellError:
            try:
                add(read_trimmed(read, row, next_id, None))
            except CellError as error:
                job.refuse(line, error)
                continue
        add_line(line)
        next_id += 1
        if len(batch.lines) >= BATCH:
            writer.write(batch)
            batch.clear()
    writer.write(batch)


def _with_lines(
    job: Job,
    read: ReadInvoice,
    read_line: ReadLine,
    writer: InvoiceWriter,
) -> None:
    """Rows that follow each other under one number are one invoice."""
    batch, next_id, held = Batch(), writer.first_id, 0
    own = LAYOUTS[ImportKind.INVOICES].own_fields
    for rows in groups(job, ("number",)):
        problems = same_head(job, rows, own)
        lines = Lines(_items(rows, read_line, problems))
        row: InvoiceRow | None = None
        if not problems:
            try:
                row = read_trimmed(read, rows[0][1], next_id, lines)
            except CellError as error:
                problems.append((rows[0][0], error))
        for line, problem in problems:
            job.refuse(line, problem)
        if row is None:
            continue
        batch.rows.append(row)
        batch.lines.append(rows[0][0])
        batch.items.append(lines)
        next_id += 1
        held += len(rows)
        if held >= BATCH:
            writer.write(batch)
            batch.clear()
            held = 0
    writer.write(batch)


def _items(
    rows: Rows,
    read_line: ReadLine,
    problems: list[tuple[int, CellError]],
) -> list[Line]:
    """The lines of `rows`; what is wrong with them goes to `problems`."""
    items = []
    for line, row in rows:
        try:
            item = read_line(row, rows[0][1])
            if item is not None:
                items.append(item)
            elif len(rows) > 1:
                raise CellError("number", "the number is that of the row before, without a line")
        except CellError as error:
            problems.append((line, error))
    return items
