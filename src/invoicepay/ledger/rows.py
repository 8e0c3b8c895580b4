"""How values are stored in rows: their types, days and instants."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from invoicepay.billing.dates import date_of

T = TypeVar("T")
P = ParamSpec("P")
Row = tuple[Any, ...]
R = TypeVar("R", bound=Row)

_MOST_ROWS = 1 << 62
"""A person may ask for more than SQLite's integers hold."""


def optional_date(day: int | None) -> date | None:
    return None if day is None else date_of(day)


def instant_text(instant: datetime) -> str:
    """UTC as `2026-10-31T12:00:00.000000Z`: the same length always, so it sorts as text."""
    # Not strftime: its %Y is shorter before the year 1000, and it takes twice as long.
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def optional_instant_text(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)


def instant_of(text: str) -> datetime:
    """The UTC instant of `instant_text`."""
    return datetime.fromisoformat(text)


def optional_instant(text: str | None) -> datetime | None:
    return None if text is None else instant_of(text)


def row_limit(limit: int | None) -> int:
    """For LIMIT: one row more than is wanted, which shows that there are more; -1 for all."""
    return -1 if limit is None else min(limit, _MOST_ROWS) + 1


def of_page(rows: list[Row], limit: int | None) -> tuple[list[Row], bool]:
    """The page's rows of those that `row_limit` let through, and whether more follow."""
    return rows[:limit], limit is not None and len(rows) > limit


def unreadable(what: str, why: object) -> sqlite3.DatabaseError:
    """A row that no statement of ours can have written."""
    return sqlite3.DatabaseError(f"{what} cannot be read: {why}")


_TYPES = {"i": int, "s": str, "b": bytes}


def reads(
    what: str, types: str
) -> Callable[[Callable[Concatenate[R, P], T]], Callable[Concatenate[R, P], T]]:
    """Decorates what makes an object of a row. `types` of its columns: i(nteger), s (text) and
    b(ytes), with a ? where NULL may be: SQLite does not look at them again when it reads, and a
    page may be damaged. The result raises sqlite3.DatabaseError for a row that is none."""
    columns = tuple(
        (_TYPES[name[0]], type(None)) if name.endswith("?") else (_TYPES[name],)
        for name in types.split()
    )
    seen: set[tuple[type, ...]] = set()

    def check(row: Row, kinds: tuple[type, ...]) -> None:
        if not row:
            raise unreadable(what, "the row is missing")
        for number, (kind, column) in enumerate(zip(kinds, columns, strict=True), 1):
            if kind not in column:
                found = "NULL" if kind is type(None) else kind.__name__
                raise unreadable(what, f"column {number} is {found}")
        seen.add(kinds)

    def decorate(
        make: Callable[Concatenate[R, P], T],
    ) -> Callable[Concatenate[R, P], T]:
        def checked(row: R, /, *more: P.args, **named: P.kwargs) -> T:
            kinds = tuple(map(type, row))
            if kinds not in seen:
                check(row, kinds)
            try:
                return make(row, *more, **named)
            except (ValueError, OverflowError) as error:
                raise unreadable(what, error) from error

        return checked

    return decorate
