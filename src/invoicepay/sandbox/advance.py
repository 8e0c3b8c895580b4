"""Move the sandbox's clock forward."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from invoicepay.sandbox.clock import file_errors, stored_offset
from invoicepay.sandbox.settlement import settle_due
from invoicepay.sandbox.store import connect, immediate

_MICROSECOND = timedelta(microseconds=1)


def advance(path: Path, by: timedelta) -> datetime:
    """Move the clock forward and return the new time (UTC).

    The bank does at once everything that is due by then. The sandbox file is made where there is
    none. A clock never goes back: ValueError. Raises SandboxFileError.
    """
    if by < timedelta(0):
        raise ValueError("the sandbox's clock cannot go back")
    with file_errors(path), closing(connect(path)) as db, immediate(db):
        ahead = timedelta(microseconds=stored_offset(db)) + by
        try:
            moved = datetime.now(UTC) + ahead
        except OverflowError:
            raise ValueError("the sandbox's clock ends with the year 9999") from None
        db.execute("UPDATE clock SET offset_microseconds = ?", (ahead // _MICROSECOND,))
        settle_due(db, int(moved.timestamp()))
    return moved
