"""Days as people type them."""

from __future__ import annotations

from datetime import date

from invoicepay.billing.dates import Period, parse_period
from invoicepay.cli.state import State


def period(text: str, state: State) -> Period:
    """The days that `text` means, in the company's time zone. Raises BadInput."""

    def today() -> date:
        from invoicepay.operations.company import ShowCompany

        return state.call(ShowCompany()).today

    return parse_period(text, today)


def first_day(text: str | None, state: State) -> date | None:
    """The first day of `text`, where that is given."""
    return period(text, state).first if text else None


def last_day(text: str | None, state: State) -> date | None:
    """The last day of `text`, where that is given."""
    return period(text, state).last if text else None
