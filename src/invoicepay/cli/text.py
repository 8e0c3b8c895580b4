"""Text from data is hostile: what a terminal would obey is taken out here, at the one output
layer."""

from __future__ import annotations

import re
import unicodedata

# C0, DEL and C1; characters that change direction; zero-width and other invisible ones; line
# and paragraph separators; lone surrogates; tags.
_OBEYED = (
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0]+"
)
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


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
    cleaned = clean_lines(text)
    return "'" + cleaned if cleaned.lstrip().startswith(_FORMULA) else cleaned


def width(text: str) -> int:
    """Terminal cells that cleaned `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
