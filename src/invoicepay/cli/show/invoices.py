"""Invoices as JSON, CSV, a table and on the screen."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from invoicepay.billing.invoice import Invoice, InvoiceDetail, InvoiceLine, InvoicePayment
from invoicepay.billing.money import grouped_text
from invoicepay.cli.layout import Column
from invoicepay.cli.output import Output
from invoicepay.cli.records import Amount, Field, Nested, Part, Record, day
from invoicepay.cli.text import SHORT

if TYPE_CHECKING:
    from invoicepay.operations.invoices import InvoiceList


def invoice_record(today: date) -> Record[Invoice]:
    return Record(
        Field("number", lambda i: i.number),
        Field("kind", lambda i: i.kind.value),
        Field("status", lambda i: i.status.value),
        Field("customer", lambda i: i.customer),
        Field("customer_name", lambda i: i.customer_name),
        Field("issued_on", lambda i: i.issued_on.isoformat()),
        Field("due_on", lambda i: i.due_on.isoformat()),
        Field("days_overdue", lambda i: i.days_overdue(today)),
        Field("currency", lambda i: i.currency),
        Amount("total", lambda i: i.total_minor),
        Amount("paid", lambda i: i.paid_minor),
        Field("processing_minor", lambda i: i.reserved_minor),  # pending_minor's first name
        Amount("pending", lambda i: i.reserved_minor),
        Amount("balance", lambda i: i.balance_minor),
        Amount("payable", lambda i: i.payable_minor),
        Field("po_number", lambda i: i.po_number),
        Field("order_number", lambda i: i.order_number),
        Field("memo", lambda i: i.memo),
        Field("disputed", lambda i: i.disputed),
        Field("paid_on", lambda i: day(i.paid_on)),
        currency=lambda i: i.currency,
    )


_LINE = Record[InvoiceLine](
    Field("description", lambda line: line.description),
    Field("quantity", lambda line: line.quantity, decimal=True),
    Field("unit_price", lambda line: line.unit_price, decimal=True),
    Amount("amount", lambda line: line.amount_minor),
    Amount("tax", lambda line: line.tax_minor),
    Field("tax_rate", lambda line: line.tax_rate),
)
_PAYMENT = Record[InvoicePayment](
    Field("id", lambda p: p.payment_id),
    Field("status", lambda p: p.status),
    Field("method_label", lambda p: p.method_label),
    Field("paid_on", lambda p: p.paid_on.isoformat()),
    Amount("amount", lambda p: p.amount_minor),
)


def invoice_detail_record(today: date) -> Record[InvoiceDetail]:
    return Record(
        Part(lambda d: d.invoice, invoice_record(today)),
        Amount("tax", lambda d: d.invoice.tax_minor),
        Field("bill_to", lambda d: list(d.bill_to.lines)),
        Nested("lines", "line", lambda d: d.lines, _LINE),
        Nested("payments", "payment", lambda d: d.payments, _PAYMENT),
        currency=lambda d: d.invoice.currency,
    )


STATUS_STYLE = {
    "open": "",
    "partial": "yellow",
    "processing": "cyan",
    "paid": "green",
    "void": "dim",
    "overdue": "red",
}


def invoice_columns(found: InvoiceList) -> list[Column[Invoice]]:
    today = found.today

    def late(invoice: Invoice) -> str:
        days = invoice.days_overdue(today)
        return f"{days}d" if days else ""

    def due_style(invoice: Invoice) -> str:
        return "red" if invoice.days_overdue(today) else ""

    columns: list[Column[Invoice]] = [
        Column("Invoice", lambda i: i.number),
        Column("Customer", lambda i: i.customer_name, gives_way=1),
        Column("Issued", lambda i: i.issued_on.isoformat(), gives_way=2),
        Column("Due", lambda i: i.due_on.isoformat(), style=due_style),
        Column("Late", late, True, due_style, gives_way=3),
        Column("Status", _status, style=lambda i: STATUS_STYLE[i.status]),
        Column("Total", lambda i: grouped_text(i.total_minor, i.currency), right=True),
        Column("Pending", pending, right=True),
        Column("Balance", lambda i: grouped_text(i.balance_minor, i.currency), right=True),
        Column("", lambda i: i.currency),
    ]
    # What is the same in every row is said by the sums below, or known.
    if len(found.page.totals or {}) <= 1:  # of all, also those that --limit leaves out
        del columns[-1]
    if len({i.customer for i in found.page.items}) <= 1:
        del columns[1]
    return columns


def _status(invoice: Invoice) -> str:
    return invoice.status.value + (" (disputed)" if invoice.disputed else "")


def print_invoice(detail: InvoiceDetail, today: date, out: Output) -> None:
    """Header, lines, totals, payments."""
    invoice = detail.invoice
    currency = invoice.currency

    def amount(minor: int) -> str:
        return grouped_text(minor, currency)

    late = invoice.days_overdue(today)
    kind = "Credit memo" if invoice.total_minor < 0 else "Invoice"
    facts = {
        kind: f"{invoice.number} · {invoice.status}" + (" · disputed" if invoice.disputed else ""),
        "Customer": f"{invoice.customer_name} ({invoice.customer})",
        "Issued": invoice.issued_on.isoformat(),
        "Due": invoice.due_on.isoformat() + _overdue(late),
        "Paid on": invoice.paid_on.isoformat() if invoice.paid_on else "",
        "PO number": invoice.po_number,
        "Order": invoice.order_number,
        "Memo": invoice.memo,
    }
    out.facts(facts)
    if detail.lines:
        out.text()
        columns: list[Column[InvoiceLine]] = [
            Column("Description", lambda line: line.description),
            Column("Quantity", lambda line: line.quantity, right=True),
            Column("Unit price", lambda line: line.unit_price, right=True),
            Column("Tax", lambda line: line.tax_rate, right=True, gives_way=1),
            Column("Amount", lambda line: amount(line.amount_minor), right=True),
        ]
        out.table(detail.lines, columns)
    out.text()
    figures = {
        "Tax": amount(invoice.tax_minor) if invoice.tax_minor else "",
        "Total": amount(invoice.total_minor),
        "Paid": amount(invoice.paid_minor),
        "Pending": pending(invoice),
        "Balance": amount(invoice.balance_minor),
    }
    shown = {name: text for name, text in figures.items() if text}
    wide = max(map(len, shown.values()))
    for name, text in shown.items():
        out.text(f"{name:<10} {text:>{wide}} {currency}")
    if detail.payments:
        out.text()
        paid: list[Column[InvoicePayment]] = [
            Column("Payment", lambda p: p.payment_id[:SHORT]),
            Column("Date", lambda p: p.paid_on.isoformat()),
            Column("Method", lambda p: p.method_label),
            Column("Status", lambda p: p.status),
            Column("Amount", lambda p: amount(p.amount_minor), right=True),
        ]
        out.table(detail.payments, paid)


def _overdue(days: int) -> str:
    return f", {days} day{'s' if days > 1 else ''} overdue" if days else ""


def pending(invoice: Invoice) -> str:
    """What payments under way hold; empty where that is nothing."""
    held = invoice.reserved_minor
    return grouped_text(held, invoice.currency) if held else ""
