"""An invoice on the screen."""

from __future__ import annotations

from datetime import date

from invoicepay.billing.invoice import Invoice, InvoiceDetail, InvoiceLine, InvoicePayment
from invoicepay.billing.money import grouped_text
from invoicepay.cli.layout import Column
from invoicepay.cli.output import Output
from invoicepay.cli.text import SHORT


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
