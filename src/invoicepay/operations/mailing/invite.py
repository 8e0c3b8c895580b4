"""The e-mail that brings a one-time code to whoever is invited.

It is sent at once, while the inviter waits, and never lies in the outbox. There the code would
stand in the clear, and in every backup: the ledger keeps only its hash. What no mail server
accepts is not tried again; the inviter has the code then.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from invoicepay.billing.customer import Company, Contact
from invoicepay.billing.errors import InvoicepayError
from invoicepay.billing.identity import LedgerIdentity
from invoicepay.billing.ports import MailNotSent, Message, Ports
from invoicepay.operations.mailing.bodies import as_html, as_text
from invoicepay.operations.mailing.wording import Letter, line, questions

SECONDS = 20.0
"""How long the inviter waits for the mail server, in all."""


def mail_invite(
    contact: Contact, code: str, expires_at: datetime, *, reset: bool, ports: Ports
) -> str:
    """Send `code` to the contact. What went wrong, empty when the mail server took it."""
    with ports.ledger.read() as unit:
        company, identity = unit.company.get(), unit.company.identity()
    said = _letter(contact, code, expires_at, company, identity, reset=reset)
    message = Message(
        message_id=f"{ports.ids.new()}.invited@{identity.id}.invoicepay",
        sender=company.email,
        sender_name=company.name,
        to=contact.email,
        subject=said.subject,
        text=as_text(said),
        html=as_html(said),
        sent_at=ports.clock.real_now(),
    )
    try:
        ports.mailer.send(message, seconds=SECONDS)
    except (MailNotSent, InvoicepayError) as problem:
        return str(problem) or "not sent"
    except Exception as problem:  # noqa: BLE001 - the contact is invited, and the code is good
        return f"it cannot be composed: {type(problem).__name__}"
    return ""


def _letter(
    contact: Contact,
    code: str,
    expires_at: datetime,
    company: Company,
    identity: LedgerIdentity,
    *,
    reset: bool,
) -> Letter:
    notice = identity.mode.notice
    what = "A new password for" if reset else "Your access to"
    news = (
        f"Here is a code to choose a new password for the invoices of {company.name}."
        if reset
        else f"{company.name} lets you see and pay its invoices with invoicepay."
    )
    until = expires_at.astimezone(ZoneInfo(company.time_zone))
    return Letter(
        subject=line(f"{f'{notice}: ' if notice else ''}{what} {company.name}"),
        notice=f"{notice}. This is practice." if notice else "",
        greeting=line(f"Hello {contact.name or contact.email},"),
        news=(line(news),),
        rows=(),
        facts=(
            ("Code", code),
            ("Good until", f"{until:%Y-%m-%d %H:%M %Z}"),
            ("For", line(contact.email)),
        ),
        next_steps=(
            "The code works once, and whoever has it can log in as you: do not pass it on. If you "
            "expected none, do nothing, and tell us. This asks for it:",
        ),
        command="invoicepay login --invite",
        questions=questions(company),
        company=line(company.name),
    )
