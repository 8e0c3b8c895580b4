"""The words of the e-mails about a payment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from invoicepay.billing.customer import Company
from invoicepay.billing.identity import Mode
from invoicepay.billing.method import MethodType
from invoicepay.billing.money import Money
from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import MailKind, Receipt
from invoicepay.operations.mailing.address import readable


@dataclass(frozen=True, slots=True)
class Row:
    """What was paid for. `owed`: what is then still to be paid on it; empty where that is nothing,
    or is not known."""

    name: str
    amount: str
    owed: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What an e-mail says, each text on one line; rows only where something is paid."""

    subject: str
    notice: str
    """Where no money moved."""
    greeting: str
    news: tuple[str, ...]
    rows: tuple[Row, ...]
    facts: tuple[tuple[str, str], ...]
    next_steps: tuple[str, ...]
    command: str
    """What the reader may type."""
    questions: str
    company: str


def letter(
    kind: MailKind, receipt: Receipt, *, mode: Mode, reader: str = "", made_by: str = ""
) -> Letter:
    """What happened, for what, and what happens next. `reader`: the name of whoever it goes to,
    where that is a person; `made_by`: who paid, for a reader who did not."""
    company, customer = receipt.company, receipt.customer
    first = receipt.payment.allocations[0].invoice if receipt.payment.allocations else "--open"
    return Letter(
        subject=line(_subject(kind, receipt, mode)),
        notice=f"{mode.notice}. This is practice, not proof of a payment." if mode.notice else "",
        greeting=line(f"Hello {reader or customer.name or customer.number},"),
        news=tuple(map(line, _news(kind, receipt))),
        rows=tuple(_rows(kind, receipt)),
        facts=tuple((name, line(text)) for name, text in _facts(kind, receipt, made_by) if text),
        next_steps=tuple(_next_steps(kind, receipt)),
        command=f"invoicepay pay {line(first)} --method ID" if kind is MailKind.FAILED else "",
        questions=questions(company),
        company=line(company.name),
    )


def questions(company: Company) -> str:
    """The line that says whom to ask."""
    contact = " or ".join(filter(None, (readable(company.email), company.phone)))
    return line(f"Questions? Please contact {contact}." if contact else "Thank you.")


def line(text: str) -> str:
    """`text` on one line: no name in it can begin a paragraph."""
    return " ".join(text.splitlines())


def _subject(kind: MailKind, receipt: Receipt, mode: Mode) -> str:
    """Says amount and company, so that it is found again."""
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


def _rows(kind: MailKind, receipt: Receipt) -> Iterator[Row]:
    payment = receipt.payment
    for allocation, invoice in zip(payment.allocations, receipt.invoices, strict=True):
        owed = invoice.payable_minor if kind is not MailKind.FAILED else 0
        yield Row(
            line(allocation.invoice),
            str(Money(allocation.amount_minor, payment.currency)),
            str(Money(owed, payment.currency)) if owed > 0 else "",
        )
    if rest := payment.amount_minor - payment.allocated_minor:
        order = payment.order_number
        what = f"Deposit for order {order}" if order else "Kept as your credit"
        yield Row(line(what), str(Money(rest, payment.currency)))


def _facts(kind: MailKind, receipt: Receipt, made_by: str) -> Iterator[tuple[str, str]]:
    payment, customer = receipt.payment, receipt.customer
    yield "Customer", " ".join(filter(None, (customer.name, f"({customer.number})")))
    yield "Method", payment.method_label
    if kind is not MailKind.FAILED:
        yield "Receipt" if kind is MailKind.RECEIVED else "Notice", payment.receipt_number or ""
    yield "Payment", payment.id
    yield "Made by", made_by
    yield "Memo", payment.memo


def _next_steps(kind: MailKind, receipt: Receipt) -> Iterator[str]:
    match kind:
        case MailKind.INITIATED if receipt.payment.method_type is MethodType.ACH:
            yield (
                "A bank debit usually takes up to four business days. Until it arrives, what it "
                "pays shows as processing; there is nothing for you to do, and no need to pay "
                "again. We will write when the money has arrived, or if it does not."
            )
        case MailKind.INITIATED:
            yield (
                "We will write when the money has arrived, or if it does not. There is no need to "
                "pay again."
            )
        case MailKind.RECEIVED:
            yield "Your receipt is attached. There is nothing for you to do."
        case MailKind.FAILED:
            yield (
                "What it was for is open again. Please check with your bank, or pay with another "
                "method; `invoicepay methods list` shows what you can pay with:"
            )
