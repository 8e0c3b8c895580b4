"""Who gets an e-mail about a payment: the contact who paid, and the customer's own address."""

from __future__ import annotations

from datetime import datetime

from invoicepay.billing.customer import EVERYTHING
from invoicepay.billing.errors import must_be_there
from invoicepay.billing.payment import Payment
from invoicepay.billing.ports import MailKind, OutboxMail, Unit


def owe_mail(payment: Payment, kind: MailKind, unit: Unit, now: datetime) -> None:
    """Put the e-mails about `payment` into the outbox, in the caller's transaction.

    Whoever paid is told always, also somebody of finance who paid for the customer. Where the
    customer has an address for news of payments, it is told as well, unless that is the payer's.
    A charge that was taken in was made by nobody who is known here: then only the customer is.
    """
    found = unit.customers.get(payment.customer, EVERYTHING)
    to_customer = must_be_there(found, f"{payment.customer}, who paid {payment.id},").email.strip()
    ledger = unit.company.identity().id
    recipients = {f"{payment.id}.{kind}": payment.initiated_by}
    if to_customer.lower() != payment.initiated_by.lower():
        recipients[f"{payment.id}.{kind}.customer"] = to_customer
    for name, address in recipients.items():
        if address:
            # The same whenever it is sent, so that a second delivery shows.
            message_id = f"{name}@{ledger}.invoicepay"
            unit.outbox.add(OutboxMail(message_id, kind, payment.id, address, created_at=now))
