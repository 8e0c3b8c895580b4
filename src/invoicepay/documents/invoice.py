"""An invoice or credit memo on paper.

Every figure ties out: where the ledger holds a sum that the rows printed here do not explain
(an imported payment, a rounding of the biller's), the difference is a row of its own.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import date

from invoicepay.billing.charge import CHARGED
from invoicepay.billing.customer import Company
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import Invoice, InvoiceDetail, InvoiceKind, InvoiceStatus
from invoicepay.billing.money import grouped_text
from invoicepay.billing.payment import UNDER_WAY, PaymentStatus
from invoicepay.documents.fonts import DocumentFonts
from invoicepay.documents.letterhead import (
    Badge,
    draw_conclusion,
    draw_edges,
    draw_letterhead,
    draw_notes,
    draw_panel,
    draw_parties,
    set_running_head,
)
from invoicepay.documents.page import ACCENT, AMBER, GREEN, GREY, RED, Color, Sheet, paper
from invoicepay.documents.table import Column, Figure, draw_table
from invoicepay.documents.text import price


def title_of(invoice: Invoice) -> str:
    """`Invoice INV-1042`, `Credit memo CM-7`."""
    return f"{_kind(invoice)} {invoice.number}"


def _kind(invoice: Invoice) -> str:
    return "Credit memo" if _is_credit(invoice) else "Invoice"


def _is_credit(invoice: Invoice) -> bool:
    return invoice.kind is InvoiceKind.CREDIT_MEMO


def draw_invoice(
    company: Company,
    detail: InvoiceDetail,
    today: date,
    fonts: DocumentFonts,
    *,
    mode: Mode,
    logo_ratio: float | None = None,
) -> Sheet:
    """The pages of `detail` as it stands on `today`; `logo_ratio` is width by height."""
    invoice = detail.invoice
    sheet = Sheet(paper(invoice.currency), fonts)
    set_running_head(sheet, company, title_of(invoice))
    draw_letterhead(
        sheet,
        company,
        _kind(invoice),
        invoice.number,
        badge=_badge(invoice, today),
        logo_ratio=logo_ratio,
    )
    draw_parties(sheet, "CREDIT TO" if _is_credit(invoice) else "BILL TO",
                 invoice.customer_name or invoice.customer, detail.bill_to,
                 _details(invoice))  # fmt: skip
    heading, subtext, color = _headline(invoice, today)
    draw_panel(sheet, heading, subtext, _amount_with_currency(invoice.balance_minor, invoice),
               color)  # fmt: skip
    columns = _columns(detail)
    if columns:
        draw_table(sheet, columns)
        sheet.y += 8
    draw_conclusion(sheet, list(_figures(detail)), list(_notes(company, detail, mode)))
    draw_notes(sheet, [("TERMS", "" if _is_credit(invoice) else company.terms)])
    draw_edges(sheet, company, title_of(invoice), notice=mode.notice)
    return sheet


def _details(invoice: Invoice) -> list[tuple[str, str]]:
    credit = _is_credit(invoice)
    return [
        ("Credit memo" if credit else "Invoice", invoice.number),
        ("Issued", invoice.issued_on.isoformat()),
        ("Due", "" if credit else invoice.due_on.isoformat()),
        ("PO number", invoice.po_number),
        ("Order", invoice.order_number),
        ("Customer", invoice.customer),
        ("Currency", invoice.currency),
    ]


def _badge(invoice: Invoice, today: date) -> Badge | None:
    """The state, in a word. An open invoice that is not due yet needs none."""
    days = invoice.days_overdue(today)
    match invoice.status:
        case InvoiceStatus.VOID:
            return Badge("VOID", GREY)
        case InvoiceStatus.PAID:
            return Badge("USED" if _is_credit(invoice) else "PAID", GREEN)
        case InvoiceStatus.PROCESSING:
            return Badge("PAYMENT UNDER WAY", AMBER)
        case _ if days:
            return Badge("PAST DUE", RED)
        case InvoiceStatus.PARTIAL:
            return Badge("PARTLY USED" if _is_credit(invoice) else "PARTLY PAID", ACCENT)
    return None


def _headline(invoice: Invoice, today: date) -> tuple[str, str, Color]:
    days = invoice.days_overdue(today)
    if invoice.voided_on:
        return "Void", f"Voided {invoice.voided_on}. Nothing is owed.", GREY
    if invoice.balance_minor == 0:
        on = f" on {invoice.paid_on}" if invoice.paid_on else ""
        if _is_credit(invoice):
            return "Used in full", f"Used up{on}. No credit remains.", GREEN
        return "Paid in full", f"Paid{on}. Nothing is owed.", GREEN
    if invoice.balance_minor < 0:
        return "Credit remaining", "Please tell us which invoice it is to be used for.", GREEN
    if invoice.payable_minor <= 0:
        return "Payment under way", "Nothing more is to be paid while it is.", AMBER
    if days:
        ago = f"{days} day{'s' if days != 1 else ''} ago"
        return "Balance due", f"Was due {invoice.due_on}, {ago}.", RED
    return "Balance due", f"Due {invoice.due_on}.", ACCENT


def _columns(detail: InvoiceDetail) -> list[Column]:
    """The columns that any line fills; none without lines."""
    lines, currency = detail.lines, detail.invoice.currency
    if not lines:
        return []
    columns = [
        Column("Description", [line.description for line in lines], figures=False),
        Column("Qty", [line.quantity for line in lines]),
        Column("Unit price", [price(line.unit_price, currency) for line in lines]),
        Column("Tax rate", [line.tax_rate for line in lines]),
        Column(f"Amount ({currency})", [grouped_text(x.amount_minor, currency) for x in lines]),
    ]
    return [column for column in columns if not column.figures or any(column.cells)]


def _figures(detail: InvoiceDetail) -> Iterator[Figure]:
    """From the lines' sum to the balance, and what of the balance is under way."""
    invoice = detail.invoice
    yield from _to_total(detail)
    yield from _to_balance(detail)
    under_way = [p for p in detail.payments if p.status in UNDER_WAY]
    rest = invoice.reserved_minor - sum(p.amount_minor for p in under_way)
    for payment in under_way:
        processing = payment.status == PaymentStatus.PROCESSING
        what = (
            "Bank debit under way, not yet received"
            if processing
            else "Payment under way, not yet confirmed"
        )
        yield Figure(f"{what}: {payment.paid_on}, {payment.method_label}",
                     _amount(payment.amount_minor, invoice), muted=True)  # fmt: skip
    if rest > 0 and not invoice.voided_on:
        yield Figure("Under way, not yet received", _amount(rest, invoice), muted=True)
    if invoice.reserved_minor and invoice.balance_minor > 0:
        yield Figure("Still to pay when that arrives", _amount(invoice.payable_minor, invoice),
                     muted=True)  # fmt: skip


