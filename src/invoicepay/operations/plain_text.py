"""Text that people type and others will read: no control characters, no tricks."""

from __future__ import annotations

import re

from invoicepay.billing.errors import BadInput

# C0, C1, line and paragraph separators, characters that turn direction, lone surrogates.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
# RFC 5321 4.1.2 without quoted local parts; at least one dot in the domain is not asked for.
_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
    r"(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*",
    re.ASCII,
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


def check_email(text: str) -> str:
    """The address in lower case. ASCII only, so that no two look alike. Raises BadInput."""
    email = text.strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        shown = _HIDDEN.sub("?", email if len(email) <= 60 else email[:57] + "...")
        raise BadInput(
            "bad_text", f"'{shown}' is not an e-mail address", "Write it like name@example.com."
        )
    return email
