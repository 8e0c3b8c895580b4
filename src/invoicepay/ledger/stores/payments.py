"""Payments, their allocations and reversals."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict, namedtuple
from collections.abc import Iterable, Sequence
from datetime import datetime

from invoicepay.billing.customer import EVERYTHING, Scope
from invoicepay.billing.dates import date_of, day_number
from invoicepay.billing.invoice import Page
from invoicepay.billing.method import MethodType
from invoicepay.billing.payment import (
    UNDER_WAY,
    Allocation,
    Payment,
    PaymentStatus,
    Reversal,
    ReversalKind,
    may_become,
)
from invoicepay.billing.ports import KnownPayment, PaymentChange, PaymentFilter
from invoicepay.ledger.rows import (
    Row,
    instant_of,
    instant_text,
    of_page,
    optional_date,
    optional_instant,
    optional_instant_text,
    reads,
    row_limit,
)
from invoicepay.ledger.stores.scope import as_set, customer_in

_Row = namedtuple(  # the columns that make a payment
    "_Row",
    "seq id status customer_number currency amount_minor method_type method_label method_id "
    "created_at initiated_by livemode gateway_id reference lease_until settled_at effective_day "
    "receipt failure_code failure_message memo order_number request_digest plan_digest",
)
_SELECT = "SELECT {} FROM payments p JOIN customers c ON c.id = p.customer_id ".format(
    ", ".join("c.number" if n == "customer_number" else f"p.{n}" for n in _Row._fields)
)
_UNDER_WAY = "p.status IN ('claimed', 'submitted', 'processing', 'unknown')"
assert all(f"'{status}'" in _UNDER_WAY for status in UNDER_WAY)
_CHUNK = 500
_RECEIPT_NUMBER = re.compile(r"R-([0-9]{6,18})")


class Payments:
    """Implements billing.ports.PaymentStore."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, payment: Payment) -> None:
        values: dict[str, object] = {
            "id": payment.id,
            "status": payment.status.value,
            "currency": payment.currency,
            "amount_minor": payment.amount_minor,
            "method_type": payment.method_type.value,
            "method_label": payment.method_label,
            "method_id": payment.method_id,
            "created_at": instant_text(payment.created_at),
            "initiated_by": payment.initiated_by,
            "livemode": payment.livemode,
            "gateway_id": payment.gateway_id,
            "reference": payment.reference,
            "lease_until": optional_instant_text(payment.lease_until),
            "settled_at": optional_instant_text(payment.settled_at),
            "effective_day": payment.effective_on and day_number(payment.effective_on),
            "receipt": _receipt(payment.receipt_number),
            "memo": payment.memo,
            "order_number": payment.order_number,
            "request_digest": payment.request_digest,
            "plan_digest": payment.plan_digest,
        }
        names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        seq = self._db.execute(
            f"INSERT INTO payments (customer_id, {names}) "
            f"SELECT id, {marks} FROM customers WHERE number = :customer",
            values | {"customer": payment.customer},
        ).lastrowid
        for position, allocation in enumerate(payment.allocations):
            self._db.execute(
                "INSERT INTO allocations (payment_seq, position, invoice_id, amount_minor) "
                "VALUES (?, ?, (SELECT id FROM invoices WHERE number = ?), ?)",
                (seq, position, allocation.invoice, allocation.amount_minor),
            )

    def get(self, payment_id: str, scope: Scope) -> Payment | None:
        rows = self._db.execute(f"{_SELECT} WHERE p.id = ?", (payment_id,))
        found = self._load(rows, scope)
        return found[0] if found else None

    def starting(self, beginning: str, scope: Scope) -> list[str]:
        where, values = customer_in(scope, "customer_id")
        rows = self._db.execute(
            f"SELECT id FROM payments WHERE id >= :first AND id < :last AND {where} LIMIT 2",
            values | {"first": beginning, "last": beginning + "g"},  # ids are hex and dashes
        )
        return [payment_id for (payment_id,) in rows]

    def add_unplaced(self, payment_id: str, unplaced: Sequence[Allocation]) -> None:
        self._db.executemany(
            "INSERT INTO unplaced (payment_seq, invoice, amount_minor) "
            "SELECT seq, ?, ? FROM payments WHERE id = ?",
            [(each.invoice, each.amount_minor, payment_id) for each in unplaced],
        )

    def unplaced(self, invoices: Sequence[str] | None = None) -> list[tuple[Payment, Allocation]]:
        rows = self._db.execute(
            "SELECT p.id, p.seq, u.invoice, u.amount_minor FROM unplaced u "
            "JOIN payments p ON p.seq = u.payment_seq JOIN invoices i ON i.number = u.invoice "
            "WHERE p.status NOT IN ('failed', 'canceled') AND i.kind = 'invoice' "
            "AND i.customer_id = p.customer_id AND i.currency = p.currency "
            "AND p.amount_minor > (SELECT coalesce(SUM(amount_minor), 0) FROM allocations "
            "WHERE payment_seq = p.seq) "
            "AND (:all OR u.invoice IN (SELECT value FROM json_each(:invoices))) "
            "ORDER BY p.seq, u.invoice",
            {"all": invoices is None, "invoices": as_set(invoices or ())},
        ).fetchall()
        among = as_set(seq for _, seq, _, _ in rows)
        found = self._load(
            self._db.execute(f"{_SELECT} WHERE p.seq IN (SELECT value FROM json_each(?))", (among,))
        )
        payments = {payment.id: payment for payment in found}
        return [(payments[id], _allocation(tuple(part))[1]) for id, *part in rows]

    def place(self, payment: Payment, allocation: Allocation) -> None:
        values = {
            "payment": payment.id,
            "invoice": allocation.invoice,
            "amount": allocation.amount_minor,
        }
        of = "payment_seq = (SELECT seq FROM payments WHERE id = :payment)"
        added = self._db.execute(
            f"UPDATE allocations SET amount_minor = amount_minor + :amount WHERE {of} "
            "AND invoice_id = (SELECT id FROM invoices WHERE number = :invoice)",
            values,
        ).rowcount
        if not added:
            self._db.execute(
                "INSERT INTO allocations (payment_seq, position, invoice_id, amount_minor) "
                "SELECT p.seq, (SELECT coalesce(max(position) + 1, 0) FROM allocations "
                "WHERE payment_seq = p.seq), i.id, :amount FROM payments p, invoices i "
                "WHERE p.id = :payment AND i.number = :invoice",
                values,
            )
        all_of_it = f"DELETE FROM unplaced WHERE {of} AND invoice = :invoice "
        self._db.execute(f"{all_of_it} AND amount_minor <= :amount", values)
        self._db.execute(
            f"UPDATE unplaced SET amount_minor = amount_minor - :amount "
            f"WHERE {of} AND invoice = :invoice",
            values,
        )

    def with_key(self, key_id: str, scope: Scope) -> list[Payment]:
        rows = self._db.execute(
            f"{_SELECT} WHERE p.request_digest <> '' "
            "AND p.request_digest >= ? AND p.request_digest < ? ORDER BY p.seq",
            (f"{key_id}:", f"{key_id};"),
        )
        return self._load(rows, scope)

    def with_receipt(self, number: str, scope: Scope) -> str | None:
        row = self._db.execute(
            "SELECT p.id, c.number FROM payments p JOIN customers c ON c.id = p.customer_id "
            "WHERE p.receipt = CAST(substr(:number, 3) AS INTEGER) "
            "AND printf('R-%06d', p.receipt) = :number",
            {"number": number},
        ).fetchone()
        return row[0] if row and scope.has(row[1]) else None

    def known(self, payment_ids: Sequence[str]) -> dict[str, KnownPayment]:
        rows = self._db.execute(
            "SELECT id, status, gateway_id FROM payments "
            "WHERE id IN (SELECT value FROM json_each(?))",
            (as_set(payment_ids),),
        )
        return dict(map(_known, rows))

    def page(
        self,
        selection: PaymentFilter,
        scope: Scope,
        *,
        limit: int | None = None,
    ) -> Page[Payment]:
        where, values = customer_in(scope, "p.customer_id")
        terms: list[str] = [where]
        parameters: dict[str, str | int] = {"limit": row_limit(limit), **values}
        if selection.customer is not None:
            terms.append("c.number = :customer")
            parameters["customer"] = selection.customer
        if selection.status is not None:
            terms.append("p.status = :status")
            parameters["status"] = selection.status.value
        if selection.since is not None:
            assert selection.made_since is not None, "when that date began"
            terms.append(
                "CASE WHEN p.effective_day IS NULL THEN p.created_at >= :made_since "
                "ELSE p.effective_day >= :since END"
            )
            parameters["since"] = day_number(selection.since)
            parameters["made_since"] = instant_text(selection.made_since)
        rows = self._db.execute(
            f"{_SELECT} WHERE {' AND '.join(terms)} ORDER BY p.seq DESC LIMIT :limit", parameters
        ).fetchall()
        rows, more = of_page(rows, limit)
        return Page(tuple(self._load(rows)), more)

    def change(self, payment: Payment, change: PaymentChange) -> bool:
        assert may_become(payment.status, change.status), f"{payment.status} → {change.status}"
        values: dict[str, object] = {
            "status": change.status.value,
            "gateway_id": change.gateway_id,
            "lease_until": optional_instant_text(change.lease_until),
            "settled_at": optional_instant_text(change.settled_at),
            "effective_day": None
            if change.effective_on is None
            else day_number(change.effective_on),
            "receipt": _receipt(change.receipt_number or ""),
            "failure_code": change.failure_code,
            "failure_message": change.failure_message,
        }
        given = {name: value for name, value in values.items() if value is not None}
        sets = ", ".join(f"{name} = :{name}" for name in given)
        done = self._db.execute(
            f"UPDATE payments SET {sets} WHERE id = :id AND status = :from_status",
            given | {"id": payment.id, "from_status": payment.status.value},
        )
        return done.rowcount == 1

    def next_receipt_number(self) -> str:
        return _receipt_number(self.highest_receipt() + 1)

    def highest_receipt(self) -> int:
        return _highest(
            self._db.execute(
                "SELECT max(coalesce((SELECT max(receipt) FROM payments), 0), "
                "coalesce((SELECT max(receipts_from) - 1 FROM restores), 0))"
            ).fetchone()
        )

    def unsettled(self, scope: Scope, invoices: Sequence[str] | None = None) -> list[Payment]:
        where, values = customer_in(scope, "p.customer_id")
        terms = [_UNDER_WAY, where]
        if invoices is not None:
            terms.append(
                "p.seq IN (SELECT payment_seq FROM allocations JOIN invoices ON id = invoice_id "
                "WHERE number IN (SELECT value FROM json_each(:invoices)))"
            )
            values = values | {"invoices": as_set(invoices)}
        return self._load(
            self._db.execute(f"{_SELECT} WHERE {' AND '.join(terms)} ORDER BY p.seq", values)
        )

    def not_acknowledged(self, invoices: Sequence[str], contact: str) -> list[Payment]:
        return self._load(
            self._db.execute(
                f"{_SELECT} WHERE p.seq IN (SELECT payment_seq FROM allocations "
                "JOIN invoices ON id = invoice_id "
                "WHERE number IN (SELECT value FROM json_each(:invoices))) "
                "AND p.status IN ('processing', 'succeeded') AND p.gateway_id <> '' "
                "AND p.initiated_by IN (:contact, '') "
                "AND NOT EXISTS (SELECT 1 FROM acknowledgements "
                "WHERE payment_seq = p.seq AND contact = :contact) ORDER BY p.seq",
                {"invoices": as_set(invoices), "contact": contact},
            )
        )

    def is_acknowledged(self, payment: Payment, contact: str) -> bool:
        found = self._db.execute(
            "SELECT 1 FROM acknowledgements JOIN payments ON seq = payment_seq "
            "WHERE id = ? AND contact = ?",
            (payment.id, payment.initiated_by or contact),
        ).fetchone()
        return found is not None

    def acknowledge(self, payment_id: str, contact: str, at: datetime) -> None:
        self._db.execute(
            "INSERT INTO acknowledgements (payment_seq, contact, acknowledged_at) "
            "SELECT seq, ?, ? FROM payments WHERE id = ? ON CONFLICT DO NOTHING",
            (contact, instant_text(at), payment_id),
        )

    def _load(self, found: Iterable[Row], scope: Scope = EVERYTHING) -> list[Payment]:
        """The payments in `scope` of rows of `_SELECT`, with their allocations and reversals."""
        rows = [row for row in map(_Row._make, found) if scope.has(row.customer_number)]
        allocations: defaultdict[int, list[Allocation]] = defaultdict(list)
        reversals: defaultdict[int, list[Reversal]] = defaultdict(list)
        for start in range(0, len(rows), _CHUNK):
            seqs = (as_set(row.seq for row in rows[start : start + _CHUNK]),)
            for row in self._db.execute(
                "SELECT payment_seq, number, amount_minor FROM allocations "
                "JOIN invoices ON id = invoice_id "
                "WHERE payment_seq IN (SELECT value FROM json_each(?)) "
                "ORDER BY payment_seq, position",
                seqs,
            ):
                seq, allocation = _allocation(row)
                allocations[seq].append(allocation)
            for row in self._db.execute(
                "SELECT payment_seq, kind, amount_minor, effective_day, reason FROM reversals "
                "WHERE payment_seq IN (SELECT value FROM json_each(?)) "
                "ORDER BY payment_seq, effective_day, id",
                seqs,
            ):
                seq, reversal = _reversal(row)
                reversals[seq].append(reversal)
        return [_payment(row, allocations[row.seq], reversals[row.seq]) for row in rows]


