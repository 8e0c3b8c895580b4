"""Texts that read the same: when two of them are one number, and when they only look alike.

Unicode has several spellings of one text. Canonically equivalent ones (UAX #15) are the same: `é`
as one character, or as `e` with an accent, which is how macOS writes it. Others only look the same:
`INV‑9` with a hyphen that does not break, `ІNV-9` with a Cyrillic letter.
"""

from __future__ import annotations

from collections.abc import Iterable

# Cyrillic and Greek letters that look like Latin ones, and Latin ones that look like ASCII: what
# confusables.txt of UTS #39 has for them, but each to the letter that it looks like, where that
# maps `I`, `l` and `1` to one. Small and here, for the package that has the whole file maps ASCII
# to ASCII, too (docs/decisions.md).
_LETTERS = (
    "АA ВB ЕE ЅS ІI ӀI ЈJ КK МM НH ОO РP СC ТT УY ҮY ХX З3 Ьb ѴV ԌG ԜW ԚQ "
    "аa еe оo рp сc уy үy хx ѕs іi ӏl јj һh ԁd ԛq ԝw ѡw ѵv ҽe гr б6 "
    "ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ϹC ͿJ ϜF ϺM αa γy ιi νv οo ρp σo υu ϳj κk χx "
    "ıi ɑa ɡg"
)
_DASHES = "‐‑‒–—―−⁃˗➖֊־᠆─━⎯ー"
_APOSTROPHES = "‘’‛′ʹʻʼʽ"
_LOOKS = {
    **{ord(pair[0]): pair[1] for pair in _LETTERS.split()},
    **dict.fromkeys(map(ord, _DASHES), "-"),
    **dict.fromkeys(map(ord, _APOSTROPHES), "'"),
    **dict.fromkeys(map(ord, "⁄∕"), "/"),
    ord("∶"): ":",
    0x1680: " ",
}


def normalized(text: str) -> str:
    """`text` in the one spelling (NFC) of those that are canonically equivalent."""
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFC", text)


def spellings(text: str) -> list[str]:
    """`text` as it is, in NFC and in NFD, each once: what ledgers and files may have it as."""
    if text.isascii():
        return [text]
    from unicodedata import normalize

    return list(dict.fromkeys((text, normalize("NFC", text), normalize("NFD", text))))


def skeleton(text: str) -> str:
    """The same for texts that look alike. ASCII is its own: upper and lower case, `0` and `O`, `1`
    and `l` stay apart, since companies count on it."""
    if text.isascii():
        return text
    from unicodedata import normalize

    return normalize("NFKD", text).translate(_LOOKS)


def looks(text: str) -> str:
    """The same for texts that a reader takes for one: those that look alike, with more space in
    them or less."""
    return " ".join(skeleton(text).split())


def find_spelling(text: str, numbers: Iterable[str]) -> str | None:
    """The one of `numbers` that is `text`: exactly, or else in another spelling of the same."""
    found = None
    for number in numbers:
        if number == text:
            return number
        if found is None and normalized(number) == normalized(text):
            found = number
    return found


def telling_apart(text: str, other: str) -> str:
    """What `text` has where `other`, which looks like it, has something else: `U+2011,
    NON-BREAKING HYPHEN, for U+002D, HYPHEN-MINUS`."""
    for has, for_ in zip(text, other, strict=False):
        if has != for_:
            return f"{named(has)}, for {named(for_)}"
    return named(max(text, other, key=len)[min(len(text), len(other))])


def named(character: str) -> str:
    """Its code point and name: `U+2011, NON-BREAKING HYPHEN`."""
    from unicodedata import category, name

    if category(character) == "Cs":
        return f"half of a surrogate pair (U+{ord(character):04X})"
    return f"U+{ord(character):04X}, {name(character, 'a control character')}"
