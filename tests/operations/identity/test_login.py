"""Logging in: same words and work for every failure, and a throttle that nobody gets round."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from invoicepay.billing.errors import NotAllowed
from invoicepay.ledger.file import BUSY_SECONDS
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.identity.contacts import InviteContact
from invoicepay.operations.identity.invites import AcceptInvite
from invoicepay.operations.identity.login import LogIn, WhoAmI, log_in
from invoicepay.operations.identity.throttle import CLOCK_SLACK
from tests.world.journaled import journal_changes

if TYPE_CHECKING:
    from tests.world.people import World

PASSWORD = "kettle-orbit-plum"
BOB, NOBODY = "bob@one.example", "nobody@one.example"


def test_right_password(world: World) -> None:
    result = world.call(LogIn(BOB, PASSWORD))
    assert (result.email, result.role, result.customers) == (BOB, "customer", ("C-1",))
    assert world.call(WhoAmI(), result.token).email == BOB
    assert result.expires_at == world.clock.real_now() + timedelta(days=30)


@pytest.mark.parametrize("email", ["BOB@One.Example", "  bob@one.example\n"])
def test_the_email_may_be_typed_in_any_way(world: World, email: str) -> None:
    assert world.call(LogIn(email, PASSWORD)).email == BOB


def test_the_secret_is_nowhere_but_in_the_answer(world: World) -> None:
    request = LogIn(BOB, PASSWORD)
    result = world.call(request)
    assert not world.holds(result.token)
    assert not world.holds(PASSWORD)
    assert result.token not in repr(result)
    assert PASSWORD not in repr(request)
    assert PASSWORD not in str(world.journal())


def disabled(world: World) -> None:
    contact = world.contact(BOB)
    with world.ledger.write() as unit:
        unit.contacts.put(replace(contact, status="disabled"))
        journal_changes(unit)


def invited(world: World) -> None:
    contact = world.contact(BOB)
    with world.ledger.write() as unit:
        unit.contacts.put(replace(contact, status="invited", password_hash=""))
        journal_changes(unit)


def active(world: World) -> None:
    pass


@pytest.mark.parametrize(
    ("email", "password", "before"),
    [
        (BOB, "wrong-wrong-wrong", active),
        (BOB, PASSWORD, disabled),
        (BOB, PASSWORD, invited),
        (NOBODY, PASSWORD, active),
        ("", "", active),
        ("x" * 5000, "x" * 5000, active),
        ("b\udcffb@one.example", "p\udcff", active),
        ("bob\x00@one.example", PASSWORD, active),
        ("' OR 1=1 --", "' OR 1=1 --", active),
    ],
)
def test_every_failure_has_the_same_words_and_the_same_work(
    world: World, email: str, password: str, before: Any
) -> None:
    before(world)
    error = world.error(LogIn(email, password))
    assert (type(error), error.code) == (NotAllowed, "login_failed")
    assert error.message == "e-mail or password is wrong"
    assert len(world.passwords.verified) == 1
    assert world.passwords.hashed == 0
    assert "session.started" not in str(world.journal())


def test_shut_out_while_the_password_is_computed(world: World) -> None:
    world.passwords.during = lambda: disabled(world)
    assert world.code(LogIn(BOB, PASSWORD)) == "login_failed"
    assert world.code(WhoAmI(), "") == "not_logged_in"


def failing(world: World, email: str, times: int) -> list[str]:
    return [world.code(LogIn(email, "wrong-wrong-wrong")) for _ in range(times)]


@pytest.mark.parametrize("email", [BOB, NOBODY])
def test_after_five_failures_it_waits(world: World, email: str) -> None:
    assert failing(world, email, 7) == ["login_failed"] * 5 + ["login_throttled"] * 2
    computed = len(world.passwords.verified)
    error = world.error(LogIn(email, PASSWORD))
    assert error.code == "login_throttled"
    assert error.message == "too many failed logins for this e-mail; wait 31 seconds"
    assert len(world.passwords.verified) == computed


def test_waiting_helps_and_success_forgets(world: World) -> None:
    failing(world, BOB, 6)
    world.clock.move(seconds=31)
    world.log_in(BOB)
    assert failing(world, BOB, 5) == ["login_failed"] * 5


def test_the_delay_doubles_up_to_a_quarter_of_an_hour(world: World) -> None:
    failing(world, BOB, 5)
    waits = []
    for _ in range(9):
        found = re.search(r"wait (\d+) (\w+)", world.error(LogIn(BOB, "wrong")).message)
        assert found
        waits.append(f"{found[1]} {found[2]}")
        world.clock.move(seconds=int(found[1]) * (60 if found[2] == "minutes" else 1))
        assert failing(world, BOB, 1) == ["login_failed"]
    assert waits[:3] == ["31 seconds", "61 seconds", "3 minutes"]
    assert waits[-3:] == ["16 minutes"] * 3


def test_refused_attempts_do_not_prolong_it(world: World) -> None:
    """Or anybody could keep the owner out for good."""
    failing(world, BOB, 5)
    for _ in range(29):
        assert failing(world, BOB, 1) == ["login_throttled"]
        world.clock.move(seconds=1)
    world.clock.move(seconds=2)
    world.log_in(BOB)


def test_after_any_number_of_failures_a_quarter_of_an_hour_is_enough(world: World) -> None:
    for _ in range(40):
        failing(world, BOB, 1)
        world.clock.move(minutes=15, seconds=1)
    failing(world, BOB, 1)
    world.clock.move(minutes=15, seconds=1)
    world.log_in(BOB)


def test_sessions_and_invites_work_while_it_is_throttled(world: World) -> None:
    session, admin = world.log_in(BOB), world.log_in("admin@acme.example")
    failing(world, BOB, 6)
    assert world.call(WhoAmI(), session).email == BOB
    code = world.call(InviteContact(BOB), admin).code
    world.call(AcceptInvite(code, "violet ladder 42 comet"))
    assert world.log_in(BOB, "violet ladder 42 comet")


def test_others_are_not_throttled(world: World) -> None:
    failing(world, BOB, 6)
    world.log_in("eve@two.example")


def test_a_restart_does_not_help(world: World) -> None:
    failing(world, BOB, 5)
    world.ledger.close()
    world.ledger = SqliteLedger(world.path)
    assert failing(world, BOB, 1) == ["login_throttled"]


def test_the_spelling_of_the_email_does_not_help(world: World) -> None:
    failing(world, BOB, 5)
    assert failing(world, " BOB@one.example", 1) == ["login_throttled"]


def test_setting_the_clock_back_does_not_lock_out(world: World) -> None:
    failing(world, BOB, 8)
    world.clock.move(days=-3)
    world.log_in(BOB)


def test_eight_guesses_at_once_are_not_eight_guesses(world: World) -> None:
    """Each is counted before it is looked at: five are, three are not."""
    ledgers = [SqliteLedger(world.path) for _ in range(8)]

    def guess(ledger: SqliteLedger) -> str:
        # The ledger's connection belongs to the thread that opened it.
        try:
            log_in(LogIn(BOB, "wrong-wrong-wrong"), None, replace(world, ledger=ledger))
        except NotAllowed as error:
            return error.code
        finally:
            ledger.close()
        return "in"

    with ThreadPoolExecutor(8) as threads:
        said = sorted(threads.map(guess, ledgers))
    assert said == ["login_failed"] * 5 + ["login_throttled"] * 3
    assert len(world.passwords.verified) == 5


def test_a_failure_counts_that_was_noted_while_one_waited_for_the_ledger() -> None:
    """Each takes its time before it waits."""
    assert CLOCK_SLACK.total_seconds() > BUSY_SECONDS
