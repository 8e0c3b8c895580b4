"""Text from data, made harmless before it is laid out. Knows nothing of fonts or PDF."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator
from dataclasses import fields, is_dataclass

from invoicepay.billing.money import decimals
from invoicepay.billing.text import UNSEEN

REPLACEMENT = "□"
"""Stands for a character that cannot be shown, so that the reader sees that one is missing."""

_UNSEEN = re.compile(f"[{UNSEEN}]")
_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)


def tidy(text: str) -> str:
    """`text` without what is not meant to be seen.

    Control characters, direction changers and all else that is never drawn are dropped; every
    kind of line end becomes a newline, a tab a space, a lone surrogate (which no encoding can
    write) the replacement. Composed (NFC), because marks are not positioned.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_tidied, unicodedata.normalize("NFC", text.replace("\r\n", "\n"))))


def _tidied(char: str) -> str:
    if char in "\n\r\v\f\x85\u2028\u2029":
        return "\n"
    if char == "\t":
        return " "
    category = unicodedata.category(char)
    if category == "Cs":
        return REPLACEMENT
    return "" if category == "Cf" or _UNSEEN.match(char) else char


def shown(text: str, known: Container[str], shaped: Container[str]) -> str:
    """`text` tidied, with each character replaced that can neither be drawn letter by letter (it
    is `known` to the font) nor as shaped text.

    Letter by letter, text from right to left would read backwards, and a box is more honest than
    a wrong name.
    """
    text = tidy(text)
    if text.isascii():
        return text
    return "".join(
        char
        if char == "\n" or (char in known and _left_to_right(char)) or char in shaped
        else _unknown(char)
        for char in text
    )


def _left_to_right(char: str) -> bool:
    return unicodedata.bidirectional(char) not in ("R", "AL")


def _unknown(char: str) -> str:
    return " " if unicodedata.category(char) == "Zs" else REPLACEMENT


def strings(value: object) -> Iterator[str]:
    """Every string in a dataclass or tuple, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from strings(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from strings(getattr(value, field.name))


def price(text: str, currency: str) -> str:
    """A unit price for people: `1250` → `1,250.00`, `0.0035` as it is, other text as it is."""
    found = _DECIMAL.fullmatch(text)
    if found is None or len(text) > 40:
        return text
    fraction = (found[3] or "").ljust(decimals(currency), "0")
    return f"{found[1]}{int(found[2]):,}" + (f".{fraction}" if fraction else "")
