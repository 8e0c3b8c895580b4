"""What people read of e-mail that could not be sent."""

from __future__ import annotations

from datetime import UTC, datetime

from invoicepay.billing.ports import MailKind, OutboxMail
from invoicepay.cli.show.mail import name_of, trouble_in
from invoicepay.operations.mailing.deliver import DeliveryReport, NotDelivered

AT = datetime(2026, 11, 2, tzinfo=UTC)
PAYMENT = "3f2a9c1e-0000-4000-8000-000000000000"


def test_what_was_sent_is_no_trouble() -> None:
    assert trouble_in(DeliveryReport(sent=("a@x",), sent_to=("a@example.com",))) == ""


def test_what_there_was_no_time_for_is_said_beside_what_failed() -> None:
    failed = NotDelivered("a@x", "a@example.com", "451 later", AT)
    assert trouble_in(DeliveryReport(left=2)) == (
        "2 e-mail(s) not tried yet, there was no time left"
    )
    assert trouble_in(DeliveryReport(not_delivered=(failed, failed), left=1)) == (
        "2 e-mail(s) not sent: 451 later; 1 e-mail(s) not tried yet, there was no time left"
    )


def test_a_name_is_as_short_as_a_payments() -> None:
    def named(message_id: str) -> str:
        return name_of(OutboxMail(message_id, MailKind.RECEIVED, PAYMENT, "a@example.com", AT))

    assert named(f"{PAYMENT}.received@ledger.invoicepay") == "3f2a9c1e.received"
    assert named(f"{PAYMENT}.failed.customer@ledger.invoicepay") == "3f2a9c1e.failed.customer"
    assert named("something.else@x") == "something.else"
