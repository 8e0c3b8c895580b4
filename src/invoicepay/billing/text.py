"""Text that people type and others read: which characters are refused, and which are invisible."""

from __future__ import annotations

import re
from unicodedata import bidirectional

from invoicepay.billing.errors import BadInput

# C0, DEL and C1; characters that change direction; line and paragraph separators; lone
# surrogates; what is never drawn (Unicode's Default_Ignorable_Code_Point): zero-width ones,
# fillers, variation selectors, tags; and what is drawn as nothing, or stands for an object.
UNSEEN = (
    "\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    "\ud800-\udfff\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\u2800\ufffc\U00016fe4\U0001d159\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""For a class of a regular expression."""
_APART = set("\t\n\v\f\r\x85\u2028\u2029")


_LEFT_TO_RIGHT = "\u200e"
"""A mark that is not drawn (UAX #9)."""


def kept_apart(text: str) -> str:
    """`text` to stand in one line with figures, where whatever shows it orders lines by itself:
    text from right to left would draw the figures after it into its own order, and an amount
    would stand under another's heading."""
    if text.isascii() or all(bidirectional(char) not in ("R", "AL") for char in text):
        return text
    return f"{_LEFT_TO_RIGHT}{text}{_LEFT_TO_RIGHT}"


def one_line(text: str) -> str:
    """`text` without them, on one line: where they kept words apart, a space does."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(f"[{UNSEEN}]+", lambda found: " " if _APART & set(found[0]) else "", text)


# C0, C1, line and paragraph separators, characters that turn direction, lone surrogates.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def check_line(text: str, what: str, *, longest: int = 200) -> str:
    """`text`, stripped. Raises BadInput for more than one line, or more than `longest`
    characters. `what` names it, e.g. `the label`."""
    text = text.strip()
    if _HIDDEN.search(text):
        raise BadInput("bad_text", f"{what} has control characters", "Type it anew.")
    if len(text) > longest:
        raise BadInput("bad_text", f"{what} is longer than {longest} characters")
    return text


def check_lines(text: str, what: str, *, longest: int = 4000) -> str:
    """As check_line, for text of several lines."""
    lines = text.strip().replace("\r\n", "\n").split("\n")
    joined = "\n".join(check_line(line, what, longest=longest) for line in lines)
    if len(joined) > longest:
        raise BadInput("bad_text", f"{what} is longer than {longest} characters")
    return joined
