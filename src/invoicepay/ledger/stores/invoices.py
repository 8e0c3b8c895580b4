"""Invoices: selections by keyset, one in full, and what payments do to their balances."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from invoicepay.billing.customer import Scope
from invoicepay.billing.dates import date_of, day_number
from invoicepay.billing.errors import BadInput, must_be_there
from invoicepay.billing.invoice import (
    Invoice,
    InvoiceDetail,
    InvoiceFilter,
    InvoiceKind,
    InvoiceLine,
    InvoicePayment,
    InvoiceState,
    InvoiceTotals,
    Page,
)
from invoicepay.billing.money import DECIMALS, MAX_MINOR
from invoicepay.ledger.rows import (
    Row,
    instant_of,
    of_page,
    optional_date,
    reads,
    row_limit,
)
from invoicepay.ledger.skeletons import ids_alike
from invoicepay.ledger.stores.customers import address_of
from invoicepay.ledger.stores.scope import LAST_PAID, customer_in

if TYPE_CHECKING:
    from invoicepay.billing.payment import Allocation

_FROM = "FROM invoices i JOIN customers c ON c.id = i.customer_id"
_COLUMNS = (
    "i.number, c.number, i.issued_day, i.due_day, i.currency, i.total_minor, i.kind, c.name, "
    "i.tax_minor, i.paid_minor, i.reserved_minor, i.po_number, i.order_number, i.memo, "
    "i.disputed, i.paid_day, i.voided_day"
)
_SORT_COLUMNS = {
    "due": "i.due_day",
    "issued": "i.issued_day",
    "number": "i.number",
    "customer": "c.number",
    "total": "i.total_minor",
    "balance": "i.open_minor",
}
# `open_minor <> 0` is implied by what follows it; it is what the partial indexes are on.
_OPEN = "i.open_minor <> 0 AND i.open_minor > 0"
_ENOUGH, _MOST_NEAR = 3, 3
"""How many letters and digits at the end of a number show which is meant, and how many numbers are
suggested."""
_STATES = {
    InvoiceState.OPEN: _OPEN,
    InvoiceState.OVERDUE: f"{_OPEN} AND i.due_day < :today",
    InvoiceState.PAID: "i.open_minor = 0 AND i.voided_day IS NULL",
    InvoiceState.ALL: "1",
}


class Invoices:
    """Implements billing.ports.InvoiceStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def page(
        self,
        selection: InvoiceFilter,
        scope: Scope,
        today: date,
        *,
        limit: int | None = None,
        totals: bool = True,
    ) -> Page[Invoice]:
        where, values = _where(selection, scope, today)
        key = selection.sort.value
        column, way = _SORT_COLUMNS[key.lstrip("-")], "DESC" if key[0] == "-" else "ASC"
        rows = self._db.execute(
            f"SELECT {_COLUMNS} {_FROM} WHERE {where} "
            f"ORDER BY {column} {way}, i.number {way} LIMIT :limit",
            values | {"limit": row_limit(limit)},
        ).fetchall()
        rows, more = of_page(rows, limit)
        return Page(
            items=tuple(map(_invoice, rows)),
            more=more,
            totals=self._totals(where, values) if totals else None,
        )

    def _totals(self, where: str, values: dict[str, Any]) -> dict[str, InvoiceTotals]:
        try:
            rows = self._db.execute(
                "SELECT i.currency, COUNT(*), "
                "SUM(CASE WHEN i.voided_day IS NULL THEN i.total_minor ELSE 0 END), "
                "SUM(i.paid_minor), SUM(i.reserved_minor), SUM(i.open_minor), "
                "SUM(CASE WHEN i.open_minor > 0 AND i.due_day < :today "
                "THEN i.open_minor ELSE 0 END), COUNT(i.voided_day) "
                f"{_FROM} WHERE {where} GROUP BY i.currency ORDER BY i.currency",
                values,
            ).fetchall()
        except sqlite3.OperationalError as error:
            if "overflow" not in str(error):
                raise
            raise BadInput(
                "amount_too_large",
                "the sum of this selection does not fit 64 bits",
                "Narrow it with --customer or --since.",
            ) from None
        return {row[0]: InvoiceTotals(*row) for row in rows}

    def get(self, number: str, scope: Scope) -> Invoice | None:
        row = self._db.execute(
            f"SELECT {_COLUMNS} {_FROM} WHERE i.number = ?", (number,)
        ).fetchone()
        return _invoice(row) if row and scope.has(row[1]) else None

    def near(self, number: str, scope: Scope) -> list[str]:
        wanted = _letters_and_digits(number)
        ending = re.search("[0-9]{1,6}$|[a-z]$", wanted)
        if ending is None:
            return []
        condition, values = customer_in(scope, "i.customer_id")
        rows = self._db.execute(
            f"SELECT i.number FROM invoices i WHERE {condition} AND i.number LIKE :ending "
            "LIMIT 10000",
            {**values, "ending": f"%{ending[0]}"},
        )
        plain = {number: _letters_and_digits(number) for (number,) in rows}
        enough = len(wanted) >= _ENOUGH
        near = [n for n, p in plain.items() if p == wanted or (enough and p.endswith(wanted))]
        return sorted(near, key=lambda n: (plain[n] != wanted, len(n), n))[:_MOST_NEAR]

    def alike(self, text: str, scope: Scope) -> list[Invoice]:
        ids, values = ids_alike(text, "invoices")
        # No more is read of another's than whose it is: time must not tell that it is there.
        rows = self._db.execute(f"SELECT i.number, c.number {_FROM} WHERE i.id IN {ids}", values)
        numbers = sorted(number for number, customer in rows if scope.has(customer))
        return [invoice for number in numbers if (invoice := self.get(number, scope))]

    def detail(self, number: str, scope: Scope) -> InvoiceDetail | None:
        invoice = self.get(number, scope)
        if invoice is None:
            return None
        invoice_id, address = _key(
            self._db.execute(
                f"SELECT i.id, c.address {_FROM} WHERE i.number = ?", (number,)
            ).fetchone()
        )
        lines = self._db.execute(
            "SELECT description, quantity, unit_price, amount_minor, tax_minor, tax_rate "
            "FROM invoice_lines WHERE invoice_id = ? ORDER BY position",
            (invoice_id,),
        )
        payments = self._db.execute(
            "SELECT p.id, p.status, p.method_label, p.effective_day, p.created_at, a.amount_minor "
            "FROM allocations a JOIN payments p ON p.seq = a.payment_seq "
            "WHERE a.invoice_id = ? ORDER BY p.seq",
            (invoice_id,),
        )
        return InvoiceDetail(
            invoice=invoice,
            lines=tuple(map(_line, lines)),
            payments=tuple(map(_invoice_payment, payments)),
            bill_to=address_of(address),
        )

    def reserve(self, allocations: Sequence[Allocation]) -> None:
        self._move(
            "reserved_minor = reserved_minor + :amount",
            [{"number": a.invoice, "amount": a.amount_minor} for a in allocations],
        )

    def release(self, allocations: Sequence[Allocation]) -> None:
        self._move(
            "reserved_minor = reserved_minor - :amount",
            [{"number": a.invoice, "amount": a.amount_minor} for a in allocations],
        )

    def apply(self, allocations: Sequence[Allocation], effective_on: date) -> None:
        day = day_number(effective_on)
        self._move(
            "reserved_minor = reserved_minor - :amount, paid_minor = paid_minor + :amount, "
            "paid_day = CASE WHEN total_minor = paid_minor + :amount "
            f"THEN max(:day, coalesce({LAST_PAID}, :day)) END",
            [{"number": a.invoice, "amount": a.amount_minor, "day": day} for a in allocations],
        )

    def _move(self, change: str, moves: list[dict[str, Any]]) -> None:
        """The schema's checks refuse a balance that would leave its bounds."""
        # In one order everywhere, so that row locks (PostgreSQL) cannot meet crosswise.
        for move in sorted(moves, key=lambda m: str(m["number"])):
            done = self._db.execute(f"UPDATE invoices SET {change} WHERE number = :number", move)
            must_be_there(done.rowcount or None, f"{move['number']}, which a payment names,")


