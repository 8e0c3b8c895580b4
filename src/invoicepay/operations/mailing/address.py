"""E-mail addresses: how they are checked, kept and shown.

One is kept in lower case and ASCII, a domain of other letters as IDNA 2008 (RFC 5891) encodes it
(`rechnung@xn--mller-kva.example`): so it is sent, and so logins are compared.
"""

from __future__ import annotations

import re

from invoicepay.billing.errors import BadInput, shortened
from invoicepay.billing.spelling import skeleton, telling_apart
from invoicepay.billing.text import one_line

_ASCII_FORM = "if it is right, write its ASCII form (xn--…)"
MOST_ADDRESSES = 10
"""Of one customer."""
_LONGEST = 254
"""Characters, RFC 5321."""
# RFC 5321 4.1.2 without quoted local parts, labels as in RFC 1035 2.3.4; at least one dot in the
# domain is not asked for.
_ATOM, _LABEL = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(
    rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*",
    re.ASCII,
)
_MARKS = ".!#$%&'*+/=?^_`{|}~-"


def check_email(text: str) -> str:
    """The one address in `text` as it is kept. Raises BadInput."""
    email = text.strip()
    local, at, domain = email.rpartition("@")
    if len(email) <= _LONGEST and at and not email.isascii():
        if local.isascii():
            email = f"{local}@{_checked_domain(email, domain)}"
        elif all(character.isalnum() or character in _MARKS for character in local):
            raise BadInput(
                "bad_text",
                f"'{_shown(email)}' has letters before the @ that many mail servers do not take: "
                "ask for an address with ASCII letters there",
            )
    email = email.lower()
    if len(email) > _LONGEST or not _EMAIL.fullmatch(email):
        what = f"'{_shown(text.strip())}' is not an e-mail address"
        raise BadInput("bad_text", what, "Write it like name@example.com.")
    return email


def check_emails(text: str) -> tuple[str, ...]:
    """The addresses in `text`, separated by `;`, `,` or line ends, each once. Raises BadInput."""
    stripped = (part.strip() for part in re.split(r"[;,\r\n]", text))
    parts = dict.fromkeys(part for part in stripped if part)
    if len(parts) > MOST_ADDRESSES:
        raise BadInput("bad_text", f"it has more than {MOST_ADDRESSES} e-mail addresses")
    return tuple(dict.fromkeys(map(check_email, parts)))


def with_ascii_domain(text: str) -> str:
    """`text` with its domain in ASCII, where it has one that can be; else as it is."""
    local, at, domain = text.strip().rpartition("@")
    if domain.isascii() or len(domain) > _LONGEST:
        return text
    try:
        return f"{local}{at}{_encoded(domain)}"
    except UnicodeError:
        return text


def readable(email: str) -> str:
    """`email`, which is kept, as people are shown it: where that differs, with its domain's own
    letters, and the ASCII form beside it."""
    if "xn--" not in email or len(email) > _LONGEST:
        return email
    import idna

    local, at, domain = email.rpartition("@")
    try:
        return f"{local}{at}{idna.decode(domain)} ({domain})"
    except UnicodeError:
        return email


def _checked_domain(email: str, domain: str) -> str:
    """`domain` in ASCII. Raises BadInput where it cannot be, or looks like one that is ASCII."""
    try:
        encoded = _encoded(domain)
    except UnicodeError:
        what = f"'{_shown(email)}' is not an e-mail address: IDNA knows no such domain"
        raise BadInput("bad_text", f"{what}; {_ASCII_FORM}") from None
    looks = skeleton(domain.lower())
    if looks.isascii() and looks != encoded:
        has = telling_apart(domain.lower(), looks)
        what = f"the domain of '{_shown(email)}' looks like {looks}, but has {has}"
        raise BadInput("bad_text", f"{what}; {_ASCII_FORM}")
    return encoded


def _encoded(domain: str) -> str:
    import idna

    return idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")


def _shown(text: str) -> str:
    return "".join(c if one_line(c) == c else "?" for c in shortened(text, 60))
