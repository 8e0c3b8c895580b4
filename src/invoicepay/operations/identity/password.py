"""Passwords: which are good enough, and change one's own.

The rule is length, and nothing common (NIST SP 800-63B, 3.1.1). No rules about digits or capitals:
they make passwords worse. Instead parts that are hard to guess are counted. A common word, a year,
a run of neighbouring letters or keys, a repeated character, or a word of the person or company
counts as one, however long it is; any other character counts as one each.

A package such as zxcvbn estimates better, but it is a dependency with a 30,000-word list to load
and keep, for a check that only has to catch what everybody tries first.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from itertools import pairwise

from invoicepay.billing.customer import Actor, Session
from invoicepay.billing.errors import NotAllowed, Refused
from invoicepay.billing.ports import Ports, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.identity.authenticate import require_login
from invoicepay.operations.identity.common_words import KEYBOARD_ROWS, WORDS
from invoicepay.operations.identity.throttle import count_attempt
from invoicepay.operations.mailing.address import readable

SHORTEST = 12
"""Characters: code points after NFKC normalisation, as the hash sees them."""
LARGEST = 1024
"""Bytes of UTF-8."""
FEWEST_HARD_PARTS = 8

_LETTERS = re.compile(r"[^\W\d_]{3,}")
_YEAR = re.compile(r"(?:19|20)[0-9][0-9]", re.ASCII)
# How people write letters as digits; 1 is both i and l.
_PLAIN = str.maketrans("0134578@$!|", "oleastbasil")
_PLAIN_I = str.maketrans("0134578@$!|", "oieastbasii")
_WINDOW = 64
"""Characters looked at: a password with eight hard parts in these is good."""


def check_new_password(password: str, *own: str) -> None:
    """Raises Refused (`weak_password`) for a password that is too short, too long or common.

    `own`: what others know of the person: company's name, e-mail, name.
    """
    try:
        text = unicodedata.normalize("NFKC", password)
        size = len(text.encode())
    except UnicodeEncodeError:
        raise _weak("the password is not valid text", "Type it anew.") from None
    if len(text) < SHORTEST:
        raise _weak(f"the password has fewer than {SHORTEST} characters", "A few words do well.")
    if size > LARGEST:
        raise _weak(f"the password is longer than {LARGEST} bytes", "Choose a shorter one.")
    if hard_parts(text, tuple(map(readable, own))) < FEWEST_HARD_PARTS:
        raise _weak(
            "the password is too easy to guess",
            "Use a few words that do not belong together, or let a password manager choose.",
        )


def hard_parts(text: str, own: tuple[str, ...] = ()) -> int:
    """How many parts of `text` are hard to guess, at least, over all ways to read it."""
    lower = _one_of_repeats(text.casefold())[:_WINDOW]
    words = WORDS.union(*(_own_words(name) for name in own))
    longest = max(map(len, words))
    readings = (lower, lower.translate(_PLAIN), lower.translate(_PLAIN_I))
    fewest = [0] * (len(lower) + 1)
    for end in range(1, len(lower) + 1):
        fewest[end] = fewest[end - 1] + 1
        for start in range(max(0, end - longest), end - 1):
            if fewest[start] + 1 < fewest[end] and any(r[start:end] in words for r in readings):
                fewest[end] = fewest[start] + 1
        for start in range(end - 2):  # runs of three or more
            if fewest[start] + 1 < fewest[end] and _is_run(lower[start:end]):
                fewest[end] = fewest[start] + 1
    return fewest[-1]


def _is_run(text: str) -> bool:
    """A year, a character repeated, or neighbours in the alphabet or on the keyboard."""
    if _YEAR.fullmatch(text):
        return True
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    if steps in ({0}, {1}, {-1}):
        return True
    return any(text in row or text[::-1] in row for row in KEYBOARD_ROWS)


def _one_of_repeats(text: str) -> str:
    """`abcabcab` holds no more than `abc` and that it is repeated."""
    at = (text + text).find(text, 1)
    if at < len(text):
        return text[:at]
    for period in range(1, len(text) // 2 + 1):
        if all(text[i] == text[i - period] for i in range(period, len(text))):
            return text[: period + 1]
    return text


def _own_words(name: str) -> set[str]:
    """The words of a name or address, and all of it as one."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    words = set(_LETTERS.findall(folded)) | {folded} | set(re.split(r"[\s@]+", folded))
    return {w for w in words | {"".join(_LETTERS.findall(folded))} if len(w) >= 3}


def _weak(message: str, hint: str) -> Refused:
    return Refused("weak_password", message, hint)


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """`sessions_ended`: other logins that are out now. Tokens go on: `tokens revoke` ends them."""

    sessions_ended: int
    tokens_kept: int


@dataclass(frozen=True, slots=True)
class ChangePassword(Request[PasswordChanged]):
    current: str = field(repr=False)
    new: str = field(repr=False)


def change_password(request: ChangePassword, actor: Actor, ports: Ports) -> PasswordChanged:
    """Set `new`, end the contact's other logins, keep this one and the scripts' tokens.

    Guessing `current` is throttled like a login. Raises NotAllowed (`login_failed`,
    `login_throttled`, `not_allowed` for a token) or Refused (`weak_password`).
    """
    with ports.ledger.read() as unit:
        contact = require_login(unit, actor, "change a password")
        company = unit.company.get().name
    if request.new == request.current:
        raise Refused("weak_password", "the new password is the old one", "Choose another.")
    check_new_password(request.new, company, contact.email, contact.name)
    now, changed_at = ports.clock.real_now(), ports.clock.now()
    ports.ledger.transact(lambda unit: count_attempt(unit, contact.email, now))
    if not ports.passwords.verify(contact.password_hash, request.current):
        raise NotAllowed("login_failed", "the current password is wrong", "Try again.")
    password_hash = ports.passwords.hash(request.new)

    def change(unit: Unit) -> tuple[list[Session], list[Session]]:
        if require_login(unit, actor, "change a password") != contact:
            raise NotAllowed("login_failed", "the password was changed meanwhile", "Log in again.")
        unit.contacts.put(replace(contact, password_hash=password_hash))
        unit.sessions.clear_failures(contact.email)
        live = [s for s in unit.sessions.of_contact(contact.id) if s.live_at(now)]
        ended = [s for s in live if s.kind == "session" and s.id != actor.session_id]
        for session in ended:
            unit.sessions.revoke(session.id, now)
        unit.journal.append(
            "contact.password_set",
            contact.id,
            contact.email,
            changed_at,
            {"by": "owner", "sessions_ended": len(ended)},
        )
        return live, ended

    live, ended = ports.ledger.transact(change)
    return PasswordChanged(len(ended), sum(s.kind == "token" for s in live))
