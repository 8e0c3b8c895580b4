"""What people do with the outbox: look at it, send now, discard; and what `doctor` says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import inf
from pathlib import Path

import pytest

from invoicepay.billing.customer import Role
from invoicepay.billing.errors import NotAllowed, NotFound, Unreachable, Usage
from invoicepay.billing.ports import MailNotSent, MailStatus, Message, OutboxMail
from invoicepay.operations.app import App
from invoicepay.operations.books.health import Check, CheckHealth
from invoicepay.operations.books.journal import ListJournal
from invoicepay.operations.company import SetCompany
from invoicepay.operations.mailing.deliver import DeliveryReport, SendMail
from invoicepay.operations.mailing.outbox import ALL, SENT, DiscardMail, ListMail
from invoicepay.operations.methods import AttachTestMethod
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.payments.sync import Sync
from tests.world.clock import START
from tests.world.company import SmallCompany, open_copy
from tests.world.journaled import journal_changes
from tests.world.mailer import KeptMail

DOWN = "mail.example:587 cannot be reached: Connection refused"
ABSENT = "00000000-0000-4000-8000-000000000000"


@dataclass
class FailingMail(KeptMail):
    """Says `problem` to each, until that is empty; and to nobody without a sender."""

    problem: str = DOWN
    tried: list[str] = field(default_factory=list)

    def send(self, message: Message, *, seconds: float = inf) -> None:
        self.check(message.sender)
        self.tried.append(message.message_id.partition("@")[0])
        if self.problem:
            raise MailNotSent(self.problem)
        super().send(message, seconds=seconds)


@pytest.fixture
def mail() -> FailingMail:
    return FailingMail()


@pytest.fixture
def company(template: Path, tmp_path: Path, mail: FailingMail) -> Iterator[SmallCompany]:
    """C-1 and C-2 have paid, and their e-mail could not be sent."""
    company = open_copy(template, tmp_path)
    company.mailer = mail
    yield company
    company.assert_books_balance()
    company.ledger.close()


@pytest.fixture
def own(company: SmallCompany) -> str:
    """The payment of C-1."""
    return company.pay("INV-1", method="card").id


@pytest.fixture
def others(company: SmallCompany) -> str:
    """The payment of C-2."""
    company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))
    plan = company.stranger.call(Quote(numbers=("INV-9",), method="card")).plan
    assert plan is not None
    payment = company.stranger.call(Pay(plan))
    company.stranger.call(SendMail(payment.id))
    return payment.id


def listed(app: App, request: ListMail | None = None) -> list[OutboxMail]:
    return list(app.call(request or ListMail()).items)


# --- Looking ---


def test_what_fails_is_listed_with_its_error_and_next_try(company: SmallCompany, own: str) -> None:
    [mail] = listed(company.payer)
    assert (mail.status, mail.last_error, mail.attempts) == (MailStatus.FAILING, DOWN, 1)
    assert mail.due_at == START + timedelta(minutes=1)
    assert (mail.payment_id, mail.to) == (own, "payer@example.com")


def test_a_customer_sees_what_is_about_its_own_payments(
    company: SmallCompany, own: str, others: str
) -> None:
    assert [m.payment_id for m in listed(company.payer)] == [own]
    assert [m.payment_id for m in listed(company.stranger)] == [others]
    assert [m.payment_id for m in listed(company.finance)] == [others, own]
    assert [m.payment_id for m in listed(company.finance, ListMail(payment_id=own))] == [own]
    for text in (others, others[:8], ABSENT):
        with pytest.raises(NotFound) as caught:
            company.payer.call(ListMail(payment_id=text))
        assert caught.value.message == f"no payment {text}"


def test_what_was_sent_is_there_when_it_is_asked_for(
    company: SmallCompany, mail: FailingMail, own: str, others: str
) -> None:
    mail.problem = ""
    company.call(SendMail(mails=(own,)))
    assert [m.payment_id for m in listed(company.finance)] == [others]
    [sent] = listed(company.finance, ListMail(SENT))
    assert (sent.payment_id, sent.sent_at, sent.last_error) == (own, START, "")
    assert len(listed(company.finance, ListMail(ALL))) == 2
    page = company.finance.call(ListMail(ALL, limit=1))
    assert [m.payment_id for m in page.items] == [others]
    assert page.more


# --- Sending ---


def test_what_waits_for_its_next_try_is_sent_when_it_is_asked_for(
    company: SmallCompany, mail: FailingMail, own: str, others: str
) -> None:
    mail.problem = ""
    report = company.finance.call(SendMail())
    assert report.sent == ()  # nothing is due
    assert [f.error for f in report.not_delivered] == [DOWN, DOWN]
    assert company.finance.call(SendMail(now=True)).sent_to == (
        "payer@example.com",
        "stranger@example.com",
    )
    assert company.finance.call(SendMail(now=True)) == DeliveryReport()


def test_a_customer_sends_only_its_own(
    company: SmallCompany, mail: FailingMail, own: str, others: str
) -> None:
    mail.problem = ""
    mail.tried.clear()
    assert company.payer.call(SendMail(now=True)).sent_to == ("payer@example.com",)
    assert mail.tried == [f"{own}.received"]


@pytest.mark.parametrize("name", ["payment", "beginning", "receipt", "id", "whole id", "short id"])
def test_an_email_is_named_in_many_ways(
    company: SmallCompany, mail: FailingMail, own: str, others: str, name: str
) -> None:
    names = {
        "payment": own,
        "beginning": own[:8],
        "receipt": "R-000001",
        "id": f"{own}.received",
        "whole id": listed(company.payer)[0].message_id,
        "short id": f"{own[:8]}.received",
    }
    mail.problem = ""
    mail.tried.clear()
    report = company.finance.call(SendMail(mails=(names[name], own)))
    assert report.sent_to == ("payer@example.com",)
    assert report.not_delivered == ()  # others fail; that was not asked
    assert mail.tried == [f"{own}.received"]


def test_what_is_not_there_or_anothers_is_not_found(
    company: SmallCompany, mail: FailingMail, own: str, others: str
) -> None:
    mail.tried.clear()
    for text in (ABSENT, others, others[:8]):
        for request in (
            SendMail(payment_id=text),
            SendMail(mails=(own, text)),
            SendMail(mails=(own, f"{text}.received")),
            SendMail(mails=(own, f"{text}.received@{ABSENT}.invoicepay")),
        ):
            with pytest.raises(NotFound) as caught:
                company.payer.call(request)
            assert caught.value.message == f"no payment {text}"
    with pytest.raises(NotFound, match=rf"no e-mail {own[:8]}\.failed"):
        company.payer.call(SendMail(mails=(f"{own[:8]}.failed",)))
    assert mail.tried == []


def test_after_a_payment_only_its_own_is_sent_in_a_few_seconds(
    company: SmallCompany, mail: FailingMail, own: str, others: str
) -> None:
    company.clock.move(minutes=2)
    mail.problem = ""
    report = company.finance.call(SendMail(payment_id=own))
    assert (report.sent_to, report.not_delivered) == (("payer@example.com",), ())
    assert company.finance.call(SendMail(payment_id=own)) == DeliveryReport()


def test_a_ledger_out_of_reach_is_a_report_where_a_payment_was_made(
    company: SmallCompany, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unusable() -> None:
        raise Unreachable("ledger_unusable", "the disk is full")

    company.clock.move(minutes=2)
    monkeypatch.setattr(company.ledger, "write", unusable)
    report = company.payer.call(SendMail(payment_id=own))
    assert [f.error for f in report.not_delivered] == ["the disk is full"]


# --- Discarding ---


def test_what_is_discarded_is_never_sent_and_the_journal_says_so(
    company: SmallCompany, mail: FailingMail, own: str, others: str
) -> None:
    [discarded] = company.finance.call(DiscardMail((own[:8],)))
    assert discarded.payment_id == own
    mail.problem = ""
    company.finance.call(SendMail(now=True))
    assert [m.to for m in mail.sent] == ["stranger@example.com"]
    [_, listed_] = listed(company.finance, ListMail(ALL))
    assert (listed_.status, listed_.discarded_at) == (MailStatus.DISCARDED, START)
    [entry] = company.finance.call(ListJournal(kind="mail.discarded")).items
    assert (entry.subject, entry.actor) == (own, "finance@example.com")
    assert entry.data["last_error"] == DOWN
    for name in (own, discarded.message_id, discarded.local_part):
        assert company.finance.call(DiscardMail((name,))) == ()
        assert company.finance.call(SendMail(mails=(name,))) == DeliveryReport()


def test_one_that_is_not_there_discards_none(company: SmallCompany, own: str) -> None:
    for names, error in (
        ((own, ABSENT), NotFound),
        ((own, f"{own}.failed"), NotFound),
        ((), Usage),
    ):
        with pytest.raises(error):
            company.finance.call(DiscardMail(names))
    assert [m.status for m in listed(company.finance)] == [MailStatus.FAILING]
    with pytest.raises(NotAllowed):
        company.payer.call(DiscardMail((own,)))


# --- Health ---


def outbox(company: SmallCompany) -> Check:
    return next(c for c in company.finance.call(CheckHealth()).checks if c.name == "outbox")


def test_mail_that_fails_is_wrong_at_once_with_its_error(company: SmallCompany, own: str) -> None:
    check = outbox(company)
    assert not check.ok
    assert check.detail == f"1 e-mail(s) waiting, 1 of them failing: {DOWN}"


def test_what_it_says_to_do_works(company: SmallCompany, mail: FailingMail, own: str) -> None:
    assert "invoicepay mail send --now" in outbox(company).hint
    mail.problem = ""
    company.finance.call(SendMail(now=True))
    assert outbox(company) == Check("outbox", True, "0 e-mail(s) waiting", outbox(company).hint)


def test_what_can_never_arrive_can_be_given_up(
    company: SmallCompany, mail: FailingMail, own: str
) -> None:
    mail.problem = "mail.example:587 refused the recipient: 550 no such user"
    company.finance.call(SendMail(now=True))
    assert mail.problem in outbox(company).detail
    assert "invoicepay mail discard ID" in outbox(company).hint
    company.finance.call(DiscardMail((own,)))
    assert outbox(company).ok


def test_a_company_without_an_address_is_wrong_before_any_mail_is_owed(
    company: SmallCompany, mail: FailingMail
) -> None:
    mail.needs_sender = True
    check = outbox(company)
    assert not check.ok
    assert check.detail == (
        "0 e-mail(s) waiting; none can be sent: the company has no e-mail address to send from"
    )
    assert "invoicepay company set --email ADDRESS" in check.hint


def test_setting_it_and_sending_again_is_enough(
    company: SmallCompany, mail: FailingMail, own: str
) -> None:
    mail.needs_sender, mail.problem = True, ""
    assert not outbox(company).ok
    with company.ledger.write() as unit:
        finance = unit.contacts.get("finance")
        assert finance is not None
        unit.contacts.put(replace(finance, role=Role.ADMIN))
        journal_changes(unit)
    company.finance.call(SetCompany(email="billing@tidewheel.example"))
    company.finance.call(SendMail(now=True))
    assert [m.sender for m in mail.sent] == ["billing@tidewheel.example"]
    assert outbox(company).ok


def test_settings_that_are_not_safe_are_wrong(
    company: SmallCompany, mail: FailingMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsafe(sender: str) -> None:
        raise Usage("config_invalid", "mail would travel in the clear", "Use tls.")

    monkeypatch.setattr(mail, "check", unsafe)
    check = outbox(company)
    assert (check.ok, check.hint) == (False, "Use tls.")
    assert "mail would travel in the clear" in check.detail


def test_what_was_never_tried_is_wrong_after_an_hour(
    company: SmallCompany, mail: FailingMail, own: str
) -> None:
    with company.ledger.write() as unit:
        unit._connection.execute("UPDATE outbox SET last_error = '', attempts = 0")
    assert outbox(company).ok
    company.clock.move(minutes=61)
    check = outbox(company)
    assert (check.ok, check.detail) == (False, "1 e-mail(s) waiting")
    assert "invoicepay sync" in check.hint


# --- Sync ---


def test_sync_counts_what_fails_also_while_it_waits(
    company: SmallCompany, mail: FailingMail, own: str, others: str
) -> None:
    mail.tried.clear()
    *_, report = company.finance.call(Sync())
    assert isinstance(report, DeliveryReport)
    assert mail.tried == []
    assert [f.error for f in report.not_delivered] == [DOWN, DOWN]
    *_, report = company.payer.call(Sync())
    assert isinstance(report, DeliveryReport)
    assert [f.to for f in report.not_delivered] == ["payer@example.com"]