def _to_total(detail: InvoiceDetail) -> Iterator[Figure]:
    invoice = detail.invoice
    net = invoice.total_minor - invoice.tax_minor
    lines = sum(line.amount_minor for line in detail.lines)
    yield Figure("Subtotal", _amount(lines if detail.lines else net, invoice))
    if detail.lines and lines != net:
        yield Figure("Other charges and adjustments", _amount(net - lines, invoice))
    by_rate: dict[str, int] = {}
    for line in detail.lines:
        if line.tax_minor:
            by_rate[line.tax_rate] = by_rate.get(line.tax_rate, 0) + line.tax_minor
    if len(by_rate) > 1 and all(by_rate) and sum(by_rate.values()) == invoice.tax_minor:
        for rate, amount in by_rate.items():
            yield Figure(f"Tax {rate}", _amount(amount, invoice))
    else:
        yield Figure("Tax", _amount(invoice.tax_minor, invoice))
    yield Figure("Total", _amount_with_currency(invoice.total_minor, invoice), strong=True,
                 line_above=True)  # fmt: skip


def _to_balance(detail: InvoiceDetail) -> Iterator[Figure]:
    invoice = detail.invoice
    verb = "Used" if _is_credit(invoice) else "Paid"
    received = [p for p in detail.payments if p.status == PaymentStatus.SUCCEEDED]
    for payment in received:
        yield Figure(f"{verb} {payment.paid_on}, {payment.method_label}",
                     _amount(-payment.amount_minor, invoice))  # fmt: skip
    rest = invoice.paid_minor - sum(p.amount_minor for p in received)
    if rest:
        label = "Credit used" if _is_credit(invoice) else "Other payments, credits and returns"
        yield Figure(label, _amount(-rest, invoice))
    if invoice.voided_on:
        yield Figure(f"Voided {invoice.voided_on}",
                     _amount(invoice.paid_minor - invoice.total_minor, invoice))  # fmt: skip
    label = "Credit remaining" if _is_credit(invoice) else "Balance due"
    yield Figure(label, _amount_with_currency(invoice.balance_minor, invoice), strong=True,
                 line_above=True)  # fmt: skip


def _notes(company: Company, detail: InvoiceDetail, mode: Mode) -> Iterator[tuple[str, str]]:
    invoice = detail.invoice
    yield "MEMO", invoice.memo
    if mode.notice:
        yield "PRACTICE", f"{mode.notice}. This is not proof of a payment."
    if invoice.payable_minor > 0 and not _is_credit(invoice):
        in_terminal = invoice.currency in CHARGED and not invoice.reserved_minor
        if in_terminal:
            # Quoted as a shell wants it: numbers come from data, and people paste this.
            yield "HOW TO PAY", f"In a terminal: invoicepay pay {shlex.quote(invoice.number)}"
        remit = f"\nPlease quote {invoice.number}." if company.remit_to.strip() else ""
        by_check = "OR BY CHECK OR TRANSFER" if in_terminal else "HOW TO PAY BY CHECK OR TRANSFER"
        yield by_check, company.remit_to + remit


def _amount(minor_units: int, invoice: Invoice) -> str:
    return grouped_text(minor_units, invoice.currency)


def _amount_with_currency(minor_units: int, invoice: Invoice) -> str:
    return f"{grouped_text(minor_units, invoice.currency)} {invoice.currency}"
