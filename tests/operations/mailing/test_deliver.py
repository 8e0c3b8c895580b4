"""The outbox: what is owed is sent once, said clearly, and tried again when it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from invoicepay.billing.customer import EVERYTHING
from invoicepay.billing.errors import Unreachable, Usage
from invoicepay.billing.identity import Mode
from invoicepay.billing.payment import Allocation, PaymentStatus
from invoicepay.billing.ports import MailKind, MailNotSent, MailStatus, Message
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.mail.folder import FolderMailer
from invoicepay.operations.mailing.deliver import PATIENCE, deliver, retry_after

if TYPE_CHECKING:
    from tests.operations.mailing.conftest import World


def test_received(world: World) -> None:
    payment = world.pay("p1", PaymentStatus.SUCCEEDED)
    message_id = world.owe(payment, MailKind.RECEIVED)
    report = deliver(world, EVERYTHING)
    assert (report.sent, report.not_delivered) == ((message_id,), ())
    [message] = world.post.sent
    assert (message.message_id, message.to) == (message_id, "bob@one.example")
    assert (message.sender, message.sender_name) == ("billing@acme.example", "Acme Tools")
    assert message.sent_at == world.clock.time
    assert message.subject == (
        "SANDBOX – no money moved: Payment of 1,842.50 USD to Acme Tools received "
        "– receipt R-000001"
    )
    assert message.text.startswith("SANDBOX – no money moved.")
    for said in ("One Inc.", "1,842.50 USD", "INV-1  1,000.00 USD", "INV-2    842.50 USD",
                 "R-000001", "Test Bank ending 6789", "received",
                 "billing@acme.example"):  # fmt: skip
        assert said in message.text, said
    [attachment] = message.attachments
    assert (attachment.file_name, attachment.content_type, attachment.content) == (
        "receipt-R-000001.pdf",
        "application/pdf",
        b"%PDF p1",
    )
    assert world.waiting() == []


def test_a_person_is_greeted_by_name_and_a_company_by_its_own(world: World) -> None:
    payment = world.pay("p1", PaymentStatus.SUCCEEDED)
    world.owe(payment, MailKind.RECEIVED)
    world.owe(payment, MailKind.INITIATED, "ap@one.example")
    deliver(world, EVERYTHING)
    person, company = world.post.sent
    assert "\nHello Bob,\n" in person.text
    assert "\nHello One Inc.,\n" in company.text
    for message in (person, company):
        assert "  Customer:  One Inc. (C-1)\n" in message.text


@pytest.mark.parametrize(
    ("status", "kind", "paid"),
    [
        (PaymentStatus.SUCCEEDED, MailKind.RECEIVED, {}),
        (PaymentStatus.PROCESSING, MailKind.INITIATED, {}),
        (PaymentStatus.FAILED, MailKind.FAILED, {}),
        (PaymentStatus.SUCCEEDED, MailKind.RECEIVED, {"order_number": "<b>&amp;", "memo": "a<b"}),
    ],
)
def test_html_says_what_the_text_says_and_loads_nothing(
    world: World, status: PaymentStatus, kind: MailKind, paid: dict[str, Any]
) -> None:
    world.owe(world.pay("p1", status, **paid), kind)
    deliver(world, EVERYTHING)
    [message] = world.post.sent
    page = Page()
    page.feed(message.html)

    in_html, in_text = (
        {word.strip(":").lower() for word in text.split()} - {"invoice", "amount"}
        for text in (" ".join(page.texts), message.text)
    )
    assert in_html == in_text
    assert page.loads == set()
    assert page.title == message.subject


class Page(HTMLParser):
    """What a reader of HTML sees."""

    def __init__(self) -> None:
        super().__init__()
        self.texts, self.title, self._open = list[str](), "", ""
        self.loads = set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        self.loads |= {name for name, _ in attrs} & {"src", "href", "background", "onclick"}
        self.loads |= {tag} & {"script", "img", "link", "iframe", "style", "b"}

    def handle_data(self, data: str) -> None:
        if self._open == "title":
            self.title += data.strip()
        else:
            self.texts.append(data)


def test_what_is_left_to_pay_is_said(world: World) -> None:
    part = {"allocations": (Allocation("INV-1", 40000), Allocation("INV-2", 90000))}
    payment = world.pay("p1", PaymentStatus.PROCESSING, **part, amount_minor=130000)
    world.owe(payment, MailKind.INITIATED)
    deliver(world, EVERYTHING)
    [message] = world.post.sent
    assert "  INV-1  400.00 USD  left to pay: 600.00 USD\n  INV-2  900.00 USD\n" in message.text
    assert "Left to pay" in message.html
    assert "600.00 USD" in message.html


def test_it_is_sent_once(world: World) -> None:
    world.owe(world.pay("p1", PaymentStatus.SUCCEEDED), MailKind.RECEIVED)
    deliver(world, EVERYTHING)
    world.clock.time += timedelta(days=1)
    assert deliver(world, EVERYTHING).sent == ()
    assert len(world.post.sent) == 1


def test_initiated_does_not_say_received(world: World) -> None:
    world.owe(world.pay("p1", PaymentStatus.PROCESSING), MailKind.INITIATED)
    deliver(world, EVERYTHING)
    [message] = world.post.sent
    assert "under way" in message.subject
    assert "received" not in message.subject + message.text
    assert "four business days" in message.text
    assert "no need to\npay again" in message.text
    assert [a.file_name for a in message.attachments] == ["payment-notice-R-000001.pdf"]


def test_failed_says_why_and_what_to_do(world: World) -> None:
    world.owe(world.pay("p1", PaymentStatus.FAILED), MailKind.FAILED)
    deliver(world, EVERYTHING)
    [message] = world.post.sent
    assert "did not go through" in message.subject
    assert "Insufficient funds." in message.text
    assert "invoicepay methods list" in message.text
    assert message.attachments == ()


def test_overtaken_news_has_no_receipt_that_says_something_else(world: World) -> None:
    world.owe(world.pay("p1", PaymentStatus.SUCCEEDED), MailKind.INITIATED)
    deliver(world, EVERYTHING)
    [message] = world.post.sent
    assert message.attachments == ()


def test_a_test_ledger_says_test_in_subject_text_and_paper(make: Callable[[Mode], World]) -> None:
    world = make(Mode.TEST)
    world.owe(world.pay("p1", PaymentStatus.SUCCEEDED), MailKind.RECEIVED)
    deliver(world, EVERYTHING)
    [message] = world.post.sent
    assert message.subject.startswith("TEST – no money moved: Payment of ")
    assert message.text.startswith("TEST – no money moved. This is practice, not proof of a ")
    [(_, mode)] = world.documents.asked
    assert mode is Mode.TEST


def test_live_says_nothing_of_practice(make: Callable[[Mode], World]) -> None:
    world = make(Mode.LIVE)
    world.owe(world.pay("p1", PaymentStatus.SUCCEEDED), MailKind.RECEIVED)
    deliver(world, EVERYTHING)
    [message] = world.post.sent
    assert "no money moved" not in message.subject + message.text
    [(_, mode)] = world.documents.asked
    assert mode is Mode.LIVE


def test_who_did_not_pay_reads_who_did(world: World) -> None:
    payment = world.pay("p1", PaymentStatus.SUCCEEDED)
    world.owe(payment, MailKind.RECEIVED, "ap@one.example")
    world.owe(payment, MailKind.INITIATED, "Bob@One.example")
    deliver(world, EVERYTHING)
    to_customer, to_payer = world.post.sent
    assert "  Made by:   bob@one.example\n" in to_customer.text
    assert "Made by" not in to_payer.text


def test_of_a_charge_that_nobody_here_made_no_maker_is_named(world: World) -> None:
    payment = world.pay("p1", PaymentStatus.SUCCEEDED, initiated_by="")
    world.owe(payment, MailKind.RECEIVED, "ap@one.example")
    deliver(world, EVERYTHING)
    assert "Made by" not in world.post.sent[0].text


def test_a_deposit_is_named(world: World) -> None:
    changes = {"allocations": (), "order_number": "SO-7", "amount_minor": 5000}
    world.owe(world.pay("p1", PaymentStatus.SUCCEEDED, **changes), MailKind.RECEIVED)
    deliver(world, EVERYTHING)
    assert "Deposit for order SO-7  50.00 USD" in world.post.sent[0].text


def test_only_the_payment_that_was_asked_for(world: World) -> None:
    first = world.pay("p1", PaymentStatus.PROCESSING, allocations=(Allocation("INV-1", 100),))
    second = world.pay("p2", PaymentStatus.PROCESSING, allocations=(Allocation("INV-2", 100),))
    world.owe(first, MailKind.INITIATED)
    world.owe(second, MailKind.INITIATED)
    assert deliver(world, EVERYTHING, "p2").sent == ("p2.initiated@ledger-1.invoicepay",)
    assert [m.payment_id for m in world.waiting()] == ["p1"]


def three(world: World) -> list[str]:
    payment = world.pay("p1", PaymentStatus.SUCCEEDED)
    kinds = (MailKind.INITIATED, MailKind.RECEIVED, MailKind.FAILED)
    return [world.owe(payment, kind, f"{kind}@one.example") for kind in kinds]


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (MailNotSent("mail.example:587 refused: 550 no"), "mail.example:587 refused: 550 no"),
        (Usage("config_invalid", "smtp needs a host"), "smtp needs a host"),
        (ValueError("the-s3cret"), "cannot be composed: ValueError"),
    ],
)
def test_one_that_fails_does_not_hold_up_the_others(
    world: World, problem: Exception, words: str
) -> None:
    first, second, third = three(world)

    def fails(message: Message) -> None:
        if message.message_id == second:
            raise problem

    world.post.before = fails
    report = deliver(world, EVERYTHING)
    assert set(report.sent) == {first, third}
    [failed] = report.not_delivered
    assert (failed.message_id, failed.to, failed.error) == (second, "received@one.example", words)
    [waiting] = world.waiting()
    assert (waiting.message_id, waiting.attempts, waiting.last_error) == (second, 1, words)


def test_a_document_that_cannot_be_made(world: World) -> None:
    _, received, _ = three(world)
    world.documents.error = ZeroDivisionError()
    report = deliver(world, EVERYTHING)
    assert [f.message_id for f in report.not_delivered] == [received]
    assert len(report.sent) == 2


def test_it_is_tried_again_after_a_minute_then_ever_later(world: World) -> None:
    world.owe(world.pay("p1", PaymentStatus.SUCCEEDED), MailKind.RECEIVED)

    def refuse(message: Message) -> None:
        raise MailNotSent("later")

    world.post.before = refuse
    waits = []
    for attempt in range(1, 12):
        deliver(world, EVERYTHING)
        assert len(world.post.seconds) == attempt
        wait = retry_after(attempt)
        waits.append(wait // timedelta(minutes=1))
        world.clock.time += wait - timedelta(microseconds=1)
        deliver(world, EVERYTHING)
        assert len(world.post.seconds) == attempt  # not yet
        world.clock.time += timedelta(microseconds=1)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    world.post.before = lambda message: None
    assert len(deliver(world, EVERYTHING).sent) == 1
    assert world.waiting() == []


def test_what_fails_is_reported_also_while_it_is_not_due(world: World) -> None:
    message_id = world.owe(world.pay("p1", PaymentStatus.SUCCEEDED), MailKind.RECEIVED)

    def refuse(message: Message) -> None:
        raise MailNotSent("550 no")

    world.post.before = refuse
    first = deliver(world, EVERYTHING)
    world.clock.time += timedelta(seconds=59)
    again = deliver(world, EVERYTHING)

    assert len(world.post.seconds) == 1
    assert again == first
    [failing] = again.not_delivered
    assert (failing.message_id, failing.error) == (message_id, "550 no")
    assert failing.retry_at == world.clock.time + timedelta(seconds=1)


# --- Not for ever ---


def test_a_slow_server_holds_up_a_payer_only_so_long(world: World) -> None:
    three(world)
    world.post.before = takes(world, 6)

    report = deliver(world, EVERYTHING, "p1")

    assert world.post.seconds == [8.0, 2.0]  # what was left, each time
    assert (len(report.sent), report.left, report.not_delivered) == (2, 1, ())
    [waiting] = world.waiting()
    assert (waiting.attempts, waiting.status) == (0, MailStatus.WAITING)  # as if never looked at


def test_what_was_left_is_sent_by_whoever_comes_next(world: World) -> None:
    three(world)
    world.post.before = takes(world, 8)
    assert deliver(world, EVERYTHING, "p1").left == 2
    world.post.before = takes(world, 200)

    assert len(deliver(world, EVERYTHING, within=PATIENCE).sent) == 2
    assert world.post.seconds[1:] == [300.0, 100.0]
    assert world.waiting() == []


def test_no_message_is_begun_that_could_not_be_answered(world: World) -> None:
    three(world)
    world.post.before = takes(world, 7.5)
    report = deliver(world, EVERYTHING, "p1")
    assert (len(report.sent), report.left) == (1, 2)


def test_a_clock_that_is_set_back_does_not_make_it_longer(world: World) -> None:
    three(world)
    world.post.before = takes(world, -3600)
    report = deliver(world, EVERYTHING, within=PATIENCE)
    assert (len(report.sent), report.left) == (1, 2)


def takes(world: World, seconds: float) -> Callable[[Message], None]:
    """What each e-mail takes."""

    def dawdle(message: Message) -> None:
        world.clock.real_ahead += timedelta(seconds=seconds)

    return dawdle


def test_nothing_is_sent_or_rendered_inside_a_transaction(world: World) -> None:
    three(world)

    def free(message: Message) -> None:
        with world.ledger.write():  # would fail: transactions do not nest
            pass

    world.post.before = free
    assert len(deliver(world, EVERYTHING).sent) == 3


def test_processes_that_send_at_the_same_time_share_the_work(world: World) -> None:
    three(world)
    ledger = SqliteLedger(world.path)
    others: list[Any] = []

    def meanwhile(message: Message) -> None:
        others.append(deliver(replace(world, ledger=ledger), EVERYTHING))

    world.post.before = meanwhile
    sent = [*deliver(world, EVERYTHING).sent]
    for other in others:
        sent += other.sent
    assert len(sent) == len(set(sent)) == 3
    ledger.close()


def test_killed_while_sending_means_again_later_with_the_same_id(world: World) -> None:
    message_id = world.owe(world.pay("p1", PaymentStatus.SUCCEEDED), MailKind.RECEIVED)

    def killed(message: Message) -> None:
        raise KeyboardInterrupt

    world.post.before = killed
    with pytest.raises(KeyboardInterrupt):
        deliver(world, EVERYTHING)
    world.post.before = lambda message: None
    assert deliver(world, EVERYTHING).sent == ()
    world.clock.time += timedelta(minutes=10)
    assert deliver(world, EVERYTHING).sent == (message_id,)


def test_a_ledger_out_of_reach_is_a_report_not_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The payment has been made; its e-mail must not make it look as if it had not."""
    three(world)

    def unreachable() -> None:
        raise Unreachable("ledger_unusable", "the disk is full")

    monkeypatch.setattr(world.ledger, "write", unreachable)
    report = deliver(world, EVERYTHING)
    assert report.sent == ()
    assert [f.error for f in report.not_delivered] == ["the disk is full"]


def test_into_a_folder(world: World, tmp_path: Path) -> None:
    world.mailer = FolderMailer(tmp_path / "outbox")
    three(world)
    assert len(deliver(world, EVERYTHING).sent) == 3
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 3
