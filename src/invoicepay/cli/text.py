"""Text from data is hostile: what a terminal would obey is taken out here, at the one output
layer."""

from __future__ import annotations

import re
import unicodedata

# C0, DEL and C1; characters that change direction; line and paragraph separators; lone
# surrogates; and what is never drawn (Unicode's Default_Ignorable_Code_Point): zero-width ones,
# fillers, variation selectors, tags.
_OBEYED = (
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    "\ud800-\udfff\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_STARTS = "[=+\\-@＝＋－＠]"
# At the start, and after what another program or locale takes for the end of a cell.
_FORMULA = rf"""^(?=[\s"]*{_STARTS})|(?<=[;\n])(?=(?:[^\S\n]|")*{_STARTS})"""


def clean(text: str) -> str:
    """`text` on one line, without anything a terminal obeys."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(_OBEYED, lambda found: " " if set(found[0]) & set("\t\n\r") else "", text)


def clean_lines(text: str) -> str:
    """`text` with its line breaks, and otherwise like `clean`."""
    return "\n".join(clean(line) for line in text.replace("\r\n", "\n").split("\n"))


def guarded(text: str) -> str:
    """`text` for a CSV cell: cleaned, and what a spreadsheet would run as a formula gets an
    apostrophe."""
    return re.sub(_FORMULA, "'", clean_lines(text))


def width(text: str) -> int:
    """Terminal cells that cleaned `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
