"""A payment on paper. Its title says whether money has arrived, and nothing else claims that."""

from __future__ import annotations

from collections.abc import Iterator

from invoicepay.billing.dates import local_date
from invoicepay.billing.identity import Mode
from invoicepay.billing.money import grouped_text
from invoicepay.billing.payment import FINAL, Payment, PaymentStatus, ReversalKind
from invoicepay.billing.ports import Receipt
from invoicepay.documents.fonts import DocumentFonts
from invoicepay.documents.letterhead import (
    draw_conclusion,
    draw_edges,
    draw_letterhead,
    draw_panel,
    draw_parties,
    set_running_head,
)
from invoicepay.documents.page import AMBER, GREEN, RED, Color, Sheet, paper
from invoicepay.documents.table import Column, Figure, draw_table

_TITLES: dict[PaymentStatus, tuple[str, Color]] = {
    PaymentStatus.CLAIMED: ("Payment initiated – not yet received", AMBER),
    PaymentStatus.SUBMITTED: ("Payment initiated – not yet received", AMBER),
    PaymentStatus.PROCESSING: ("Payment initiated – not yet received", AMBER),
    PaymentStatus.UNKNOWN: ("Payment under way – not yet confirmed", AMBER),
    PaymentStatus.SUCCEEDED: ("Payment received", GREEN),
    PaymentStatus.FAILED: ("Payment failed – nothing was received", RED),
    PaymentStatus.CANCELED: ("Payment canceled – nothing was received", RED),
}
_REVERSALS = {
    ReversalKind.REFUND: "Refunded",
    ReversalKind.RETURN: "Returned by the bank",
    ReversalKind.DISPUTE: "Disputed",
}


def title_of(payment: Payment) -> str:
    """`Payment received`, `Payment initiated – not yet received` and so on."""
    return _TITLES[payment.status][0]


def draw_receipt(
    receipt: Receipt, fonts: DocumentFonts, *, mode: Mode, logo_ratio: float | None = None
) -> Sheet:
    """The pages of `receipt`; `logo_ratio` is width by height."""
    payment, company = receipt.payment, receipt.company
    sheet = Sheet(paper(payment.currency), fonts)
    # Only what has been received gets a receipt; the rest is a notice of how it stands.
    received = payment.status is PaymentStatus.SUCCEEDED
    kind = "Receipt" if received else "Payment notice"
    number = payment.receipt_number
    what = f"{kind} {number or payment.id}"
    set_running_head(sheet, company, what)
    draw_letterhead(sheet, company, kind, number, logo_ratio=logo_ratio)
    draw_parties(sheet, "CUSTOMER", receipt.customer.name or receipt.customer.number,
                 receipt.customer.address, _details(receipt))  # fmt: skip
    title, color = _TITLES[payment.status]
    draw_panel(sheet, title, _explanation(payment), _amount(payment.amount_minor, payment, True),
               color)  # fmt: skip
    if payment.allocations:
        draw_table(sheet, _columns(receipt))
        sheet.y += 8
    draw_conclusion(sheet, list(_figures(payment)), list(_notes(receipt, mode)))
    draw_edges(sheet, company, what, notice=mode.notice)
    return sheet


def _details(receipt: Receipt) -> list[tuple[str, str]]:
    payment = receipt.payment
    zone = receipt.company.time_zone
    received = payment.status is PaymentStatus.SUCCEEDED
    paid_on = payment.effective_on or local_date(payment.settled_at or payment.created_at, zone)
    return [
        ("Receipt", payment.receipt_number),
        ("Received" if received else "Initiated",
         (paid_on if received else local_date(payment.created_at, zone)).isoformat()),
        ("Customer", receipt.customer.number),
        ("Paid with" if received else "Method", payment.method_label),
        ("Reference", payment.reference),
        ("Gateway ref.", payment.gateway_id),
        ("Payment", payment.id),
        ("Order", payment.order_number),
        ("Currency", payment.currency),
    ]  # fmt: skip


def _explanation(payment: Payment) -> str:
    match payment.status:
        case PaymentStatus.SUCCEEDED:
            return "Thank you."
        case PaymentStatus.FAILED | PaymentStatus.CANCELED:
            return "The invoices are still owed."
        case PaymentStatus.PROCESSING:
            return "Accepted by the bank. The invoices are owed until the money arrives."
    return "The invoices are owed until it is confirmed."


def _columns(receipt: Receipt) -> list[Column]:
    payment = receipt.payment
    invoices = {invoice.number: invoice for invoice in receipt.invoices}
    found = [invoices.get(a.invoice) for a in payment.allocations]
    # Of a payment that has not arrived, or came to nothing, the balance is not what "remains".
    title, balance = "To apply", "Balance today"
    if payment.status is PaymentStatus.SUCCEEDED:
        title, balance = "Applied", "Remaining"
    elif payment.status in FINAL:
        title = "Not applied"
    return [
        Column("Invoice", [a.invoice for a in payment.allocations], figures=False),
        Column("PO number", [i.po_number if i else "" for i in found]),
        Column("Due", [i.due_on.isoformat() if i else "" for i in found]),
        Column("Invoice total", [_amount(i.total_minor, payment) if i else "" for i in found]),
        Column(title, [_amount(a.amount_minor, payment) for a in payment.allocations]),
        Column(balance, [_amount(i.balance_minor, payment) if i else "" for i in found]),
    ]


def _figures(payment: Payment) -> Iterator[Figure]:
    received = payment.status is PaymentStatus.SUCCEEDED
    if payment.allocations:
        label = "Applied to invoices" if received else "For invoices"
        yield Figure(label, _amount(payment.allocated_minor, payment))
    rest = payment.amount_minor - payment.allocated_minor
    if rest:
        label = f"Deposit for order {payment.order_number}" if payment.order_number else (
            "Not applied: kept as your credit" if received else "Not for an invoice")  # fmt: skip
        yield Figure(label, _amount(rest, payment))
    total = "Total received" if received else "Total, not received"
    yield Figure(total, _amount(payment.amount_minor, payment, True), strong=True, line_above=True)
    for reversal in payment.reversals:
        reason = f": {reversal.reason}" if reversal.reason else ""
        yield Figure(f"{_REVERSALS[reversal.kind]} {reversal.effective_on}{reason}",
                     _amount(-reversal.amount_minor, payment))  # fmt: skip


def _notes(receipt: Receipt, mode: Mode) -> Iterator[tuple[str, str]]:
    company = receipt.company
    yield "REASON", receipt.payment.failure_message
    yield "MEMO", receipt.payment.memo
    if mode.notice:
        yield "PRACTICE", f"{mode.notice}. This is not proof of a payment."
    contact = " or ".join(filter(None, (company.email, company.phone)))
    yield "QUESTIONS", f"Please contact {contact}." if contact else ""


def _amount(minor_units: int, payment: Payment, with_currency: bool = False) -> str:
    text = grouped_text(minor_units, payment.currency)
    return f"{text} {payment.currency}" if with_currency else text
