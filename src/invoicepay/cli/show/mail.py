"""E-mail as people are shown it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoicepay.cli.text import SHORT

if TYPE_CHECKING:
    from invoicepay.billing.ports import OutboxMail
    from invoicepay.operations.mailing.deliver import DeliveryReport


def name_of(mail: OutboxMail) -> str:
    """The short part of its Message-ID that identifies it; commands accept it."""
    whole, payment = mail.local_part, mail.payment_id
    return payment[:SHORT] + whole.removeprefix(payment) if whole.startswith(payment) else whole


def trouble_in(report: DeliveryReport) -> str:
    """What could not be sent, in a line; empty where there is no trouble."""
    trouble = []
    if report.not_delivered:
        count, first = len(report.not_delivered), report.not_delivered[0].error
        trouble.append(f"{count} e-mail(s) not sent: {first}")
    if report.left:
        trouble.append(f"{report.left} e-mail(s) not tried yet, there was no time left")
    return "; ".join(trouble)
