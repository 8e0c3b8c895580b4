"""Send the e-mail that is owed. What the payment was is in the ledger already; this only tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from invoicepay.billing.customer import EVERYTHING, Scope
from invoicepay.billing.errors import InvoicepayError, Unreachable
from invoicepay.billing.identity import Mode
from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import (
    Attachment,
    MailKind,
    MailNotSent,
    Message,
    OutboxMail,
    Ports,
    Receipt,
)
from invoicepay.operations.mail_text import subject_of, text_of
from invoicepay.operations.receipt import receipt_of

IN_HAND = timedelta(minutes=10)
"""How long nobody else sends what was taken: longer than a mail server may take to answer."""
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """An e-mail that waits for another try; all empty but `error` when none could be taken."""

    message_id: str
    to: str
    error: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """`sent`: Message-IDs."""

    sent: tuple[str, ...] = ()
    not_delivered: tuple[NotDelivered, ...] = ()


def deliver(ports: Ports, scope: Scope, payment_id: str = "") -> DeliveryReport:
    """Send what is due about the payments in `scope`, with `payment_id` only about that one.

    Raises nothing that has to do with mail: a payment is made whether or not its e-mail goes
    out. What fails is tried again after a minute, then ever later, up to every six hours.
    """
    sent: list[str] = []
    failed: list[NotDelivered] = []
    try:
        while mail := _take(ports, scope, payment_id):
            error = _send(mail, ports)
            # If this cannot be written the mail is sent again, with the same Message-ID.
            with ports.ledger.write() as unit:
                if error:
                    retry_at = ports.clock.now() + retry_after(mail.attempts)
                    unit.outbox.not_sent(mail.message_id, error, retry_at)
                    failed.append(NotDelivered(mail.message_id, mail.to, error))
                else:
                    unit.outbox.sent(mail.message_id, ports.clock.now())
                    sent.append(mail.message_id)
    except Unreachable as problem:
        failed.append(NotDelivered("", "", problem.message))
    return DeliveryReport(tuple(sent), tuple(failed))


def _take(ports: Ports, scope: Scope, payment_id: str) -> OutboxMail | None:
    now = ports.clock.now()
    with ports.ledger.write() as unit:
        return unit.outbox.take_due(now, now + IN_HAND, scope, payment_id)


def retry_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts (≥ 1): a minute, doubling, at most six hours."""
    doublings: int = min(attempts - 1, 16)
    return min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)


def _send(mail: OutboxMail, ports: Ports) -> str:
    """What went wrong, empty when nothing did."""
    try:
        with ports.ledger.read() as unit:
            payment = unit.payments.get(mail.payment_id, EVERYTHING)
            assert payment is not None, "payments are never deleted"
            receipt = receipt_of(unit, payment)
            mode = unit.company.identity().mode
        ports.mailer.send(_message(mail, receipt, mode, ports))
    except MailNotSent as problem:
        return str(problem) or "not sent"
    except InvoicepayError as problem:
        return problem.message
    except Exception as problem:  # noqa: BLE001 - one mail must not hold up the others
        return f"cannot be composed: {type(problem).__name__}"
    return ""


def _message(mail: OutboxMail, receipt: Receipt, mode: Mode, ports: Ports) -> Message:
    payer = receipt.payment.initiated_by
    made_by = payer if mail.to.lower() != payer.lower() else ""  # nobody is told who they are
    return Message(
        message_id=mail.message_id,
        sender=receipt.company.email,
        sender_name=receipt.company.name,
        to=mail.to,
        subject=subject_of(mail.kind, receipt, mode=mode),
        text=text_of(mail.kind, receipt, mode=mode, made_by=made_by),
        sent_at=mail.created_at,  # the same however often it is tried
        attachments=_attachments(mail.kind, receipt, mode, ports),
    )


def _attachments(
    kind: MailKind, receipt: Receipt, mode: Mode, ports: Ports
) -> tuple[Attachment, ...]:
    """The PDF, where it says the same as the e-mail: an old one may have been overtaken."""
    fits = {
        MailKind.INITIATED: PaymentStatus.PROCESSING,
        MailKind.RECEIVED: PaymentStatus.SUCCEEDED,
    }
    if receipt.payment.status is not fits.get(kind):
        return ()
    name = "receipt" if kind is MailKind.RECEIVED else "payment-notice"
    number = receipt.payment.receipt_number or receipt.payment.id
    pdf = ports.documents.receipt(receipt, mode=mode)
    return (Attachment(f"{name}-{number}.pdf", "application/pdf", pdf),)
