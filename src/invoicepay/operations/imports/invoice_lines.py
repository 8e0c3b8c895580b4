"""An invoice's lines: rows that follow each other under one number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from invoicepay.billing.errors import BadInput
from invoicepay.billing.money import Money, bounded
from invoicepay.billing.ports import LineRow
from invoicepay.billing.spelling import normalized
from invoicepay.operations.imports.cells import (
    TEXT_LENGTH,
    amounts,
    decimal_text,
    free_text,
    identifier,
)
from invoicepay.operations.imports.customers import Owners
from invoicepay.operations.imports.job import Job
from invoicepay.operations.imports.layouts import MOST_ROWS
from invoicepay.operations.imports.problems import CellError

LINE_FIELDS = (
    "line_description",
    "line_quantity",
    "line_unit_price",
    "line_amount",
    "line_tax",
    "line_tax_rate",
)
_TOO_MANY = f"more than {MOST_ROWS} rows of one record; what follows was not read"

Rows = list[tuple[int, list[str]]]
"""(physical line, cells)"""
Line = tuple[str, str, str, int, int, str]
"""description, quantity, unit price, amount, tax, tax rate"""


@dataclass(slots=True)
class Lines:
    """What an invoice is made of; empty where the file has only totals."""

    items: list[Line] = field(default_factory=list)

    def tie_out(self, total: int | None, tax: int | None, currency: str) -> tuple[int, int, str]:
        """(total, tax, content for the digest), minor units of `currency`. `total` and `tax`
        are what the invoice's own columns say. Raises BadInput or CellError when these
        differ from the lines' sums."""
        if not self.items:
            if total is None:
                raise CellError("total", "it is empty, and there are no lines to sum")
            return total, tax or 0, ""
        # In whatever order they are summed.
        bounded(sum(abs(line[3]) + abs(line[4]) for line in self.items))
        line_tax = sum(line[4] for line in self.items)
        whole = sum(line[3] for line in self.items) + line_tax
        if total is not None and total != whole:
            raise CellError(
                "total",
                f"it says {Money(total, currency)}, the lines sum to {Money(whole, currency)}",
            )
        if tax is not None and tax != line_tax:
            raise CellError(
                "tax", f"it says {Money(tax, currency)}, the lines' {Money(line_tax, currency)}"
            )
        content = "".join("\x1e" + "\x1f".join(map(str, line)) for line in self.items)
        return whole, line_tax, content

    def rows(self, invoice_id: int) -> list[LineRow]:
        return [(invoice_id, position, *line) for position, line in enumerate(self.items)]


def groups(job: Job, key: tuple[str, ...]) -> Iterator[Rows]:
    """Rows that follow each other with the same `key`, together."""
    places = [job.table.shape.index[name] for name in key]
    group: Rows = []
    last: list[str] = []
    for line, row in job.table.rows():
        now = [normalized(row[place].strip()) for place in places]
        if now != last and group:
            yield group
            group = []
        last = now
        if len(group) == MOST_ROWS:
            job.refuse(line, CellError("", _TOO_MANY))
            return
        group.append((line, row))
    if group:
        yield group


def same_head(job: Job, rows: Rows, own: tuple[str, ...]) -> list[tuple[int, CellError]]:
    """Rows after the first repeat its `own` cells or leave them empty; those that do not."""
    index, (_, first) = job.table.shape.index, rows[0]
    found = []
    for line, row in rows[1:]:
        for name in own:
            cell = row[index[name]]
            if cell and _differ(cell.strip(), first[index[name]].strip()):
                reason = f"it differs from line {rows[0][0]}, which begins the record"
                found.append((line, CellError(name, reason)))
                break
    return found


def _differ(cell: str, first: str) -> bool:
    return cell != first and normalized(cell) != normalized(first)


ReadLine = Callable[[list[str], list[str]], Line | None]
"""(row, the first row of its invoice) → the row's line; None where it has none. Raises
CellError."""


def line_reader(job: Job, owners: Owners) -> ReadLine:
    """What reads lines. Their currency is the invoice's, which only its first row may name."""
    place = job.table.shape.index
    places = [(name, place[name]) for name in LINE_FIELDS]
    amount = amounts(job.mapping.decimal_mark, job.mapping.thousands_mark)
    decimal = decimal_text(job.mapping.decimal_mark, job.mapping.thousands_mark)

    def read(row: list[str], first: list[str]) -> Line | None:
        cell = {name: row[at].strip() for name, at in places}
        if not any(cell.values()):
            return None
        owner = owners[first[place["customer"]]]
        currency = first[place["currency"]].strip().upper()
        currency = currency or (owner.currency if owner else "") or job.currency
        at = "line_quantity"
        try:
            quantity = decimal(cell[at]) if cell[at] else ""
            at = "line_unit_price"
            unit_price = decimal(cell[at]) if cell[at] else ""
            at = "line_amount"
            if not cell[at]:
                raise CellError(at, "it is empty")
            line_amount = amount(cell[at], currency)
            at = "line_tax"
            tax = amount(cell[at], currency) if cell[at] else 0
        except BadInput as error:
            raise CellError(at, error.message) from None
        return (
            free_text(cell["line_description"], "line_description", most=TEXT_LENGTH),
            quantity or "1",
            unit_price,
            line_amount,
            tax,
            identifier(cell["line_tax_rate"], "line_tax_rate", most=16),
        )

    return read
