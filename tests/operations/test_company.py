"""The company, as each may see and set it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from invoicepay.billing.customer import Address
from invoicepay.operations.company import SetCompany, ShowCompany

if TYPE_CHECKING:
    from tests.world.people import World

ADMIN, FINANCE, EVE = "admin@acme.example", "finance@acme.example", "eve@two.example"


def png(size: tuple[int, int] = (30, 10)) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", size).save(output, "PNG")
    return output.getvalue()


PNG = png()


def test_setting_changes_only_what_is_given(world: World) -> None:
    admin = world.log_in(ADMIN)
    request = SetCompany(
        phone=" +1 555 0100 ",
        address=Address(("1 Main St", "", " Springfield ")),
        time_zone="America/New_York",
        currency="eur",
        terms="Net 30\r\nThank you",
        email="Billing@Acme.example",
        logo=PNG,
    )
    company = world.call(request, admin)
    assert company.name == "Acme Tools"
    assert company.phone == "+1 555 0100"
    assert company.address.lines == ("1 Main St", "Springfield")
    assert (company.time_zone, company.currency) == ("America/New_York", "EUR")
    assert (company.terms, company.email) == ("Net 30\nThank you", "billing@acme.example")
    shown = world.call(ShowCompany(), world.log_in(EVE))
    assert shown.company == company
    assert (shown.ledger.id, shown.ledger.livemode) == ("ledger-1", False)
    kind, actor, data = next(e for e in world.journal() if e[0] == "company.changed")
    assert (kind, actor, data["currency"]) == ("company.changed", ADMIN, "EUR")
    assert data["logo"].startswith("sha256:")
    assert "email" not in data  # it was that already


def test_the_same_again_is_not_journaled(world: World) -> None:
    admin = world.log_in(ADMIN)
    world.call(SetCompany(phone="1"), admin)
    entries = len(world.journal())
    world.call(SetCompany(phone="1"), admin)
    assert len(world.journal()) == entries


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (SetCompany(), "input_needed"),
        (SetCompany(name=" "), "bad_text"),
        (SetCompany(name="a\x1b[31mb"), "bad_text"),
        (SetCompany(name="a\u202eb"), "bad_text"),
        (SetCompany(phone="1\n2"), "bad_text"),
        (SetCompany(terms="x" * 5000), "bad_text"),
        (SetCompany(terms="a\x00b"), "bad_text"),
        (SetCompany(email="acme"), "bad_text"),
        (SetCompany(time_zone="Mars/Base"), "bad_text"),
        (SetCompany(time_zone="../../etc/passwd"), "bad_text"),
        (SetCompany(currency="XXX"), "unknown_currency"),
        (SetCompany(address=Address(("a\tb",))), "bad_text"),
        (SetCompany(logo=b"<svg/>"), "bad_file"),
        (SetCompany(logo=PNG[:40]), "bad_file"),
        (SetCompany(logo=png((1, 500))), "bad_file"),
        (SetCompany(logo=png((3000, 2))), "bad_file"),
        (SetCompany(logo=PNG + bytes(1 << 20)), "bad_file"),
    ],
)
def test_what_is_not_taken(world: World, request_: SetCompany, code: str) -> None:
    admin = world.log_in(ADMIN)
    before = world.call(ShowCompany(), admin)
    assert world.code(request_, admin) == code
    assert world.call(ShowCompany(), admin) == before


def test_clearing(world: World) -> None:
    admin = world.log_in(ADMIN)
    world.call(SetCompany(phone="1", logo=PNG), admin)
    company = world.call(SetCompany(phone="", logo=b"", email=""), admin)
    assert (company.phone, company.logo, company.email) == ("", b"", "")


@pytest.mark.parametrize("email", [FINANCE, EVE])
def test_only_an_admin_sets_it(world: World, email: str) -> None:
    assert world.code(SetCompany(phone="1"), world.log_in(email)) == "not_allowed"
