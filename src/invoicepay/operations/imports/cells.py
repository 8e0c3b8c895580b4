"""Cells into values, strictly; values of texts that repeat are cached."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Final

from invoicepay.billing.dates import day_number
from invoicepay.billing.errors import BadInput, quoted
from invoicepay.billing.money import check_currency, parse_minor
from invoicepay.billing.spelling import normalized
from invoicepay.billing.text import check_text, is_plain
from invoicepay.operations.imports.problems import CellError

_REMEMBERED: Final = 50_000
"""Different texts a cache holds: dates and currencies repeat, a hostile file's need not."""
ISO: Final = "%Y-%m-%d"
NUMBER_LENGTH, TEXT_LENGTH = 64, 2000
_DECIMAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,6})?", re.ASCII)
_MONTHS = "january february march april may june july august september october november december"


class DateFormat:
    """A strict, small part of strptime's language, for texts in ASCII."""

    _NAMES: Final = {"Y": "year", "y": "year", "m": "month", "d": "day", "b": "month", "B": "month"}
    _GROUPS: Final = {
        "Y": "([0-9]{4})",
        "y": "([0-9]{2})",
        "b": "([A-Za-z]{3})",
        "B": "([A-Za-z]{3,9})",
    }

    def __init__(self, form: str) -> None:
        """Raises ValueError for a format that does not give a year, a month and a day."""
        # Literal, directive, literal, directive, …, literal.
        parts = re.split(r"%(.?)", form)
        literals, self._order = parts[::2], [self._NAMES.get(p, p) for p in parts[1::2]]
        if unknown := [p for p in parts[1::2] if p not in self._NAMES]:
            raise ValueError(f"%{unknown[0]} is not known; use %Y or %y, %m, %b or %B, and %d")
        if sorted(self._order) != ["day", "month", "year"]:
            raise ValueError("it takes one year, one month and one day")
        # `1/2/2026` is clear without zeros; in ISO's own form, and without separators, they count.
        apart = form != ISO and all(literals[1:-1])
        digits = "([0-9]{1,2})" if apart else "([0-9]{2})"
        pattern = re.escape(literals[0])
        for directive, literal in zip(parts[1::2], literals[1:], strict=True):
            pattern += self._GROUPS.get(directive, digits) + re.escape(literal)
        self.form, self._pattern = form, re.compile(pattern, re.ASCII)

    def parse(self, text: str) -> date:
        """Raises ValueError. Two digits of a year are those of 2000 to 2099."""
        found = self._pattern.fullmatch(text)
        if found is None:
            raise ValueError("no match")
        part = dict(zip(self._order, found.groups(), strict=True))
        year = int(part["year"])
        if len(part["year"]) == 2:
            year += 2000
        return date(year, _month(part["month"]), int(part["day"]))


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    for number, name in enumerate(_MONTHS.split(), 1):
        if text.lower() in (name, name[:3]):
            return number
    raise ValueError("no month")


