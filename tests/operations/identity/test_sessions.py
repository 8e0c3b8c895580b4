"""Sessions and tokens: who is let in, for how long, and how that ends."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from invoicepay.billing.errors import NotAllowed, Unreachable
from invoicepay.operations.customers import ListCustomers
from invoicepay.operations.identity.contacts import DisableContact, ListContacts
from invoicepay.operations.identity.login import LogOut, WhoAmI
from invoicepay.operations.identity.password import ChangePassword
from invoicepay.operations.identity.tokens import CreateToken, ListTokens, RevokeToken

if TYPE_CHECKING:
    from tests.world.people import World

PASSWORD = "kettle-orbit-plum"
BOB, ADMIN = "bob@one.example", "admin@acme.example"


def last_used(world: World) -> list[str]:
    with closing(sqlite3.connect(world.path)) as db:
        return [at for (at,) in db.execute("SELECT last_used_at FROM sessions")]


@pytest.mark.parametrize("secret", ["", "unknown", "x" * 100_000, "\udcff", "' OR 1=1 --"])
def test_no_secret_or_an_unknown_one(world: World, secret: str) -> None:
    world.log_in(BOB)
    error = world.error(WhoAmI(), secret)
    assert (type(error), error.code) == (NotAllowed, "not_logged_in")
    assert secret[:50] not in error.message or not secret


def test_the_hash_that_the_ledger_keeps_is_no_secret(world: World) -> None:
    world.log_in(BOB)
    with world.ledger.read() as unit:
        [session] = unit.sessions.of_contact(BOB)
    assert world.code(WhoAmI(), session.secret_hash) == "not_logged_in"


def test_who_am_i(world: World) -> None:
    me = world.call(WhoAmI(), world.log_in(BOB))
    assert (me.email, me.role, me.customers, me.kind) == (BOB, "customer", ("C-1",), "session")
    assert (me.company, me.ledger_id, me.mode) == ("Acme Tools", "ledger-1", "sandbox")


def test_idle_ends_it(world: World) -> None:
    secret = world.log_in(BOB)
    world.clock.move(hours=71)
    world.call(WhoAmI(), secret)
    world.clock.move(hours=71)
    world.call(WhoAmI(), secret)
    world.clock.move(hours=72)
    assert world.code(WhoAmI(), secret) == "session_expired"


def test_thirty_days_end_it_however_much_it_is_used(world: World) -> None:
    secret = world.log_in(BOB)
    for _ in range(29):
        world.clock.move(days=1)
        world.call(WhoAmI(), secret)
    world.clock.move(days=1)
    assert world.code(WhoAmI(), secret) == "session_expired"


def test_it_is_real_time_that_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moving a sandbox's clock by a year logs nobody out."""
    secret = world.log_in(BOB)

    def next_year() -> datetime:
        return world.clock.real_now() + timedelta(days=365)

    monkeypatch.setattr(world.clock, "now", next_year)
    assert world.call(WhoAmI(), secret).email == BOB


def test_reads_stay_reads(world: World) -> None:
    secret = world.log_in(BOB)
    world.clock.move(seconds=1)
    world.call(WhoAmI(), secret)  # the first use is noted, so that `never` is true
    at_first = last_used(world)
    world.clock.move(minutes=5)
    world.call(WhoAmI(), secret)
    assert last_used(world) == at_first
    world.clock.move(seconds=1)
    world.call(WhoAmI(), secret)
    assert last_used(world) > at_first


def test_a_ledger_that_cannot_be_written_can_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = world.log_in(BOB)
    world.clock.move(hours=1)

    def read_only() -> None:
        raise Unreachable("ledger_unusable", "read-only")

    monkeypatch.setattr(world.ledger, "write", read_only)
    assert world.call(WhoAmI(), secret).email == BOB


def test_logging_out_ends_it_in_the_ledger(world: World) -> None:
    secret, other = world.log_in(BOB), world.log_in(BOB)
    world.call(LogOut(), secret)
    assert world.code(WhoAmI(), secret) == "session_expired"
    assert world.code(LogOut(), secret) == "session_expired"
    assert world.call(WhoAmI(), other).email == BOB
    assert world.journal()[-1][:2] == ("session.ended", BOB)


def test_disabled_is_out_at_once(world: World) -> None:
    secret, admin = world.log_in(BOB), world.log_in(ADMIN)
    token = world.call(CreateToken("nightly"), secret).token
    world.call(DisableContact(BOB), admin)
    assert world.code(WhoAmI(), secret) == "session_expired"
    assert world.code(WhoAmI(), token) == "session_expired"


@pytest.mark.parametrize("status", ["disabled", "invited"])
def test_only_an_active_contact_is_let_in_whatever_its_sessions_say(
    world: World, status: str
) -> None:
    secret = world.log_in(BOB)
    with closing(sqlite3.connect(world.path)) as db, db:
        db.execute("UPDATE contacts SET status = ? WHERE email = ?", (status, BOB))

    assert world.code(WhoAmI(), secret) == "session_expired"


def test_the_role_decides_what_is_allowed(world: World) -> None:
    secret = world.log_in(BOB)
    error = world.error(ListContacts(), secret)
    assert (error.code, error.exit_code) == ("not_allowed", 4)
    assert [c.number for c in world.call(ListCustomers(), secret)] == ["C-1"]


