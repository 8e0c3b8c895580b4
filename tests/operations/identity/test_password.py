"""Which passwords are good enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicepay.billing.errors import Refused
from invoicepay.operations.identity.password import check_new_password, hard_parts

OWN = ("Acme Tools Inc.", "bob.smith@one.example", "Bob Smith")


def refused(password: str) -> str:
    with pytest.raises(Refused) as caught:
        check_new_password(password, *OWN)
    assert caught.value.code == "weak_password"
    assert not password or password not in caught.value.message + caught.value.hint
    return caught.value.message


@pytest.mark.parametrize(
    "password",
    """
    password1234 Password2024! P@ssw0rd12345 Passw0rd!Passw0rd! passwordpassword
    qwertyuiop12 1qaz2wsx3edc qwerty123456!a asdfghjkl;'1 poiuytrewqwe
    123456789012 1234567890123456 098765432109 abcdefghijkl zyxwvutsrqpo
    aaaaaaaaaaaa aaaaaabbbbbb abababababab 121212121212 abcabcabcabc1
    Welcome2024!! Summer2026!!! iloveyou1234! letmein!!!!2 adminadmin12 changeme2026
    monkeydragon1 footballfootball October2026!
    invoicepay2026 InvoicePayment1 Payments2026!!
    acmetools2026 AcmeToolsInc. 4cm3t00ls2026! bob.smith@one.example bobsmith2026!! smithbob1234
    correcthorsebatterystaple
    """.split(),
)
def test_common(password: str) -> None:
    assert len(password) >= 12
    assert "too easy" in refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "kettle-orbit-plum",
        "violet ladder 42 comet",
        "hQ7x-2pLm9vV",
        "wir fahren nach Łódź",
        "ändern-wölfe-zug",
        "東京の冬は寒くて乾いている",
        "x7#mQ!w9Lk2$",
        "password manager chose: tr7Kq",
        "x" * 3 + "kettle orbit plum" * 50,
    ],
)
def test_good(password: str) -> None:
    check_new_password(password, *OWN)


@pytest.mark.parametrize("password", ["", "x7#mQ!w9Lk2", "éééééé".replace("é", "e\u0301")])
def test_fewer_than_twelve_characters_as_they_are_hashed(password: str) -> None:
    assert "fewer than 12" in refused(password)


def test_characters_are_counted_not_bytes() -> None:
    assert "fewer than 12" in refused("東京の冬は寒くて")  # 24 bytes
    assert "fewer than 12" in refused("e\u0301" * 11)  # 22 code points before NFKC
    check_new_password("ﬃx7#mQ!w9Lk")  # the ligature is three letters


def test_longer_than_can_be_hashed() -> None:
    assert "longer than 1024 bytes" in refused("ü" * 600)


def test_what_is_no_text() -> None:
    assert "not valid text" in refused("kettle-orbit-\udcff")


@given(st.text(min_size=12, max_size=60), st.lists(st.text(max_size=30), max_size=3))
def test_every_text_gets_an_answer_and_never_more_hard_parts_than_characters(
    text: str, own: list[str]
) -> None:
    assert 1 <= hard_parts(text, tuple(own)) <= len(text.casefold())


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", min_size=12, max_size=40))
def test_capitals_buy_nothing(text: str) -> None:
    assert hard_parts(text) == hard_parts(text.upper())


def test_a_domain_counts_as_people_read_it() -> None:
    with pytest.raises(Refused, match="too easy to guess"):
        check_new_password("müllermüller-müller", "anna@xn--mller-kva.example")
    check_new_password("müllermüller-müller", "anna@one.example")
