"""Send the e-mail that waits in the outbox. It only reports: the payment is in the ledger
already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from invoicepay.billing.customer import EVERYTHING, Actor, Scope
from invoicepay.billing.errors import InvoicepayError, Unreachable
from invoicepay.billing.identity import Mode
from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import (
    Attachment,
    MailKind,
    MailNotSent,
    MailStatus,
    Message,
    OutboxMail,
    Ports,
    Receipt,
    Unit,
)
from invoicepay.operations.app import Request
from invoicepay.operations.mailing.bodies import as_html, as_text
from invoicepay.operations.mailing.outbox import find_mail
from invoicepay.operations.mailing.wording import letter
from invoicepay.operations.payments.find import find_payment
from invoicepay.operations.payments.receipt import receipt_of

RESERVED_FOR = timedelta(minutes=10)
"""How long an e-mail is reserved for the process that sends it: longer than one takes."""
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)
PATIENCE = timedelta(minutes=5)
"""For all of one `sync`'s e-mail."""
PAYERS_PATIENCE = timedelta(seconds=8)
"""For the e-mail of one payment while its payer waits; `sync` sends what is left."""
TOO_SHORT = timedelta(seconds=1)
"""With less time left no e-mail is begun: a mail server might accept it and not answer in time."""


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """An e-mail that could not be sent when it was last tried; it waits for another try. All
    empty but `error` when the ledger could not be asked."""

    message_id: str
    to: str
    error: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """`sent`: Message-IDs, and `sent_to` whom each went to. `not_delivered`: whatever is failing,
    also what was last tried before and is not due yet. `left`: how many are due and were not
    tried, because the time was up."""

    sent: tuple[str, ...] = ()
    sent_to: tuple[str, ...] = ()
    not_delivered: tuple[NotDelivered, ...] = ()
    left: int = 0


@dataclass(frozen=True, slots=True)
class SendMail(Request[DeliveryReport]):
    """What is due now. `payment_id`: only about that payment, and only for the few seconds that
    its payer waits. `mails`: only these, also when they are not due yet; each an e-mail's id or a
    payment's, for all about it. `now`: all that is owed, due or not."""

    payment_id: str = ""
    mails: tuple[str, ...] = ()
    now: bool = False


def send_mail(request: SendMail, actor: Actor, ports: Ports) -> DeliveryReport:
    """What was sent, and what is failing: of `mails`, where there are any, else of all. Raises
    NotFound for what the actor may not see, Usage where several payments start so."""
    scope = actor.scope
    if request.payment_id:
        with ports.ledger.read() as unit:
            payment = find_payment(unit, request.payment_id, scope)
        return deliver(ports, scope, payment.id)
    if not request.mails and not request.now:
        return deliver(ports, scope, within=PATIENCE)
    with ports.ledger.read() as unit:
        if request.mails:
            found = [mail for text in request.mails for mail in find_mail(unit, text, scope)]
        else:
            found = unit.outbox.owed(scope)
    chosen = {mail.message_id: mail for mail in found}
    report = deliver_these(list(chosen.values()), ports, scope, within=PATIENCE, early=True)
    if not request.mails:
        return report
    failing = (mail for mail in report.not_delivered if mail.message_id in {*chosen, ""})
    return replace(report, not_delivered=tuple(failing))


def deliver(
    ports: Ports, scope: Scope, payment_id: str = "", *, within: timedelta = PAYERS_PATIENCE
) -> DeliveryReport:
    """Send what is due about the payments in `scope`, with `payment_id` only about that one, for
    at most `within`.

    Raises nothing that has to do with mail: a payment is made whether or not its e-mail goes
    out. What fails is tried again after a minute, then ever later, up to every six hours.
    """
    try:
        now = ports.clock.now()
        with ports.ledger.read() as unit:
            due = unit.outbox.owed(scope, payment_id, now)
    except Unreachable as problem:
        return unreadable_outbox(problem)
    return deliver_these(due, ports, scope, payment_id, within=within)


