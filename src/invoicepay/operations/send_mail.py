"""Send e-mail that is owed: about a payment just made, or what somebody asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from invoicepay.billing.customer import Actor
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.deliver import PATIENCE, DeliveryReport, deliver, deliver_these
from invoicepay.operations.find_mail import find_mail
from invoicepay.operations.find_payment import find_payment


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
    NotFound for what the actor may not see."""
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
