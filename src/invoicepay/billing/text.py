"""Text that people type and others read: which characters are refused, and which are invisible."""

from __future__ import annotations

import re
from unicodedata import bidirectional

from invoicepay.billing.errors import BadInput
from invoicepay.billing.spelling import named

# C0, DEL and C1; characters that change direction; line and paragraph separators; lone
# surrogates; what is never drawn (Unicode's Default_Ignorable_Code_Point): zero-width ones,
# fillers, variation selectors, tags; and what is drawn as nothing, or stands for an object.
UNSEEN = (
    "\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    "\ud800-\udfff\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\u2800\ufffc\U00016fe4\U0001d159\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""For a class of a regular expression."""
NAME_LENGTH = 200
"""Characters of a name at most."""
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


# Patterns, compiled where they are needed: that takes milliseconds. Within a word of another script
# than ASCII, and in emoji, joiners and selectors shape the characters beside them; after ASCII only
# the selector of a keycap does (U+20E3).
_SHAPING = "\u200c\u200d\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_REFUSED = (
    rf"(?<![^\0-\x7f{UNSEEN}]|[{_SHAPING}])(?!\ufe0f\u20e3)[{_SHAPING}]|(?![{_SHAPING}])[{UNSEEN}]"
)
_REFUSED_IN_LINES = rf"(?![\t\n])(?:{_REFUSED})"


def is_plain(text: str) -> bool:
    """Whether each character of `text` is seen, and each space an ordinary one."""
    return text.isprintable() and (text.isascii() or re.search(f"[{UNSEEN}]", text) is None)


def check_text(
    text: str, what: str, *, longest: int, lines: bool = False, plain: bool = False
) -> str:
    """`text` of any script, without the spaces around it. `what` names it, e.g. `the label`.

    Raises BadInput for a character that nobody sees (control characters, what turns the direction,
    zero-width spaces), and for more than `longest` characters. `lines`: tabs and line breaks are
    taken, too. `plain`: an identifier, which has to be `is_plain`.
    """
    text = text.strip()
    if lines:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not (text.isascii() and text.isprintable()):
        if plain:
            bad = next((c for c in text if not is_plain(c)), None)
        else:
            found = re.search(_REFUSED_IN_LINES if lines else _REFUSED, text)
            bad = found and found[0]
        if bad:
            name = "a line break" if bad == "\n" else named(bad)
            raise BadInput("bad_text", f"{what} has {name}", "Leave it out.")
    if len(text) > longest:
        raise BadInput("bad_text", f"{what} is longer than {longest} characters")
    return text
