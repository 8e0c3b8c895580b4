"""Who gets an e-mail about a payment: the contact who paid, and the customer's own address."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from pathlib import Path

import pytest

from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import MailNotSent, Message
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.mailing.deliver import SendMail
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.payments.sync import Sync
from tests.world.company import SmallCompany
from tests.world.scripted_gateway import Fault, ScriptedGateway

Set = Callable[[str], None]
PAYER, FINANCE, ACCOUNTS = "payer@example.com", "finance@example.com", "accounts@one.example"


@pytest.fixture
def has_address(company: SmallCompany, tmp_path: Path) -> Set:
    """Give C-1 an address for news of payments."""

    def set_(address: str) -> None:
        file = tmp_path / "addresses.csv"
        file.write_text(f"number,name,email\nC-1,Harbor Finch,{address}\n", "utf-8")
        company.finance.call(ImportRecords("customers", str(file), update=True))

    return set_


def told(company: SmallCompany) -> list[tuple[str, str]]:
    """Who was sent what."""
    return [(m.to, m.message_id.partition("@")[0].partition(".")[2]) for m in company.mailer.sent]


def test_the_payer_and_the_customers_address(company: SmallCompany, has_address: Set) -> None:
    has_address(ACCOUNTS)
    payment = company.pay("INV-1", method="card")
    assert told(company) == [(PAYER, "received"), (ACCOUNTS, "received.customer")]
    to_payer, to_customer = company.mailer.sent
    with company.ledger.read() as unit:
        place = f"{unit.company.identity().id}.invoicepay"
    assert to_payer.message_id == f"{payment.id}.received@{place}"
    assert to_customer.message_id == f"{payment.id}.received.customer@{place}"
    assert f"Made by:   {PAYER}" in to_customer.text
    assert "Made by" not in to_payer.text
    assert len(to_customer.attachments) == 1


def test_a_customer_without_an_address(company: SmallCompany) -> None:
    company.pay("INV-1", method="card")
    assert told(company) == [(PAYER, "received")]


@pytest.mark.parametrize("address", [PAYER, "Payer@Example.COM"])
def test_nobody_is_told_twice(company: SmallCompany, address: str) -> None:
    with company.ledger.write() as unit:  # imports make it lower case
        unit._connection.execute("UPDATE customers SET email = ?", [address])
        unit._connection.execute("DELETE FROM temp.untold")
    payment = company.pay("INV-1", method="card")
    assert told(company) == [(PAYER, "received")]
    with company.ledger.write() as unit:
        unit._connection.execute("UPDATE customers SET email = ''")
        unit._connection.execute("DELETE FROM temp.untold")
    assert payment.status is PaymentStatus.SUCCEEDED


def test_when_finance_pays_both_are_told_who(company: SmallCompany, has_address: Set) -> None:
    has_address(ACCOUNTS)
    plan = company.finance.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    company.finance.call(Pay(plan))
    company.finance.call(SendMail())
    assert told(company) == [(FINANCE, "received"), (ACCOUNTS, "received.customer")]
    assert f"Made by:   {FINANCE}" in company.mailer.sent[1].text


@pytest.mark.parametrize("returned", [False, True])
def test_all_news_of_a_debit_goes_to_both(
    company: SmallCompany, gateway: ScriptedGateway, has_address: Set, returned: bool
) -> None:
    has_address(ACCOUNTS)
    payment = company.pay("INV-1", method="ach")
    gateway.bank_settles(payment.gateway_id, returned=returned)
    list(company.finance.call(Sync()))
    last = "failed" if returned else "received"
    assert told(company) == [
        (to, f"{kind}{more}")
        for kind in ("initiated", last)
        for to, more in ((PAYER, ""), (ACCOUNTS, ".customer"))
    ]
    assert len({m.message_id for m in company.mailer.sent}) == 4


def test_each_news_goes_to_the_address_of_its_time(
    company: SmallCompany, gateway: ScriptedGateway, has_address: Set
) -> None:
    has_address(ACCOUNTS)
    payment = company.pay("INV-1", method="ach")
    has_address("new@one.example")
    gateway.bank_settles(payment.gateway_id)
    list(company.finance.call(Sync()))
    assert told(company)[1::2] == [
        (ACCOUNTS, "initiated.customer"),
        ("new@one.example", "received.customer"),
    ]


def test_of_a_charge_that_was_taken_in_the_customer_is_told(
    company: SmallCompany, gateway: ScriptedGateway, has_address: Set, tmp_path: Path
) -> None:
    """Nobody who is known here made it."""
    has_address(ACCOUNTS)
    company.ledger.backup(tmp_path / "backup.db")
    lost = company.pay("INV-1", method="card")
    company.mailer.sent.clear()
    restored(company, tmp_path / "backup.db")
    list(company.finance.call(Sync()))
    assert company.payment(lost.id).initiated_by == ""
    assert told(company) == [(ACCOUNTS, "received.customer")]
    assert "Made by" not in company.mailer.sent[0].text


def restored(company: SmallCompany, backup: Path) -> None:
    company.ledger.close()
    for end in ("-wal", "-shm"):
        company.ledger.path.with_name(company.ledger.path.name + end).unlink(missing_ok=True)
    company.ledger.path.write_bytes(backup.read_bytes())


def test_a_decline_at_once_is_on_the_payers_screen(
    company: SmallCompany, has_address: Set, bad_card: str
) -> None:
    has_address(ACCOUNTS)
    assert company.pay("INV-1", method=bad_card).status is PaymentStatus.FAILED
    assert told(company) == []


def test_one_address_that_fails_does_not_hold_the_other_up(
    company: SmallCompany, has_address: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_address(ACCOUNTS)
    send = company.mailer.send

    def only_the_customers(message: object, *, seconds: float) -> None:
        if getattr(message, "to", "") == PAYER:
            raise ValueError
        send(message, seconds=seconds)  # type: ignore[arg-type]

    monkeypatch.setattr(company.mailer, "send", only_the_customers)
    company.pay("INV-1", method="card")
    assert told(company) == [(ACCOUNTS, "received.customer")]
    monkeypatch.undo()
    company.clock.move(minutes=2)
    list(company.finance.call(Sync()))
    assert told(company) == [(ACCOUNTS, "received.customer"), (PAYER, "received")]


def test_it_is_owed_once_however_often_it_is_recorded(
    company: SmallCompany, gateway: ScriptedGateway, has_address: Set
) -> None:
    has_address(ACCOUNTS)
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    payment: Payment = company.pay("INV-1", method="card")
    for _ in range(3):
        company.clock.move(minutes=5)
        list(company.finance.call(Sync()))
    assert company.payment(payment.id).status is PaymentStatus.SUCCEEDED
    assert sorted(told(company)) == [(ACCOUNTS, "received.customer"), (PAYER, "received")]


# --- Several addresses ---


def test_each_address_is_told_by_an_e_mail_of_its_own(
    company: SmallCompany, has_address: Set
) -> None:
    has_address(f"{ACCOUNTS}; {PAYER}; second@one.example; rechnung@müller.example")
    company.pay("INV-1", method="card")
    assert told(company) == [
        (PAYER, "received"),
        (ACCOUNTS, "received.customer"),
        ("second@one.example", "received.customer-2"),
        ("rechnung@xn--mller-kva.example", "received.customer-3"),
    ]
    assert len({m.message_id for m in company.mailer.sent}) == 4
    for message in company.mailer.sent:
        others = {m.to for m in company.mailer.sent} - {message.to, PAYER}
        assert not any(other in message.text + message.html for other in others)


def test_an_address_that_is_refused_holds_back_no_other(
    company: SmallCompany, has_address: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And when it is tried again, the others get nothing a second time."""
    has_address(f"{ACCOUNTS}; second@one.example")
    send, refusing = company.mailer.send, True

    def refuse_one(message: Message, *, seconds: float = inf) -> None:
        if message.to == ACCOUNTS and refusing:
            raise MailNotSent("the server refused the recipient: 550 no such user")
        send(message, seconds=seconds)

    monkeypatch.setattr(company.mailer, "send", refuse_one)
    payment = company.pay("INV-1", method="card")
    assert [to for to, _ in told(company)] == [PAYER, "second@one.example"]

    refusing = False
    report = company.finance.call(SendMail(mails=(f"{payment.id}.received.customer",)))
    assert report.sent_to == (ACCOUNTS,)
    assert company.finance.call(SendMail(now=True)).sent == ()
    assert [to for to, _ in told(company)] == [PAYER, "second@one.example", ACCOUNTS]
