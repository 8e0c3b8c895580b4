"""The words of the e-mails about a payment."""

from __future__ import annotations

from collections.abc import Iterator

from invoicepay.billing.identity import Mode
from invoicepay.billing.method import MethodType
from invoicepay.billing.money import Money
from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import MailKind, Receipt


def subject_of(kind: MailKind, receipt: Receipt, *, mode: Mode) -> str:
    """One line; says amount and company, so that it is found again."""
    payment = receipt.payment
    amount = Money(payment.amount_minor, payment.currency)
    what = {
        MailKind.INITIATED: f"Payment of {amount} to {receipt.company.name} is under way",
        MailKind.RECEIVED: f"Payment of {amount} to {receipt.company.name} received",
        MailKind.FAILED: f"Payment of {amount} to {receipt.company.name} did not go through",
    }[kind]
    number = payment.receipt_number if kind is MailKind.RECEIVED else ""
    notice = f"{mode.notice}: " if mode.notice else ""
    return notice + what + (f" – receipt {number}" if number else "")


def text_of(kind: MailKind, receipt: Receipt, *, mode: Mode, made_by: str = "") -> str:
    """Plain text: what happened, for what, and what happens next. `made_by`: who paid, for a
    reader who did not."""
    # A line of ours stays one, whatever stands in it: nobody's name becomes a paragraph.
    lines = (" ".join(line.splitlines()) for line in _lines(kind, receipt, mode, made_by))
    return "\n".join(lines) + "\n"


def _lines(kind: MailKind, receipt: Receipt, mode: Mode, made_by: str) -> Iterator[str]:
    company = receipt.company
    if mode.notice:
        yield from (f"{mode.notice}. This is practice, not proof of a payment.", "")
    yield from (f"Hello {receipt.customer.name or receipt.customer.number},", "")
    yield from _news(kind, receipt)
    yield ""
    yield from _figures(kind, receipt, made_by)
    yield ""
    yield from _next(kind, receipt)
    contact = " or ".join(filter(None, (company.email, company.phone)))
    yield from ("", f"Questions? Please contact {contact}." if contact else "Thank you.")
    yield from ("", company.name)


def _news(kind: MailKind, receipt: Receipt) -> Iterator[str]:
    payment = receipt.payment
    amount = Money(payment.amount_minor, payment.currency)
    match kind:
        case MailKind.INITIATED:
            yield f"Your payment of {amount} has been accepted and is under way."
        case MailKind.RECEIVED:
            yield f"We have received your payment of {amount}. Thank you!"
        case MailKind.FAILED:
            yield f"Your payment of {amount} did not go through. We received nothing."
            if payment.status is PaymentStatus.FAILED and payment.failure_message:
                yield f"The bank says: {payment.failure_message}"


def _figures(kind: MailKind, receipt: Receipt, made_by: str) -> Iterator[str]:
    payment = receipt.payment
    rows = [(a.invoice, a.amount_minor) for a in payment.allocations]
    rest = payment.amount_minor - payment.allocated_minor
    if rest and payment.order_number:
        rows.append((f"Deposit for order {payment.order_number}", rest))
    elif rest:
        rows.append(("Kept as your credit", rest))
    amounts = [str(Money(minor, payment.currency)) for _, minor in rows]
    names = max((len(name) for name, _ in rows), default=0)
    figures = max(map(len, amounts), default=0)
    for (name, _), amount in zip(rows, amounts, strict=True):
        yield f"  {name:<{names}}  {amount:>{figures}}"
    yield ""
    yield f"  Method:    {payment.method_label}"
    if payment.receipt_number and kind is not MailKind.FAILED:
        name = "Receipt:" if kind is MailKind.RECEIVED else "Notice:"
        yield f"  {name:<9}  {payment.receipt_number}"
    yield f"  Payment:   {payment.id}"
    if made_by:
        yield f"  Made by:   {made_by}"
    if payment.memo:
        yield f"  Memo:      {payment.memo}"


def _next(kind: MailKind, receipt: Receipt) -> Iterator[str]:
    match kind:
        case MailKind.INITIATED:
            if receipt.payment.method_type is MethodType.ACH:
                yield "A bank debit usually takes up to four business days. Until it arrives, what"
                yield "it pays shows as processing; there is nothing for you to do, and no need to"
                yield "pay again. We will write when the money has arrived, or if it does not."
            else:
                yield "We will write when the money has arrived, or if it does not. There is no"
                yield "need to pay again."
        case MailKind.RECEIVED:
            yield "Your receipt is attached. There is nothing for you to do."
        case MailKind.FAILED:
            first = receipt.payment.allocations[0].invoice if receipt.payment.allocations else ""
            yield "What it was for is open again. Please check with your bank, or pay with another"
            yield "method; `invoicepay methods list` shows what you can pay with:"
            yield f"  invoicepay pay {first or '--open'} --method ID"
