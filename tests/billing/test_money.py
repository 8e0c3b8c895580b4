"""Amounts: text in, integers inside, text out; nothing rounds and nothing is lost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicepay.billing.errors import BadInput
from invoicepay.billing.money import (
    CURRENCIES,
    MAX_MINOR,
    Money,
    check_currency,
    decimals,
    grouped_text,
    parse_minor,
    plain_text,
    split,
)

currencies = st.sampled_from(sorted(CURRENCIES))
minors = st.integers(-MAX_MINOR, MAX_MINOR)


@given(minors, currencies)
def test_text_and_back_is_the_same_amount(minor: int, currency: str) -> None:
    assert parse_minor(plain_text(minor, currency), currency, negative=True) == minor


@given(minors, currencies)
def test_text_is_the_exact_decimal(minor: int, currency: str) -> None:
    exact = Decimal(minor).scaleb(-decimals(currency))

    assert Decimal(plain_text(minor, currency)) == exact
    assert Decimal(grouped_text(minor, currency).replace(",", "")) == exact


def test_figures_as_people_read_them() -> None:
    assert str(Money(184250, "USD")) == "1,842.50 USD"
    assert grouped_text(-5, "USD") == "-0.05"
    assert grouped_text(-123456, "JPY") == "-123,456"
    assert plain_text(1230, "KWD") == "1.230"
    assert plain_text(0, "USD") == "0.00"


def test_19_99_is_1999() -> None:
    assert parse_minor("19.99", "USD") == 1999


@pytest.mark.parametrize(
    "text",
    [
        "", " 1", "1 ", "+1", "-1", "1_000", "１２", "٣", "1,000", "NaN", "inf", "1e3",
        "1e2000000", ".5", "5.", "0x10", "1.2.3", "$5", "1\x00", "1\n", "9" * 20, "²",
    ],
)  # fmt: skip
def test_what_is_not_an_amount_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_minor(text, "USD")


@given(st.text(max_size=30))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    try:
        minor = parse_minor(text, "USD", negative=True)
    except BadInput:
        return
    assert Decimal(text) * 100 == minor


def test_more_decimals_than_the_currency_has_are_refused_unless_zero() -> None:
    assert parse_minor("1.500", "USD") == 150
    assert parse_minor("7.00", "JPY") == 7
    for text, currency in (("1.005", "USD"), ("7.5", "JPY"), ("1.2345", "KWD"), ("1.005", "ISK")):
        with pytest.raises(BadInput):
            parse_minor(text, currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.345", "KWD", 12345),
        ("99.999", "TND", 99999),
        ("1999.50", "ISK", 199950),
        ("1500.250", "IQD", 1500250),
        ("10.500", "LYD", 10500),
        ("10.50", "VES", 1050),
        ("0.0001", "CLF", 1),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(text: str, currency: str, minor: int) -> None:
    assert parse_minor(text, currency) == minor
    assert plain_text(minor, currency) == text


def test_decimals_of_what_ledgers_have_never_change() -> None:
    """They say what the amounts in every ledger mean."""
    by_decimals = {n: [c for c in sorted(CURRENCIES) if decimals(c) == n] for n in range(5)}

    assert by_decimals[0] == (
        "BIF BYR CLP DJF GNF JPY KMF KRW MGA PYG RWF UYI VND VUV XAF XOF XPF".split()
    )
    assert by_decimals[1] == []
    assert by_decimals[3] == "BHD IQD JOD KWD LYD OMR TND".split()
    assert by_decimals[4] == ["CLF", "UYW"]
    assert {"ISK", "UGX", "USD", "VES", "STN", "SVC"} <= set(by_decimals[2])


def test_what_exceeds_64_bits_is_refused() -> None:
    assert parse_minor("92233720368547758.07", "USD") == MAX_MINOR
    with pytest.raises(BadInput):
        parse_minor("92233720368547758.08", "USD")
    with pytest.raises(BadInput):
        Money(MAX_MINOR, "USD") + Money(1, "USD")


def test_currencies_do_not_mix_and_floats_do_not_enter() -> None:
    for operation in (
        lambda: Money(1, "USD") + Money(1, "EUR"),
        lambda: Money(1, "USD") < Money(1, "EUR"),
    ):
        with pytest.raises(ValueError, match="cannot mix"):
            operation()
    with pytest.raises(TypeError):
        Money(1.5, "USD")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money(True, "USD")


def test_currencies_are_known_by_their_code() -> None:
    assert check_currency("usd") == "USD"
    for code in ("", "US", "XXX", "ＵＳＤ", "U$D"):
        with pytest.raises(BadInput):
            check_currency(code)


@given(st.integers(0, MAX_MINOR), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_splitting_never_loses_or_invents_a_cent(amount: int, weights: list[int]) -> None:
    if not sum(weights):
        with pytest.raises(ValueError, match="split needs"):
            split(amount, weights)
        return

    parts = split(amount, weights)

    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        exact = amount * weight / sum(weights)
        assert abs(part - exact) <= 1 + exact * 1e-9
        assert weight or not part
