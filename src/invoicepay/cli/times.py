"""Instants as people read them: in the company's time zone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from invoicepay.cli.layout import Column
from invoicepay.cli.state import State

T = TypeVar("T")
_MINUTES, _SECONDS = "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"


def time_text(instant: datetime, state: State, *, seconds: bool = False) -> str:
    """`2026-11-02 14:05 PST`, in the company's zone; in UTC when not logged in."""
    return f"{instant.astimezone(state.zone):{_SECONDS if seconds else _MINUTES} %Z}"


def day_text(instant: datetime, state: State) -> str:
    """`2026-11-02`, as `time_text`."""
    return f"{instant.astimezone(state.zone):%Y-%m-%d}"


def time_column(
    title: str,
    rows: Sequence[T],
    instant: Callable[[T], datetime | None],
    state: State,
    *,
    seconds: bool = False,
) -> Column[T]:
    """A column as `time_text`; where all of `rows` have one offset, the title names it for all."""
    format = _SECONDS if seconds else _MINUTES
    local = [at.astimezone(state.zone) for row in rows if (at := instant(row))]
    zones = {f"{at:%Z}" for at in local}
    if len(zones) == 1:
        title += f" ({zones.pop()})"
    else:
        format += " %Z"

    def text(row: T) -> str:
        at = instant(row)
        return f"{at.astimezone(state.zone):{format}}" if at else ""

    return Column(title, text)
