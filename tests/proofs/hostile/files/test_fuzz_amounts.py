"""Any text at all: it is the amount that it says, to the last digit, or it is refused."""

from __future__ import annotations

import re
from decimal import Context, Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from invoicepay.billing.errors import BadInput
from invoicepay.billing.money import (
    CURRENCIES,
    MAX_MINOR,
    decimals,
    parse_minor,
)
from invoicepay.operations.imports.cells import amounts, decimal_text

EXACT = Context(prec=60)
CODES = st.sampled_from(sorted(CURRENCIES))
MARKS = st.sampled_from([(".", ""), (",", ""), (",", "."), (".", ","), (",", " "), (".", "'")])
NEARLY = st.one_of(
    st.text(max_size=40),
    st.text("0123456789", min_size=1, max_size=24),
    st.text("0123456789.,-+ eE_'$()%xNaIinf", max_size=24),
    # Digits of every script, and what looks like a sign or a point.
    st.text(st.characters(categories=["Nd", "Nl", "No", "Pd", "Po", "Sc", "Zs"]), max_size=12),
    st.from_regex(r"-?[0-9]{1,22}(\.[0-9]{0,8})?([eE][+-]?[0-9]{1,7})?", fullmatch=True),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.floats().map(repr),
    st.integers().map(str),
    st.integers(-(2**64), 2**64).map(lambda n: f"{n // 100}.{n % 100:02d}"),
    st.tuples(st.sampled_from("019.-_,１"), st.integers(1, 200_000)).map(lambda t: t[0] * t[1]),
)
PLAIN = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,6})?", re.ASCII)


@given(text=NEARLY, currency=CODES, negative=st.booleans())
@example(text="92233720368547758.07", currency="USD", negative=False)
@example(text="9007199254740993", currency="JPY", negative=False)
@example(text="90071992547409.93", currency="USD", negative=False)
@example(text="-0", currency="USD", negative=True)
@example(text="1.0000005", currency="USD", negative=True)
@example(text="12\n", currency="USD", negative=True)
def test_an_amount_is_what_it_says(text: str, currency: str, negative: bool) -> None:
    written = Decimal(text) if PLAIN.fullmatch(text) else None
    try:
        minor = parse_minor(text, currency, negative=negative)
    except BadInput as error:
        assert error.code in ("bad_amount", "amount_too_large")
        assert len(error.message) < 150
        # Nothing that could have been taken is refused.
        assert written is None or not _takes(written, text, currency, negative)
        return
    assert type(minor) is int
    assert written is not None
    assert EXACT.scaleb(Decimal(minor), -decimals(currency)) == written
    assert _takes(written, text, currency, negative)


def _takes(written: Decimal, text: str, currency: str, negative: bool) -> bool:
    """Whether `currency` has the amount, by another way of reckoning."""
    minor = EXACT.scaleb(written, decimals(currency))
    whole = minor == minor.to_integral_value()
    return whole and abs(minor) <= MAX_MINOR and (negative or not text.startswith("-"))


@given(text=NEARLY, currency=CODES, marks=MARKS)
@example(text="1.234,50", currency="USD", marks=(",", "."))
@example(text="1,234", currency="USD", marks=(",", "."))
def test_marks_change_no_amount(text: str, currency: str, marks: tuple[str, str]) -> None:
    decimal_mark, thousands_mark = marks
    try:
        minor = amounts(decimal_mark, thousands_mark)(text, currency)
    except BadInput as error:
        assert len(error.message) < 150
        return
    plain = text.strip() if decimal_mark != "." or thousands_mark else text
    if thousands_mark:
        plain = plain.replace(thousands_mark, "")
    plain = plain.replace(decimal_mark, ".")
    assert PLAIN.fullmatch(plain)
    assert EXACT.scaleb(Decimal(minor), -decimals(currency)) == Decimal(plain)


@given(text=NEARLY, marks=MARKS)
def test_a_quantity_stays_the_number_that_it_is(text: str, marks: tuple[str, str]) -> None:
    try:
        kept = decimal_text(*marks)(text)
    except BadInput as error:
        assert len(error.message) < 150
        return
    assert PLAIN.fullmatch(kept)
    plain = text.strip().replace(marks[1], "") if marks[1] else text.strip()
    assert Decimal(kept) == Decimal(plain.replace(marks[0], "."))
