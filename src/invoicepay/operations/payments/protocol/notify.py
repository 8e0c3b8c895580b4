"""Who gets an e-mail about a payment: the contact who paid, and the customer's own addresses."""

from __future__ import annotations

from datetime import datetime

from invoicepay.billing.customer import EVERYTHING
from invoicepay.billing.errors import must_be_there
from invoicepay.billing.payment import Payment
from invoicepay.billing.ports import MailKind, OutboxMail, Unit


def queue_mail(payment: Payment, kind: MailKind, unit: Unit, now: datetime) -> None:
    """Put the e-mails about `payment` into the outbox, in the caller's transaction.

    Whoever paid gets one always, also somebody of finance who paid for the customer, and so does
    each of the customer's own addresses that is not the payer's. Each is an e-mail of its own: none
    shows who else gets one, and a mail server that refuses one address does not stop the others.
    Who made a charge that was adopted from the gateway is not known: only the customer gets one.
    """
    found = unit.customers.get(payment.customer, EVERYTHING)
    customer = must_be_there(found, f"{payment.customer}, who paid {payment.id},")
    ledger = unit.company.identity().id
    payer = payment.initiated_by
    recipients = {f"{payment.id}.{kind}": payer} if payer else {}
    others = [email for email in customer.emails if email.lower() != payer.lower()]
    for number, email in enumerate(others, 1):
        which = f"-{number}" if number > 1 else ""
        recipients[f"{payment.id}.{kind}.customer{which}"] = email
    for name, address in recipients.items():
        # The same whenever it is sent, so that a second delivery shows.
        message_id = f"{name}@{ledger}.invoicepay"
        unit.outbox.add(OutboxMail(message_id, kind, payment.id, address, created_at=now))
