"""Faults on demand. They wait in the sandbox's file, so any process can set one for any other."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from invoicepay.sandbox.store import connect, immediate
from invoicepay.sandbox.wire import Answer, StripeError, refuse

FaultKind = Literal[
    "lose_answer",  # execute, then close the connection without a word
    "reset_before",  # reset the connection; nothing is executed
    "cut_body",  # execute, announce the whole answer, send half of it
    "delay",  # execute, answer `seconds` later
    "delay_before",  # execute and answer `seconds` later: the request is what is late
    "status_500",  # 500 instead of executing, kept under the key as Stripe keeps it
    "status_500_after",  # execute, then 500, kept under the key
    "conflict_409",  # idempotency_key_in_use; nothing is executed or kept
    "rate_limit_429",  # nothing is executed or kept
    "not_json",  # execute, then 200 with a page of HTML
    "redirect_307",  # to the same URL; nothing is executed
]
KINDS: tuple[str, ...] = get_args(FaultKind)


@dataclass(frozen=True)
class Fault:
    """What happens to the next `times` requests that match, after `skip` of them went well.

    `match` is a method and a path. `*` stands for one part of the path and `**` for any text:
    `POST /v1/payment_intents/*/confirm`, `GET /v1/**`, `**`.
    """

    match: str
    kind: str
    seconds: float = 0.0
    skip: int = 0
    times: int = 1


def add_fault(
    path: Path,
    match: str,
    kind: FaultKind,
    *,
    times: int = 1,
    skip: int = 0,
    seconds: float = 0.0,
) -> None:
    """Add a fault to the sandbox file at `path`. `seconds` is the length of a delay."""
    if kind not in KINDS:
        raise ValueError(f"no such fault: {kind}; there are {', '.join(KINDS)}")
    if times < 1 or skip < 0 or not 0 <= seconds <= 3600:
        raise ValueError("a fault needs times >= 1, skip >= 0 and 0 to 3600 seconds")
    with closing(connect(path)) as db:
        db.execute(
            "INSERT INTO faults (match, kind, seconds, skip, times) VALUES (?, ?, ?, ?, ?)",
            (match, kind, seconds, skip, times),
        )


def clear_faults(path: Path) -> None:
    with closing(connect(path)) as db:
        db.execute("DELETE FROM faults")


def take(db: sqlite3.Connection, method: str, path: str) -> Fault | None:
    """The fault that this request meets, counted down."""
    if db.execute("SELECT 1 FROM faults LIMIT 1").fetchone() is None:
        return None
    with immediate(db):
        rows = db.execute("SELECT seq, match, kind, seconds, skip, times FROM faults ORDER BY seq")
        for seq, *row in rows.fetchall():
            fault = Fault(*row)
            if not _pattern(fault.match).fullmatch(f"{method} {path}"):
                continue
            if fault.skip:
                db.execute("UPDATE faults SET skip = skip - 1 WHERE seq = ?", (seq,))
                continue
            db.execute("UPDATE faults SET times = times - 1 WHERE seq = ?", (seq,))
            db.execute("DELETE FROM faults WHERE times = 0")
            return fault
    return None


@cache
def _pattern(match: str) -> re.Pattern[str]:
    parts = {"**": ".*", "*": "[^/]*"}
    pieces = re.split(r"(\*\*|\*)", match)
    return re.compile("".join(parts.get(piece) or re.escape(piece) for piece in pieces))


def answer_instead(kind: str) -> Answer | None:
    """For the faults that answer without executing anything."""
    if kind == "conflict_409":
        return refuse(
            StripeError(
                409,
                "There is currently another in-progress request using this Idempotent Key (that "
                "probably means you submitted twice, and the other request is still going "
                "through). Please try again later.",
                code="idempotency_key_in_use",
            )
        )
    if kind == "rate_limit_429":
        return refuse(
            StripeError(
                429,
                "Request rate limit exceeded. Please slow down and try again.",
                code="rate_limit",
            )
        )
    return None