class Days(dict[str, int]):
    """Text → days since 1970-01-01. Raises ValueError with the reason."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._format = DateFormat(form)

    def __missing__(self, text: str) -> int:
        try:
            value = self._format.parse(text.strip())
        except ValueError:
            example = "2026-10-31" if self._format.form == ISO else self._format.form
            raise ValueError(f"{quoted(text)} is not a date like {example}") from None
        if not 1900 <= value.year <= 2199:
            raise ValueError(f"{quoted(text)} is not between 1900 and 2199")
        if len(self) >= _REMEMBERED:
            self.clear()
        day = day_number(value)
        if len(text) < NUMBER_LENGTH:
            self[text] = day
        return day


class Flags(dict[str, int]):
    """Text → 0 or 1; empty is 0. Raises ValueError with the reason."""

    def __missing__(self, text: str) -> int:
        word = text.strip().lower()
        if word not in ("", "yes", "no", "true", "false", "1", "0"):
            raise ValueError(f"{quoted(text)} is neither yes nor no")
        flag = int(word in ("yes", "true", "1"))
        if len(text) < NUMBER_LENGTH:
            self[text] = flag
        return flag


class Words(dict[str, str]):
    """One of a few words, in lower case. Raises ValueError with the reason."""

    def __init__(self, allowed: tuple[str, ...], default: str = "") -> None:
        super().__init__({word: word for word in allowed})
        self._allowed = ", ".join(allowed)
        if default:
            self[""] = default

    def __missing__(self, text: str) -> str:
        word = text.strip().lower()
        if word not in self:
            raise ValueError(f"{quoted(text)} is not one of {self._allowed}")
        return self[word]


class Currencies(dict[str, str]):
    """Currency code → the same in upper case. Raises ValueError with the reason."""

    def __missing__(self, text: str) -> str:
        try:
            code = check_currency(text.strip()) if text.isascii() else ""
        except BadInput:
            code = ""
        if not code:
            raise ValueError(f"{quoted(text)} is not a currency code such as USD")
        self[text.strip()] = code
        return code


Amounts = Callable[[str, str], int]
"""(text, currency) → minor units. Raises BadInput."""


def amounts(decimal_mark: str, thousands_mark: str) -> Amounts:
    """Reads amounts, negative ones too. Marks between thousands count only where each has
    three digits after it: `1,23` is a mistake there, not 123."""
    if decimal_mark == "." and not thousands_mark:
        return partial(parse_minor, negative=True)
    plain = normal_number(decimal_mark, thousands_mark)

    def parse(text: str, currency: str) -> int:
        return parse_minor(plain(text), currency, negative=True)

    return parse


def normal_number(decimal_mark: str, thousands_mark: str) -> Callable[[str], str]:
    """What makes `1.234,50` into `1234.50`. Text that is no number comes back as it is, but
    never with marks that would make it one."""
    if decimal_mark == "." and not thousands_mark:
        return str.strip
    whole = r"[0-9]{1,19}"
    if thousands_mark:
        whole += rf"|[0-9]{{1,3}}(?:{re.escape(thousands_mark)}[0-9]{{3}}){{1,6}}"
    pattern = re.compile(rf"(-?)({whole})(?:{re.escape(decimal_mark)}([0-9]{{1,6}}))?", re.ASCII)

    def plain(text: str) -> str:
        found = pattern.fullmatch(text.strip())
        if found is None:
            raise BadInput("bad_amount", f"{quoted(text)} is not an amount")
        digits = found[2].replace(thousands_mark, "") if thousands_mark else found[2]
        return found[1] + digits + (f".{found[3]}" if found[3] else "")

    return plain


def needs_cleaning(text: str) -> bool:
    """Whether `text`, or a part of it, is not to be kept as it is: see `identifier`."""
    return not (is_plain(text) and (text.isascii() or unicodedata.is_normalized("NFC", text)))


def identifier(text: str, field: str, *, required: bool = False, most: int = NUMBER_LENGTH) -> str:
    """`text`, trimmed and in NFC: one line without invisible characters. Raises CellError."""
    return normalized(as_spelled(text, field, required=required, most=most))


def as_spelled(text: str, field: str, *, required: bool = False, most: int = NUMBER_LENGTH) -> str:
    """An identifier as the file spells it. Raises CellError."""
    text = _checked(text, field, longest=most, plain=True)
    if required and not text:
        raise CellError(field, "it is empty")
    return text


def record_number(text: str, field: str) -> str:
    """An identifier that can be typed as an argument, as the file spells it: what the ledger has
    decides how it is kept (spellings.py). Raises CellError."""
    text = as_spelled(text, field, required=True)
    if text[0] == "-":
        raise CellError(field, f"{quoted(text)} begins with '-': it could not be typed as a number")
    return text


def free_text(text: str, field: str, *, most: int = TEXT_LENGTH, lines: bool = True) -> str:
    """`text` as people write it, see `check_text`. Raises CellError."""
    return _checked(text, field, longest=most, lines=lines)


def _checked(
    text: str, field: str, *, longest: int, lines: bool = False, plain: bool = False
) -> str:
    try:
        return check_text(text, "it", longest=longest, lines=lines, plain=plain)
    except BadInput as error:
        raise CellError(field, error.message) from None


def decimal_text(decimal_mark: str, thousands_mark: str) -> Callable[[str], str]:
    """Reads quantities and prices: `1.5`, kept as text. Raises BadInput."""
    plain = normal_number(decimal_mark, thousands_mark)

    def parse(text: str) -> str:
        found = plain(text)
        if _DECIMAL.fullmatch(found) is None:
            raise BadInput("bad_amount", f"{quoted(text)} is not a number such as 1.5")
        return found

    return parse
