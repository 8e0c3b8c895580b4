"""The ledger's bulk loading, which imports use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from invoicepay.billing.customer import Customer


class LoadedCustomer(NamedTuple):
    """A customer as imports see it. Row ids hold within one unit; addresses are lines of text, and
    `email` is what `emails_text` makes of those of e-mail."""

    id: int
    number: str
    name: str
    email: str
    address: str
    currency: str
    terms_days: int


class LoadedInvoice(NamedTuple):
    """What decides whether a file may add to, change or pay an invoice. Minor units."""

    id: int
    number: str
    kind: str
    customer_id: int
    currency: str
    total_minor: int
    paid_minor: int
    reserved_minor: int
    voided_day: int | None
    content_digest: str
    allocated: bool
    """Whether a payment names it, even one that was declined."""


class InvoiceRow(NamedTuple):
    """An invoice to write. Minor units; days since 1970-01-01."""

    id: int
    number: str
    kind: str
    customer_id: int
    issued_day: int
    due_day: int
    currency: str
    total_minor: int
    tax_minor: int
    paid_minor: int
    po_number: str
    order_number: str
    memo: str
    disputed: int
    paid_day: int | None
    voided_day: int | None
    content_digest: str


LineRow = tuple[int, int, str, str, str, int, int, str]
"""invoice_id, position, description, quantity, unit_price, amount_minor, tax_minor, tax_rate."""


AllocationRow = tuple[int, int, int, int]
"""payment_seq, position, invoice_id, amount_minor."""


class PaymentRow(NamedTuple):
    """Money received elsewhere: final from the start. `effective_day`: days since 1970-01-01."""

    seq: int
    id: str
    customer_id: int
    currency: str
    amount_minor: int
    method_type: str
    method_label: str
    reference: str
    effective_day: int
    memo: str
    request_digest: str


class LoadingStore(Protocol):
    """Bulk reads and writes of imports: one statement for many rows; the caller gives out the row
    ids."""

    def prepare(self, invoices: int) -> None:
        """About so many invoices will be added before `finish`."""

    def finish(self) -> None: ...
    def next_id(self, table: str) -> int:
        """The row id that the next row of customers, invoices or payments gets."""

    def alike(self, table: str, numbers: Sequence[str]) -> dict[str, list[str]]:
        """Skeleton → the numbers in `table` (customers or invoices) that have it, sorted, of
        the skeletons of `numbers` (billing.spelling). Those that only ASCII has are left out:
        there a number looks like itself only."""

    def customer(self, number: str) -> LoadedCustomer | None: ...
    def customers(self, numbers: Sequence[str]) -> dict[str, LoadedCustomer]: ...
    def put_customers(self, customers: Sequence[Customer]) -> None:
        """Add them, or replace what has their numbers; the gateway's ids stay."""

    def invoices(self, numbers: Sequence[str]) -> dict[str, LoadedInvoice]: ...
    def add_invoices(self, rows: Sequence[InvoiceRow]) -> int:
        """How many were added: a row whose number is there already is passed over."""

    def add_lines(self, rows: Sequence[LineRow]) -> None: ...
    def replace_invoices(self, rows: Sequence[InvoiceRow]) -> None:
        """New content, without lines, for the rows' ids. What is paid and reserved stays."""

    def payments(self, payment_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Payment id → (seq, `request_digest`) of those that are there."""

    def add_payments(
        self,
        payments: Sequence[PaymentRow],
        allocations: Sequence[AllocationRow],
        *,
        at: datetime,
        initiated_by: str,
        livemode: bool,
    ) -> None:
        """Without touching any invoice; `receive` does that."""

    def receive(self, moves: Sequence[tuple[int, int]]) -> None:
        """(invoice id, amount): raise what is paid, out of what is not reserved. The payments
        have been added."""

    def largest_sum(self) -> int:
        """Minor units: of the invoices, or the payments, of one currency; signs left out."""