def test_changing_the_password_ends_other_logins_and_keeps_tokens(world: World) -> None:
    secret, other = world.log_in(BOB), world.log_in(BOB)
    token = world.call(CreateToken("nightly"), secret).token
    eve = world.log_in("eve@two.example")
    request = ChangePassword(PASSWORD, "violet ladder 42 comet")
    result = world.call(request, secret)
    assert (result.sessions_ended, result.tokens_kept) == (1, 1)
    assert world.code(WhoAmI(), other) == "session_expired"
    for still in (secret, token, eve):
        world.call(WhoAmI(), still)
    assert world.log_in(BOB, "violet ladder 42 comet")
    assert PASSWORD not in repr(request) and "violet" not in repr(request)
    assert not world.holds("violet ladder")


@pytest.mark.parametrize(
    ("current", "new", "code"),
    [
        ("wrong-wrong-wrong", "violet ladder 42 comet", "login_failed"),
        (PASSWORD, PASSWORD, "weak_password"),
        (PASSWORD, "short", "weak_password"),
        (PASSWORD, "bob@one.example1", "weak_password"),
        (PASSWORD, "AcmeTools2026", "weak_password"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(
    world: World, current: str, new: str, code: str
) -> None:
    secret, other = world.log_in(BOB), world.log_in(BOB)
    before = world.contact(BOB)
    assert world.code(ChangePassword(current, new), secret) == code
    assert world.contact(BOB) == before
    world.call(WhoAmI(), other)


def test_a_stolen_session_cannot_try_passwords_for_long(world: World) -> None:
    secret = world.log_in(BOB)
    request = ChangePassword("wrong-wrong-wrong", "violet ladder 42 comet")
    said = [world.code(request, secret) for _ in range(6)]
    assert said == ["login_failed"] * 5 + ["login_throttled"]


def test_password_changed_elsewhere_meanwhile(world: World) -> None:
    first, second = world.log_in(BOB), world.log_in(BOB)
    world.passwords.during = lambda: world.call(
        ChangePassword(PASSWORD, "violet ladder 42 comet"), second
    )
    request = ChangePassword(PASSWORD, "copper meadow 17 train")
    assert world.code(request, first) == "session_expired"
    assert world.log_in(BOB, "violet ladder 42 comet")


def test_tokens(world: World) -> None:
    secret = world.log_in(BOB)
    made = world.call(CreateToken("  nightly ", days=7), secret)
    assert made.token.startswith("invoicepay_")
    assert made.token not in repr(made)
    assert not world.holds(made.token)
    assert made.expires_at == world.clock.real_now() + timedelta(days=7)
    me = world.call(WhoAmI(), made.token)
    assert (me.email, me.kind, me.label) == (BOB, "token", "nightly")
    [view] = world.call(ListTokens(), made.token)
    assert (view.id, view.label, view.status) == (made.id, "nightly", "active")
    kind, actor, data = world.journal()[-1]
    assert (kind, actor, data["label"]) == ("token.created", BOB, "nightly")
    assert made.token not in str(data)


def test_a_token_lasts_as_long_as_it_was_made_for_and_no_longer(world: World) -> None:
    made = world.call(CreateToken("quarterly"), world.log_in(BOB))
    world.clock.move(days=89, hours=23)
    world.call(WhoAmI(), made.token)
    world.clock.move(hours=1)
    error = world.error(WhoAmI(), made.token)
    assert error.code == "session_expired"
    assert "tokens create" in error.hint
    secret = world.log_in(BOB)
    assert world.call(ListTokens(), secret) == ()
    assert [t.status for t in world.call(ListTokens(ended=True), secret)] == ["expired"]


def test_a_revoked_token_is_out_at_once_and_again_changes_nothing(world: World) -> None:
    secret = world.log_in(BOB)
    made = world.call(CreateToken("nightly"), secret)
    first = world.call(RevokeToken(made.id), secret)
    entries = len(world.journal())
    world.clock.move(minutes=1)
    assert world.call(RevokeToken(made.id), secret) == first
    assert first.status == "revoked"
    assert len(world.journal()) == entries
    assert world.code(WhoAmI(), made.token) == "session_expired"


def test_a_token_may_end_itself_and_nothing_else_of_its_kind(world: World) -> None:
    secret = world.log_in(BOB)
    made = world.call(CreateToken("nightly"), secret)
    for request in (
        CreateToken("another"),
        LogOut(),
        ChangePassword(PASSWORD, "violet ladder 42 comet"),
    ):
        assert world.code(request, made.token) == "not_allowed"
    world.call(RevokeToken(made.id), made.token)
    assert world.code(WhoAmI(), made.token) == "session_expired"


def test_others_tokens_read_like_none(world: World) -> None:
    made = world.call(CreateToken("nightly"), world.log_in(BOB))
    admin = world.log_in(ADMIN)
    missing = world.error(RevokeToken("7d9f"), admin)
    theirs = world.error(RevokeToken(made.id), admin)
    assert missing.code == theirs.code == "not_found"
    assert missing.message.replace("7d9f", "ID") == theirs.message.replace(made.id, "ID")
    assert world.call(ListTokens(), admin) == ()


def test_a_login_is_no_token_to_revoke(world: World) -> None:
    secret = world.log_in(BOB)
    with world.ledger.read() as unit:
        [session] = unit.sessions.of_contact(BOB)
    assert world.code(RevokeToken(session.id), secret) == "not_found"


@pytest.mark.parametrize(
    ("label", "days", "code"),
    [
        ("nightly", 0, "usage"),
        ("nightly", 367, "usage"),
        ("nightly", -1, "usage"),
        ("  ", 90, "input_needed"),
        ("a\x1b[31mb", 90, "bad_text"),
        ("x" * 101, 90, "bad_text"),
        ("a\udcff", 90, "bad_text"),
    ],
)
def test_tokens_that_are_not_made(world: World, label: str, days: int, code: str) -> None:
    assert world.code(CreateToken(label, days), world.log_in(BOB)) == code
