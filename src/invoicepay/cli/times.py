"""Instants as people read them: in the company's time zone."""

from __future__ import annotations

from datetime import datetime

from invoicepay.cli.state import State


def time_text(instant: datetime, state: State, *, seconds: bool = False) -> str:
    """`2026-11-02 14:05 PST`, in the company's zone; in UTC where nobody is logged in."""
    format = "%Y-%m-%d %H:%M:%S %Z" if seconds else "%Y-%m-%d %H:%M %Z"
    return f"{instant.astimezone(state.zone):{format}}"


def day_text(instant: datetime, state: State) -> str:
    """`2026-11-02`, as `time_text`."""
    return f"{instant.astimezone(state.zone):%Y-%m-%d}"
