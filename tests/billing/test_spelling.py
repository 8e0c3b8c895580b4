"""Which texts are one number, and which only look like it."""

from __future__ import annotations

import string
import unicodedata

import pytest

from invoicepay.billing import spelling
from invoicepay.billing.spelling import (
    find_spelling,
    normalized,
    skeleton,
    spellings,
    telling_apart,
)

COMPOSED, DECOMPOSED = "R\u00e9-7", "Re\u0301-7"


def test_canonically_equivalent_texts_have_one_spelling() -> None:
    assert normalized(DECOMPOSED) == normalized(COMPOSED) == COMPOSED
    assert normalized("\u212b-1") == "\u00c5-1"  # the ångström sign
    assert normalized("\uff29NV-1") == "\uff29NV-1"  # looks like it, and is another


def test_what_is_ascii_looks_like_itself_only() -> None:
    """Upper and lower case, `0` and `O`, `1` and `l` are apart in the numbers of companies."""
    assert skeleton(string.printable) == string.printable
    assert len({skeleton(number) for number in ("INV-1", "inv-1", "INV-l", "INV-I")}) == 4


@pytest.mark.parametrize(
    "other",
    [
        "INV\u20119",  # a hyphen that does not break
        "INV\u22129",  # a minus
        "INV\u20139",  # an en dash
        "INV\uff0d9",  # full width
        "INV\ufe589",  # a small em dash
        "\u0406NV-9",  # a Cyrillic letter
        "I\u039dV-9",  # a Greek letter
        "\uff29\uff2e\uff36-\uff19",
        "INV-\U0001d7d7",  # a bold digit
    ],
)
def test_what_looks_like_ascii(other: str) -> None:
    assert skeleton(other) == "INV-9"
    assert normalized(other) != "INV-9"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (COMPOSED, DECOMPOSED),
        ("R\u00e9-7", "R\u0435\u0301-7"),  # the accent stands on a Cyrillic letter
        ("\u0401-1", "\u00cb-1"),  # a Cyrillic letter and a Latin one, each with its dots
        ("\u0421\u0427-1", "C\u0427-1"),
        ("INV 9", "INV\u00a09"),
        ("2026/1", "2026\u20441"),
        ("INV-9", "INV\u30fc9"),  # as Japanese keyboards type it
        ("INV-9", "INV\uff709"),
        ("INV-9", "INV\u25009"),
        ("Fi-1", "F\u0131-1"),
        ("O'Neil-1", "O\u2019Neil-1"),
    ],
)
def test_what_looks_alike(one: str, other: str) -> None:
    assert one != other
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize("other", ["Re-7", "R\u00c9-7", "R\u00e8-7", "R\u00e9-71", "R\u00e97"])
def test_what_can_be_told_apart(other: str) -> None:
    assert skeleton(other) != skeleton(COMPOSED)


def test_the_letters_are_none_of_ascii() -> None:
    pairs = spelling._LETTERS.split()
    assert len({pair[0] for pair in pairs}) == len(pairs)
    for letter, latin in (tuple(pair) for pair in pairs):
        assert unicodedata.name(letter).startswith(("CYRILLIC", "GREEK", "LATIN")), letter
        assert not letter.isascii()
        assert unicodedata.normalize("NFKD", letter) in (letter, "\u03a3"), letter
        assert latin in string.ascii_letters + string.digits
        if latin.isalpha() and letter not in "\u042c\u04c0":  # like a small b; has no case
            assert letter.isupper() == latin.isupper(), letter


def test_marks_are_not_letters() -> None:
    marks = spelling._DASHES + spelling._APOSTROPHES
    assert all(unicodedata.category(mark)[0] in "PSL" and not mark.isascii() for mark in marks)


def test_a_number_is_found_as_it_was_typed_before_another_spelling() -> None:
    assert find_spelling(DECOMPOSED, [COMPOSED, DECOMPOSED]) == DECOMPOSED
    assert find_spelling(DECOMPOSED, ["INV-1", COMPOSED]) == COMPOSED
    assert find_spelling("INV-9", ["INV\u20119"]) is None


def test_all_spellings_that_a_ledger_may_have() -> None:
    assert spellings("INV-1") == ["INV-1"]
    assert spellings(COMPOSED) == [COMPOSED, DECOMPOSED]
    assert set(spellings("A\u030a\u00e9")) == {"A\u030a\u00e9", "\u00c5\u00e9", "A\u030ae\u0301"}


def test_what_tells_two_apart_is_named() -> None:
    said = telling_apart("INV\u20119", "INV-9")
    assert said == "U+2011, NON-BREAKING HYPHEN, for U+002D, HYPHEN-MINUS"
    assert telling_apart("1\ufb01", "1fi").startswith("U+FB01, LATIN SMALL LIGATURE FI, for")
    assert telling_apart("Re", "Re\u0301") == "U+0301, COMBINING ACUTE ACCENT"
    assert telling_apart("Re\u0301", "Re") == "U+0301, COMBINING ACUTE ACCENT"
