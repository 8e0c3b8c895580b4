"""What every ContactStore and SessionStore must do: what was put comes back, and the first end of a
session stays its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from invoicepay.billing.customer import Contact, Customer, Role, Session
from invoicepay.billing.ports import Unit
from tests.world.clock import START

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOKEN = Session(
    "s-1", "token", "payer", "hash-1", START, START + DAY, 3600, START + HOUR, "nightly"
)


def test_a_contacts_customers_come_in_the_order_of_their_numbers(unit: Unit) -> None:
    unit.loading.put_customers([Customer("A-1", "Added last")])
    unit.contacts.put(
        Contact("k", "k@example.com", "K", Role.CUSTOMER, ("C-2", "A-1", "C-1"), "active")
    )

    found = unit.contacts.get("k")

    assert found is not None
    assert found.customers == ("A-1", "C-1", "C-2")


def test_a_session_comes_back_whole(unit: Unit) -> None:
    unit.sessions.add(TOKEN)

    assert unit.sessions.by_hash("hash-1") == TOKEN
    assert unit.sessions.by_hash("hash-2") is None


def test_a_contacts_sessions_come_oldest_first(unit: Unit) -> None:
    for name, created_at in (("c", START + HOUR), ("b", START), ("a", START + HOUR)):
        unit.sessions.add(replace(TOKEN, id=name, secret_hash=name, created_at=created_at))

    found = [session.id for session in unit.sessions.of_contact("payer")]
    assert found == ["b", "session-payer", "a", "c"]


def test_what_has_ended_keeps_the_time_at_which_it_did(unit: Unit) -> None:
    for name in ("one", "all", "kept"):
        unit.sessions.add(replace(TOKEN, id=name, secret_hash=name))
    ended, later = START + HOUR, START + 2 * HOUR
    unit.sessions.revoke("one", ended)

    unit.sessions.revoke("one", later)
    unit.sessions.revoke_all("payer", later, keep="kept")

    found = {session.id: session.revoked_at for session in unit.sessions.of_contact("payer")}
    assert (found["one"], found["all"], found["kept"]) == (ended, later, None)


def test_failed_logins_are_kept_for_a_day(unit: Unit) -> None:
    unit.sessions.add_failure("a@example.com", START)
    unit.sessions.add_failure("a@example.com", START + DAY)
    assert unit.sessions.failures("a@example.com", START) == [START, START + DAY]

    late = START + DAY + timedelta(seconds=1)
    unit.sessions.add_failure("b@example.com", late)

    assert unit.sessions.failures("a@example.com", START) == [START + DAY]
    assert unit.sessions.failures("b@example.com", late + timedelta(seconds=1)) == []
