"""The outbox of a ledger: who sends what, when, and what is found of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from invoicepay.billing.customer import EVERYTHING
from invoicepay.billing.ports import OWED, MailKind, MailStatus, OutboxMail
from invoicepay.ledger.migrations import migrations
from invoicepay.ledger.schema import APPLICATION_ID
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.ledger.stores.outbox import LONGEST_WAIT
from invoicepay.operations.mailing.deliver import LONGEST_RETRY
from tests.world.clock import START
from tests.world.company import SmallCompany

MINUTE = timedelta(minutes=1)
UNTIL = START + 10 * MINUTE
SENT, ALL = frozenset({MailStatus.SENT}), frozenset(MailStatus)


@pytest.fixture
def payment(company: SmallCompany) -> str:
    """About which nothing is owed but what a test adds."""
    payment = company.pay("INV-1", method="card").id
    with company.ledger.write() as unit:
        unit._connection.execute("DELETE FROM outbox")
    return payment


def add(company: SmallCompany, payment: str, *ids: str) -> None:
    with company.ledger.write() as unit:
        for message_id in ids:
            unit.outbox.add(
                OutboxMail(message_id, MailKind.RECEIVED, payment, "a@example.com", START)
            )


def owed(company: SmallCompany) -> list[OutboxMail]:
    with company.ledger.read() as unit:
        return unit.outbox.owed(EVERYTHING)


def test_what_one_process_has_in_hand_no_other_sends(company: SmallCompany, payment: str) -> None:
    add(company, payment, "a@x")
    with company.ledger.write() as unit:
        taken = unit.outbox.take("a@x", START, UNTIL)
        assert taken is not None and taken.attempts == 1
        assert unit.outbox.owed(EVERYTHING) == [taken]
        for early in (False, True):
            assert unit.outbox.take("a@x", START, UNTIL, early=early) is None
            assert unit.outbox.take("a@x", UNTIL - MINUTE, UNTIL + MINUTE, early=early) is None


def test_what_its_process_left_is_taken_again(company: SmallCompany, payment: str) -> None:
    add(company, payment, "a@x")
    with company.ledger.write() as unit:
        assert unit.outbox.take("a@x", START, UNTIL)
        assert unit.outbox.take("a@x", UNTIL, UNTIL + 10 * MINUTE)


def test_a_clock_that_was_ahead_keeps_nothing_in_hand(company: SmallCompany, payment: str) -> None:
    add(company, payment, "a@x")
    year = timedelta(days=365)
    with company.ledger.write() as unit:
        assert unit.outbox.take("a@x", START + year, UNTIL + year)
        assert unit.outbox.take("a@x", START, UNTIL)


def test_who_took_it_as_far_ahead_as_one_says_oneself_still_has_it(
    company: SmallCompany, payment: str
) -> None:
    add(company, payment, "a@x", "b@x")
    far = UNTIL + (UNTIL - START)
    with company.ledger.write() as unit:
        assert unit.outbox.take("a@x", START, far)
        assert unit.outbox.take("b@x", START, far + timedelta(microseconds=1))
        assert unit.outbox.take("a@x", START, UNTIL) is None
        assert unit.outbox.take("b@x", START, UNTIL)


def test_who_looked_at_the_clock_a_moment_before_sends_nothing_twice(
    company: SmallCompany, payment: str
) -> None:
    add(company, payment, "a@x")
    with company.ledger.write() as unit:
        assert unit.outbox.take("a@x", START + MINUTE, UNTIL + MINUTE)
        assert unit.outbox.take("a@x", START, UNTIL) is None


def test_what_failed_is_taken_when_it_is_due_or_early(company: SmallCompany, payment: str) -> None:
    add(company, payment, "a@x")
    due = START + 2 * MINUTE
    with company.ledger.write() as unit:
        assert unit.outbox.take("a@x", START, UNTIL)
        unit.outbox.not_sent("a@x", "451 later", due)
        assert unit.outbox.take("a@x", due - MINUTE, UNTIL) is None
        assert unit.outbox.owed(EVERYTHING, due=due - MINUTE) == []
        early = unit.outbox.take("a@x", due - MINUTE, UNTIL, early=True)
        assert early is not None
        assert (early.attempts, early.last_error, early.status) == (2, "451 later", "failing")
        unit.outbox.not_sent("a@x", "451 later", due)
        assert [m.message_id for m in unit.outbox.owed(EVERYTHING, due=due)] == ["a@x"]
        assert unit.outbox.take("a@x", due, UNTIL)


def test_what_is_sent_or_discarded_is_owed_no_more(company: SmallCompany, payment: str) -> None:
    add(company, payment, "a@x", "b@x")
    with company.ledger.write() as unit:
        unit.outbox.not_sent("a@x", "451 later", UNTIL)
        unit.outbox.sent("a@x", START)
        assert unit.outbox.discard("b@x", START)
        assert not unit.outbox.discard("a@x", START)
        assert not unit.outbox.discard("b@x", START)
        for message_id in ("a@x", "b@x", "c@x"):
            assert unit.outbox.take(message_id, UNTIL, UNTIL, early=True) is None
        found = unit.outbox.page(ALL, EVERYTHING).items
    assert owed(company) == []
    assert [(m.message_id, m.status, m.last_error) for m in found] == [
        ("b@x", MailStatus.DISCARDED, ""),
        ("a@x", MailStatus.SENT, ""),
    ]


def test_the_last_first_and_at_most_so_many(company: SmallCompany, payment: str) -> None:
    names = [f"{n}@x" for n in range(7)]
    add(company, payment, *names)
    with company.ledger.write() as unit:
        for name in names[::2]:
            unit.outbox.sent(name, START)
        unit.outbox.discard("5@x", START)
    with company.ledger.read() as unit:
        for statuses, expected in ((ALL, "6543210"), (SENT, "6420"), (OWED, "31")):
            for limit in (None, 0, 1, 2, len(expected), 10**30):
                page = unit.outbox.page(statuses, EVERYTHING, payment, limit=limit)
                assert "".join(m.message_id[0] for m in page.items) == expected[:limit]
                assert page.more == (limit is not None and limit < len(expected))


def test_an_e_mail_comes_back_as_it_was_added(company: SmallCompany, payment: str) -> None:
    """And is due at once."""
    mail = OutboxMail("a@x", MailKind.FAILED, payment, "a@example.com", START + MINUTE)
    with company.ledger.write() as unit:
        unit.outbox.add(mail)
        assert unit.outbox.owed(EVERYTHING) == [replace(mail, due_at=START + MINUTE)]
        assert unit.outbox.take("a@x", START, UNTIL) is None
        unit.outbox.not_sent("a@x", "451 later", UNTIL)
        expected = replace(mail, due_at=UNTIL, last_error="451 later")
        assert list(unit.outbox.page(ALL, EVERYTHING).items) == [expected]
        unit.outbox.discard("a@x", START + 2 * MINUTE)
        expected = replace(expected, discarded_at=START + 2 * MINUTE)
        assert list(unit.outbox.page(ALL, EVERYTHING).items) == [expected]
        assert unit.outbox.page(SENT, EVERYTHING).items == ()


def test_sending_it_clears_what_went_wrong_of_that_one_only(
    company: SmallCompany, payment: str
) -> None:
    add(company, payment, "a@x", "b@x")
    with company.ledger.write() as unit:
        for message_id in ("a@x", "b@x"):
            unit.outbox.take(message_id, START, UNTIL)
            unit.outbox.not_sent(message_id, f"451 {message_id}", UNTIL)
        unit.outbox.sent("a@x", START + MINUTE)
        b, a = unit.outbox.page(ALL, EVERYTHING).items
    assert (a.sent_at, a.last_error, a.attempts) == (START + MINUTE, "", 1)
    assert (b.sent_at, b.last_error, b.attempts) == (None, "451 b@x", 1)


def test_what_is_owed_is_the_longest_due_first_of_a_payment_or_of_all(
    company: SmallCompany, payment: str
) -> None:
    other = company.pay("INV-2", method="card").id
    with company.ledger.write() as unit:
        unit._connection.execute("DELETE FROM outbox")
        for n, of in ((3, payment), (1, other), (2, payment), (1, payment), (9, other)):
            unit.outbox.add(
                OutboxMail(f"{n}-{of}", MailKind.RECEIVED, of, "a@x", START + n * MINUTE)
            )

        def owed_of(payment_id: str = "", due: datetime | None = None) -> list[str]:
            found = unit.outbox.owed(EVERYTHING, payment_id, due)
            return [mail.message_id[0] + "ab"[mail.payment_id == other] for mail in found]

        assert owed_of() == ["1b", "1a", "2a", "3a", "9b"]
        assert owed_of(payment) == ["1a", "2a", "3a"]
        assert owed_of(other, START + 8 * MINUTE) == ["1b"]
        assert owed_of(due=START + 2 * MINUTE) == ["1b", "1a", "2a"]
        assert owed_of("none") == []
        found = unit.outbox.page(OWED, EVERYTHING, payment).items
        assert [mail.message_id[0] for mail in found] == ["1", "2", "3"]


def test_a_clock_that_was_ahead_holds_nothing_back_beyond_the_longest_wait(
    company: SmallCompany, payment: str
) -> None:
    """No retry is farther off than that."""
    assert LONGEST_RETRY < LONGEST_WAIT
    add(company, payment, "a@x")
    with company.ledger.write() as unit:
        for wait, taken in (
            (LONGEST_WAIT, False),
            (LONGEST_WAIT + timedelta(microseconds=1), True),
            (timedelta(0), True),
            (timedelta(microseconds=1), False),
        ):
            unit.outbox.not_sent("a@x", "451 later", START + wait)
            assert bool(unit.outbox.owed(EVERYTHING, due=START)) is taken, wait
            assert bool(unit.outbox.take("a@x", START, UNTIL)) is taken, wait


def test_a_ledger_from_before_is_brought_up_to_date(tmp_path: Path, company: SmallCompany) -> None:
    """With the e-mail that it owes."""
    paid = company.pay("INV-1", method="card")
    path = company.ledger.path
    with company.ledger.write() as unit:
        unit._connection.execute("UPDATE outbox SET sent_at = NULL")
        (now,) = unit.outbox.owed(EVERYTHING)
    company.ledger.close()
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as db:
        migrations.apply(Database(db), stop_before="0005_outbox")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA user_version = 1")
        db.execute("ATTACH ? AS new", [str(path)])
        tables = [
            name
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not name.startswith("_sqlite")
            and name not in ("comparison", "write_ahead_log")  # have their row already
        ]
        for table in tables:
            names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            columns = ", ".join(names)
            db.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM new.{table}")
        db.commit()

    ledger = SqliteLedger(old)
    try:
        assert ledger.integrity() == []
        with ledger.read() as unit:
            assert unit.outbox.owed(EVERYTHING, paid.id) == [now]
            assert unit.journal.verify().differences == ()
        with ledger.write() as unit:
            assert unit.outbox.take(now.message_id, START, UNTIL)
    finally:
        ledger.close()