def _where(
    selection: InvoiceFilter, scope: Scope, today: date
) -> tuple[str, dict[str, str | int | None]]:
    condition, scoped = customer_in(scope, "i.customer_id")
    terms = [condition, _STATES[selection.state]]
    values: dict[str, str | int | None] = {**scoped, "today": day_number(today)}

    def term(sql: str, name: str, value: str | int | None) -> None:
        if value is not None:
            terms.append(sql)
            values[name] = value

    def day(value: date | None) -> int | None:
        return None if value is None else day_number(value)

    term("c.number = :customer", "customer", selection.customer)
    term("i.currency = :currency", "currency", selection.currency)
    term("i.issued_day >= :since", "since", day(selection.issued_since))
    term("i.issued_day <= :until", "until", day(selection.issued_until))
    term("i.due_day < :due_before", "due_before", day(selection.due_before))
    for name, sign, amount, rounding in (
        ("min", ">=", selection.min_total, "ROUND_CEILING"),
        ("max", "<=", selection.max_total, "ROUND_FLOOR"),
    ):
        if amount is not None:
            for places in set(DECIMALS.values()):
                minor = int((amount * 10**places).to_integral_value(rounding))
                values[f"{name}{places}"] = max(min(minor, MAX_MINOR), -MAX_MINOR)
            terms.append(f"i.total_minor {sign} {_by_decimals(name)}")
    return " AND ".join(terms), values


def _letters_and_digits(number: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", number).casefold() if c.isalnum())


def _by_decimals(name: str) -> str:
    """An expression: of the parameters `<name>0`, `<name>2` and so on, the one for the decimals of
    the invoice's currency."""
    cases = []
    for places in set(DECIMALS.values()) - {2}:
        codes = ", ".join(f"'{code}'" for code, n in DECIMALS.items() if n == places)
        cases.append(f"WHEN i.currency IN ({codes}) THEN :{name}{places}")
    return f"CASE {' '.join(cases)} ELSE :{name}2 END"


@reads("an invoice", "s s i i s i s s i i i s s s i i? i?")
def _invoice(row: Row) -> Invoice:
    return Invoice(
        number=row[0],
        customer=row[1],
        issued_on=date_of(row[2]),
        due_on=date_of(row[3]),
        currency=row[4],
        total_minor=row[5],
        kind=InvoiceKind(row[6]),
        customer_name=row[7],
        tax_minor=row[8],
        paid_minor=row[9],
        reserved_minor=row[10],
        po_number=row[11],
        order_number=row[12],
        memo=row[13],
        disputed=bool(row[14]),
        paid_on=optional_date(row[15]),
        voided_on=optional_date(row[16]),
    )


@reads("a customer", "i s")
def _key(row: Row) -> tuple[int, str]:
    return row[0], row[1]


@reads("a line", "s s s i i s")
def _line(row: Row) -> InvoiceLine:
    return InvoiceLine(*row)


@reads("a payment", "s s s i? s i")
def _invoice_payment(row: Row) -> InvoicePayment:
    payment_id, status, label, effective_day, created_at, amount = row
    paid_on = instant_of(created_at).date() if effective_day is None else date_of(effective_day)
    return InvoicePayment(payment_id, status, label, paid_on, amount)