def deliver_these(
    mails: Sequence[OutboxMail],
    ports: Ports,
    scope: Scope,
    payment_id: str = "",
    *,
    within: timedelta,
    early: bool = False,
) -> DeliveryReport:
    """Try each of `mails` once, for at most `within`; `early`: also those that are not due yet.
    Reports on these, and on what else is failing in `scope`. Raises nothing, as `deliver`."""
    tried: list[tuple[OutboxMail, MailStatus]] = []
    try:
        for each in _send_each(mails, ports, within, early):
            tried.append(each)
        with ports.ledger.read() as unit:
            owed = unit.outbox.owed(scope, payment_id)
    except Unreachable as problem:
        failing = unreadable_outbox(problem).not_delivered
    else:
        failing = tuple(
            NotDelivered(m.message_id, m.to, m.last_error, m.due_at) for m in owed if m.last_error
        )
    sent = [mail for mail, status in tried if status is MailStatus.SENT]
    return DeliveryReport(
        tuple(mail.message_id for mail in sent),
        tuple(mail.to for mail in sent),
        failing,
        sum(status is MailStatus.WAITING for _, status in tried),
    )


def unreadable_outbox(problem: InvoicepayError) -> DeliveryReport:
    """The report where the outbox could not be read."""
    return DeliveryReport(not_delivered=(NotDelivered("", "", problem.message),))


def _send_each(
    mails: Sequence[OutboxMail], ports: Ports, within: timedelta, early: bool
) -> Iterator[tuple[OutboxMail, MailStatus]]:
    """Each once: `sent`, `failing`, or `waiting` when the time was up before it was tried. What
    another process is sending is passed over. Raises Unreachable."""
    started = ports.clock.real_now()
    for mail in mails:
        passed = ports.clock.real_now() - started
        # A clock that was set back does not say how long this took.
        if not timedelta(0) <= passed <= within - TOO_SHORT:
            yield mail, MailStatus.WAITING
            continue
        taken = _take(mail, ports, early)
        if taken is None:
            continue
        error = _send(taken, ports, (within - passed).total_seconds())
        # If this cannot be written the mail is sent again, with the same Message-ID.
        now = ports.clock.now()
        ports.ledger.transact(partial(_note, taken, error, now))
        yield taken, MailStatus.FAILING if error else MailStatus.SENT


def _take(mail: OutboxMail, ports: Ports, early: bool) -> OutboxMail | None:
    now = ports.clock.now()
    return ports.ledger.transact(
        lambda unit: unit.outbox.take(mail.message_id, now, now + RESERVED_FOR, early=early)
    )


def _note(taken: OutboxMail, error: str, now: datetime, unit: Unit) -> None:
    """How it went. `error` is empty where it was sent."""
    if error:
        unit.outbox.not_sent(taken.message_id, error, now + retry_after(taken.attempts))
    else:
        unit.outbox.sent(taken.message_id, now)


def retry_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts (≥ 1): a minute, doubling, at most six hours."""
    doublings: int = min(attempts - 1, 16)
    return min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)


def _send(mail: OutboxMail, ports: Ports, seconds: float) -> str:
    """What went wrong, empty when nothing did."""
    try:
        with ports.ledger.read() as unit:
            payment = unit.payments.get(mail.payment_id, EVERYTHING)
            assert payment is not None, "payments are never deleted"
            receipt = receipt_of(unit, payment)
            reader = unit.contacts.by_email(mail.to)
            mode = unit.company.identity().mode
        message = _message(mail, receipt, mode, reader.name if reader else "", ports)
        ports.mailer.send(message, seconds=seconds)
    except MailNotSent as problem:
        return str(problem) or "not sent"
    except InvoicepayError as problem:
        return problem.message
    except Exception as problem:  # noqa: BLE001 - one mail must not hold up the others
        return f"cannot be composed: {type(problem).__name__}"
    return ""


def _message(mail: OutboxMail, receipt: Receipt, mode: Mode, reader: str, ports: Ports) -> Message:
    payer = receipt.payment.initiated_by
    made_by = payer if mail.to.lower() != payer.lower() else ""  # nobody is told who they are
    said = letter(mail.kind, receipt, mode=mode, reader=reader, made_by=made_by)
    return Message(
        message_id=mail.message_id,
        sender=receipt.company.email,
        sender_name=receipt.company.name,
        to=mail.to,
        subject=said.subject,
        text=as_text(said),
        html=as_html(said),
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
    pdf = ports.documents.receipt(receipt, mode=mode).content
    return (Attachment(f"{name}-{number}.pdf", "application/pdf", pdf),)
