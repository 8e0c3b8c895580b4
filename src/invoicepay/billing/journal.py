"""The journal: what was done, in a chain that shows when a piece of it was changed or cut off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from invoicepay.billing.errors import Usage

REBUILT = "books.rebuilt"
"""Kind of the entry that says which figures were computed again."""


@dataclass(frozen=True, slots=True)
class JournalHead:
    """The last entry, in short. Kept elsewhere, it proves later that nothing before it was
    changed or cut off."""

    seq: int
    hash: str
    """SHA-256, hexadecimal."""

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """`subject`: what it is about (a payment's id, an invoice's number); `recorded_at` UTC."""

    seq: int
    recorded_at: datetime
    kind: str
    subject: str
    actor: str
    data: Mapping[str, object]
    rows: int
    """How many money rows it carries, as they were after it."""
    hash: str


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """`since`, UTC. `kind`: one kind, or with a dot at the end (`payment.`) all that begin so."""

    since: datetime | None = None
    kind: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two figures that should agree."""

    what: str
    expected: str
    found: str
    derived_of: str = ""
    """The invoice whose figure it is, where it follows from other rows and can be computed
    again."""


@dataclass(frozen=True, slots=True)
class JournalCheck:
    """The result of replaying the whole journal."""

    entries: int
    rows: int
    """Money rows that were compared."""
    head: JournalHead | None
    differences: tuple[Difference, ...]
    """The first of them."""
    count: int
    """How many differences there are in all."""
    all_derived: bool


_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})", re.ASCII)


def parse_head(text: str) -> JournalHead:
    """What `str(JournalHead)` wrote. Raises Usage."""
    match = _HEAD.fullmatch(text.strip())
    if match is None:
        what = "a head is a number, a colon, and 64 hexadecimal digits"
        raise Usage("usage", what, "`invoicepay audit head` prints one.")
    return JournalHead(int(match[1]), match[2])
