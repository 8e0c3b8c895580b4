"""An e-mail by its id, or all that is about a payment."""

from __future__ import annotations

from invoicepay.billing.customer import Scope
from invoicepay.billing.errors import not_found
from invoicepay.billing.ports import MailStatus, OutboxMail, Unit
from invoicepay.operations.find_payment import find_payment


def find_mail(unit: Unit, text: str, scope: Scope) -> list[OutboxMail]:
    """The owed e-mails that `text` names: a Message-ID, its part before the `@`, that part with
    only the beginning of the payment's id (`3f2a9c1e.received`), or a payment as `find_payment`
    takes it. The longest due first; none where all was sent or discarded. Raises NotFound, and
    Usage where several payments start so."""
    payment_name, dot, rest = text.partition("@")[0].partition(".")
    payment = find_payment(unit, payment_name, scope)
    owed = unit.outbox.owed(scope, payment.id)
    if not dot:
        return owed
    local_part = f"{payment.id}.{rest}"
    mails = unit.outbox.page(frozenset(MailStatus), scope, payment.id).items
    if all(mail.local_part != local_part for mail in mails):
        raise not_found("e-mail", text)
    return [mail for mail in owed if mail.local_part == local_part]
