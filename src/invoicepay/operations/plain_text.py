"""Text that people type and others will read: no control characters, no tricks."""

from __future__ import annotations

import re

from invoicepay.billing.errors import BadInput

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