@reads("an allocation", "i s i")
def _allocation(row: Row) -> tuple[int, Allocation]:
    payment_seq, number, amount_minor = row
    return payment_seq, Allocation(number, amount_minor)


@reads("a reversal", "i s i i s")
def _reversal(row: Row) -> tuple[int, Reversal]:
    payment_seq, kind, amount_minor, day, reason = row
    return payment_seq, Reversal(ReversalKind(kind), amount_minor, date_of(day), reason)


@reads("a payment", "s s s")
def _known(row: Row) -> tuple[str, KnownPayment]:
    payment_id, status, gateway_id = row
    return payment_id, KnownPayment(PaymentStatus(status), gateway_id)


@reads("a receipt's number", "i")
def _highest(row: Row) -> int:
    return int(row[0])


def _receipt_number(receipt: int | None) -> str:
    return "" if receipt is None else f"R-{receipt:06d}"


def _receipt(number: str) -> int | None:
    """The row's value of a receipt number; None for what is none."""
    match = _RECEIPT_NUMBER.fullmatch(number)
    receipt = int(match[1]) if match else None
    return receipt if number == _receipt_number(receipt) else None


@reads("a payment", "i s s s s i s s s s s i s s s? s? i? i? s s s s s s")
def _payment(
    row: _Row, allocations: Sequence[Allocation], reversals: Sequence[Reversal]
) -> Payment:
    return Payment(
        id=row.id,
        status=PaymentStatus(row.status),
        customer=row.customer_number,
        currency=row.currency,
        amount_minor=row.amount_minor,
        method_type=MethodType(row.method_type),
        method_label=row.method_label,
        method_id=row.method_id,
        created_at=instant_of(row.created_at),
        initiated_by=row.initiated_by,
        livemode=bool(row.livemode),
        gateway_id=row.gateway_id,
        reference=row.reference,
        lease_until=optional_instant(row.lease_until),
        settled_at=optional_instant(row.settled_at),
        effective_on=optional_date(row.effective_day),
        receipt_number=_receipt_number(row.receipt),
        failure_code=row.failure_code,
        failure_message=row.failure_message,
        memo=row.memo,
        order_number=row.order_number,
        request_digest=row.request_digest,
        plan_digest=row.plan_digest,
        allocations=tuple(allocations),
        reversals=tuple(reversals),
    )
