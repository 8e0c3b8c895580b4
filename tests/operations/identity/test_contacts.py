"""Inviting and disabling people."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from invoicepay.billing.customer import Role
from invoicepay.billing.errors import InvoicepayError, NotAllowed
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.identity.contacts import (
    DisableContact,
    InviteContact,
    ListContacts,
    invite_contact,
)
from invoicepay.operations.identity.invites import AcceptInvite, CheckInvite, accept_invite
from invoicepay.operations.identity.login import LogIn, WhoAmI
from invoicepay.operations.identity.tokens import CreateToken

if TYPE_CHECKING:
    from tests.world.people import World

NEW_PASSWORD = "violet ladder 42 comet"
ADMIN, FINANCE, BOB = "admin@acme.example", "finance@acme.example", "bob@one.example"


def invite(world: World, email: str, *customers: str, by: str = ADMIN) -> str:
    return world.call(InviteContact(email, customers), world.log_in(by)).code


def test_an_invited_person_chooses_a_password_and_is_in(world: World) -> None:
    admin = world.log_in(ADMIN)
    made = world.call(InviteContact("New@One.example", ("C-2", "C-1"), name="New"), admin)
    assert (made.email, made.role, made.reset) == ("new@one.example", Role.CUSTOMER, False)
    assert made.customers == ("C-1", "C-2")
    assert made.expires_at == world.clock.real_now() + timedelta(days=7)
    assert made.code not in repr(made)
    assert world.contact("new@one.example").status == "invited"
    request = AcceptInvite(made.code, NEW_PASSWORD, email="new@ONE.example")
    result = world.call(request)
    assert world.call(WhoAmI(), result.token).customers == ("C-1", "C-2")
    assert world.log_in("new@one.example", NEW_PASSWORD)
    assert made.code not in repr(request) and NEW_PASSWORD not in repr(request)
    for secret in (made.code, made.code.replace("-", ""), NEW_PASSWORD, result.token):
        assert not world.holds(secret)
        assert secret not in str(world.journal())


def test_a_person_whose_domain_has_other_letters_than_ascii(world: World) -> None:
    """Is one person, however the address is typed."""
    kept = "anna@xn--mller-kva.example"
    forms = ("Anna@müller.example", "anna@mu\u0308ller.example", kept)
    for typed in forms:
        code = invite(world, typed, "C-1")
    made = world.contact(kept)
    world.call(AcceptInvite(code, NEW_PASSWORD, email=forms[1]))
    for typed in forms:
        token = world.call(LogIn(typed, NEW_PASSWORD)).token
        assert world.call(WhoAmI(), token).email == kept
    disabled = world.call(DisableContact(forms[0]), world.log_in(ADMIN))
    assert (disabled.id, disabled.status) == (made.id, "disabled")
    with pytest.raises(NotAllowed, match="e-mail or password is wrong"):
        world.call(LogIn(forms[0], NEW_PASSWORD))


def test_however_the_code_is_typed(world: World) -> None:
    code = invite(world, "new@one.example", "C-1")
    typed = f"  {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} "
    world.call(AcceptInvite(typed, NEW_PASSWORD))


def test_a_code_works_once(world: World) -> None:
    code = invite(world, "new@one.example", "C-1")
    world.call(AcceptInvite(code, NEW_PASSWORD))
    assert world.code(AcceptInvite(code, "copper meadow 17 train")) == "invite_invalid"
    assert world.log_in("new@one.example", NEW_PASSWORD)


def test_a_code_works_once_also_for_eight_at_once(world: World) -> None:
    code = invite(world, "new@one.example", "C-1")

    def accept(ledger: SqliteLedger) -> str:
        try:
            accept_invite(AcceptInvite(code, NEW_PASSWORD), None, replace(world, ledger=ledger))
        except NotAllowed as error:
            return error.code
        finally:
            ledger.close()
        return "in"

    with ThreadPoolExecutor(8) as threads:
        said = sorted(threads.map(accept, [SqliteLedger(world.path) for _ in range(8)]))
    assert said == ["in"] + ["invite_invalid"] * 7


def test_codes_that_do_not_work_all_read_the_same(world: World) -> None:
    spent = invite(world, "spent@one.example", "C-1")
    world.call(AcceptInvite(spent, NEW_PASSWORD))
    replaced = invite(world, "new@one.example", "C-1")
    current = invite(world, "new@one.example", "C-1")
    gone = invite(world, "gone@one.example", "C-1")
    world.call(DisableContact("gone@one.example"), world.log_in(ADMIN))
    requests: list[AcceptInvite | CheckInvite] = [
        AcceptInvite(spent, NEW_PASSWORD),
        AcceptInvite(replaced, NEW_PASSWORD),
        AcceptInvite(gone, NEW_PASSWORD),
        AcceptInvite("0000-0000-0000-0000", NEW_PASSWORD),
        AcceptInvite("", NEW_PASSWORD),
        AcceptInvite("\udcff", NEW_PASSWORD),
        AcceptInvite(current, NEW_PASSWORD, email="bob@one.example"),
    ]
    requests += [CheckInvite(r.code, r.email) for r in requests if isinstance(r, AcceptInvite)]
    said = {(e.code, e.message) for e in map(world.error, requests)}
    world.clock.move(days=7)
    expired = world.error(AcceptInvite(current, NEW_PASSWORD))
    assert world.code(CheckInvite(current)) == "invite_invalid"
    assert said == {(expired.code, expired.message)}
    assert expired.code == "invite_invalid"
    assert world.contact("new@one.example").status == "invited"


def test_looking_at_a_code_spends_nothing(world: World) -> None:
    code = invite(world, "new@one.example", "C-1")
    for _ in range(3):
        world.call(CheckInvite(code.lower(), "NEW@one.example"))

    world.call(AcceptInvite(code, NEW_PASSWORD))
    assert world.code(CheckInvite(code)) == "invite_invalid"


@pytest.mark.parametrize(
    "weak", ["short", "password1234", "new@one.example", "x" * 1100, "a\udcff"]
)
def test_a_weak_password_does_not_spend_the_code(world: World, weak: str) -> None:
    code = invite(world, "new@one.example", "C-1")
    assert world.code(AcceptInvite(code, weak)) == "weak_password"
    world.call(AcceptInvite(code, NEW_PASSWORD))


def test_inviting_somebody_active_is_a_way_back_in_and_adds_customers(world: World) -> None:
    old, admin = world.log_in(BOB), world.log_in(ADMIN)
    token = world.call(CreateToken("nightly"), old).token
    made = world.call(InviteContact(BOB, ("C-3",)), admin)
    assert (made.reset, made.customers) == (True, ("C-1", "C-3"))
    world.log_in(BOB)  # nothing ends before the code is used
    assert world.call(WhoAmI(), old).customers == ("C-1", "C-3")
    result = world.call(AcceptInvite(made.code, NEW_PASSWORD))
    for ended in (old, token):
        assert world.code(WhoAmI(), ended) == "session_expired"
    assert world.code(LogIn(BOB, "kettle-orbit-plum")) == "login_failed"
    assert world.call(WhoAmI(), result.token).email == BOB
    assert world.contact(BOB).id == made.contact_id


def test_a_disabled_contact_starts_afresh(world: World) -> None:
    admin = world.log_in(ADMIN)
    world.call(DisableContact(BOB), admin)
    error = world.error(InviteContact(BOB), admin)
    assert (error.code, error.message, error.hint) == (
        "input_needed",
        f"{BOB} is disabled; to let them in again, say for which customers",
        f"As before: `invoicepay contacts invite {BOB} --customer C-1`.",
    )
    assert world.contact(BOB).status == "disabled"
    made = world.call(InviteContact(BOB, ("C-2",)), admin)
    assert (made.reset, made.customers, made.was_disabled) == (False, ("C-2",), True)
    assert world.code(LogIn(BOB, "kettle-orbit-plum")) == "login_failed"
    world.call(AcceptInvite(made.code, NEW_PASSWORD))
    world.log_in(BOB, NEW_PASSWORD)


@pytest.mark.parametrize(
    "request_",
    [
        InviteContact("new@acme.example", role=Role.ADMIN),
        InviteContact("new@acme.example", role=Role.FINANCE),
        InviteContact(ADMIN, ("C-1",)),
        InviteContact(ADMIN, ("C-1",), role=Role.CUSTOMER),
        InviteContact(FINANCE),
        InviteContact(BOB, role=Role.FINANCE),
        DisableContact(ADMIN),
        DisableContact(FINANCE),
    ],
)
def test_finance_manages_customers_contacts_only(
    world: World, request_: InviteContact | DisableContact
) -> None:
    before = {c.email: c for c in map(world.contact, (ADMIN, FINANCE, BOB))}
    assert world.code(request_, world.log_in(FINANCE)) == "not_allowed"
    assert {c.email: c for c in map(world.contact, before)} == before


def test_finance_invites_and_disables_customers_contacts(world: World) -> None:
    world.call(AcceptInvite(invite(world, "new@one.example", "C-1", by=FINANCE), NEW_PASSWORD))
    view = world.call(DisableContact("new@one.example"), world.log_in(FINANCE))
    assert view.status == "disabled"


def test_customers_invite_nobody(world: World) -> None:
    for request in (InviteContact("x@one.example", ("C-1",)), DisableContact(BOB), ListContacts()):
        assert world.code(request, world.log_in(BOB)) == "not_allowed"


def test_nobody_touches_their_own_rights_so_an_admin_always_remains(world: World) -> None:
    admin = world.log_in(ADMIN)
    for request in (
        DisableContact(ADMIN),
        InviteContact(ADMIN),
        InviteContact(ADMIN, ("C-1",), role=Role.CUSTOMER),
    ):
        assert world.code(request, admin) == "not_allowed"


def test_two_admins_who_disable_each_other(world: World) -> None:
    """The second was let in before the first had finished; its transaction looks again."""
    from invoicepay.operations.identity.authenticate import authenticate
    from invoicepay.operations.identity.contacts import disable_contact

    first, second = (
        authenticate(world.log_in(email), world) for email in (ADMIN, "second@acme.example")
    )
    disable_contact(DisableContact("second@acme.example"), first, world)
    with pytest.raises(NotAllowed):
        disable_contact(DisableContact(ADMIN), second, world)
    with pytest.raises(NotAllowed):
        invite_contact(InviteContact("x@acme.example", role=Role.ADMIN), second, world)
    assert world.contact(ADMIN).status == "active"


def test_disabling_again_changes_nothing(world: World) -> None:
    admin = world.log_in(ADMIN)
    world.call(DisableContact(BOB), admin)
    entries = len(world.journal())
    assert world.call(DisableContact(" BOB@one.example "), admin).status == "disabled"
    assert len(world.journal()) == entries
    assert world.contact(BOB).password_hash == ""


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (InviteContact("new@one.example"), "input_needed"),
        (InviteContact("new@one.example", ("C-9",)), "not_found"),
        (InviteContact("new@acme.example", ("C-1",), Role.FINANCE), "usage"),
        (InviteContact("", ("C-1",)), "bad_text"),
        (InviteContact("new", ("C-1",)), "bad_text"),
        (InviteContact("new@one.example\nBcc: x@y", ("C-1",)), "bad_text"),
        (InviteContact("a,b@one.example", ("C-1",)), "bad_text"),
        (InviteContact("b\u043eb@one.example", ("C-1",)), "bad_text"),
        (InviteContact("x" * 65 + "@one.example", ("C-1",)), "bad_text"),
        (InviteContact("a@" + "b" * 300, ("C-1",)), "bad_text"),
        (InviteContact("\udcff@one.example", ("C-1",)), "bad_text"),
        (InviteContact("new@one.example", ("C-1",), name="a\x1b]8;;evil\x07"), "bad_text"),
        (DisableContact("nobody@one.example"), "not_found"),
    ],
)
def test_what_cannot_be_done(
    world: World, request_: InviteContact | DisableContact, code: str
) -> None:
    admin = world.log_in(ADMIN)
    with world.ledger.read() as unit:
        before = unit.contacts.all()
    error: InvoicepayError = world.error(request_, admin)
    assert error.code == code
    assert error.message.isprintable()
    with world.ledger.read() as unit:
        assert unit.contacts.all() == before


def test_everything_that_changes_rights_is_journaled(world: World) -> None:
    code = invite(world, "new@one.example", "C-1", by=FINANCE)
    world.call(AcceptInvite(code, NEW_PASSWORD))
    world.call(DisableContact("new@one.example"), world.log_in(ADMIN))
    entries = [entry for entry in world.journal() if entry[0].startswith("contact.")]
    assert entries == [
        (
            "contact.invited",
            FINANCE,
            {
                "email": "new@one.example",
                "role": "customer",
                "customers": ["C-1"],
                "reset": False,
            },
        ),
        ("contact.password_set", "new@one.example", {"by": "invite", "was": "invited"}),
        ("contact.disabled", ADMIN, {"email": "new@one.example"}),
    ]


def test_lists_show_no_hashes(world: World) -> None:
    contacts = world.call(ListContacts(), world.log_in(FINANCE))
    assert [c.email for c in contacts] == sorted(c.email for c in contacts)
    assert "argon2" not in repr(contacts)
    only = world.call(ListContacts(customer="C-2"), world.log_in(FINANCE))
    assert [c.email for c in only] == ["eve@two.example"]
