"""The sandbox's own endpoints, under /_sandbox: its clock and its faults."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from invoicepay.sandbox import clock, faults
from invoicepay.sandbox.advance import advance
from invoicepay.sandbox.params import Required, between, choice, integer, read, text
from invoicepay.sandbox.wire import Answer, Doc, Form, Request, StripeError, answer, form_of, refuse

PREFIX = "/_sandbox/"


def handle(path: Path, db: sqlite3.Connection, request: Request) -> Answer:
    endpoint = _ENDPOINTS.get((request.method, request.path.removeprefix(PREFIX)))
    try:
        if endpoint is None:
            raise StripeError(404, f"No such control: {request.method} {request.path[:200]}")
        return answer(200, endpoint(path, db, form_of(request)))
    except StripeError as error:
        return refuse(error)


def _show_clock(path: Path, db: sqlite3.Connection, form: Form) -> Doc:
    read(form, {})
    return _clock(db)


def _advance_clock(path: Path, db: sqlite3.Connection, form: Form) -> Doc:
    seconds = read(form, {"seconds": Required(integer)})["seconds"]
    try:
        advance(path, timedelta(seconds=seconds))
    except (ValueError, OverflowError) as error:
        raise StripeError(400, str(error), param="seconds") from error
    return _clock(db)


def _clock(db: sqlite3.Connection) -> Doc:
    ahead = timedelta(microseconds=clock.stored_offset(db))
    now = datetime.now(UTC) + ahead
    return {"now": now.isoformat(), "offset_seconds": ahead.total_seconds()}


def _show_faults(path: Path, db: sqlite3.Connection, form: Form) -> Doc:
    read(form, {})
    return {"faults": [asdict(fault) for fault in faults.pending(db)]}


def _add_fault(path: Path, db: sqlite3.Connection, form: Form) -> Doc:
    values = read(
        form,
        {
            "match": Required(text),
            "kind": Required(choice(*faults.KINDS)),
            "seconds": _seconds,
            "skip": between(0, 1_000_000),
            "times": between(1, 1_000_000),
        },
    )
    faults.add(db, faults.Fault(**values))
    return _show_faults(path, db, {})


def _seconds(value: Any, name: str) -> float:
    try:
        seconds = float(text(value, name))
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise StripeError(400, "A delay has 0 to 3600 seconds.", param=name)
    return seconds


def _clear_faults(path: Path, db: sqlite3.Connection, form: Form) -> Doc:
    read(form, {})
    faults.clear(db)
    return _show_faults(path, db, {})


_ENDPOINTS = {
    ("GET", "clock"): _show_clock,
    ("POST", "clock"): _advance_clock,
    ("GET", "faults"): _show_faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
}
