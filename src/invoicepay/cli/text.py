"""Text from data is hostile: what a terminal would obey is taken out here, at the one output
layer."""

from __future__ import annotations

import re
import unicodedata

from invoicepay.billing.text import one_line

SHORT = 8
"""Characters of an id that people are shown; commands take them for the whole."""
_STARTS = "[=+\\-@＝＋－＠]"
# At the start, and after what another program or locale takes for the end of a cell.
_FORMULA = rf"""^(?=[\s"]*{_STARTS})|(?<=[;\n])(?=(?:[^\S\n]|")*{_STARTS})"""


def clean(text: str) -> str:
    """`text` on one line, without anything a terminal obeys."""
    return one_line(text)


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
