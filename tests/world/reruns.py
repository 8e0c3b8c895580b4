"""Transactions whose bodies run twice, as a database asks for that finds two in conflict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import local
from typing import TypeVar

import pytest

from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.ledger.unit import SqliteUnit
from tests.world.clock import StandingClock
from tests.world.ids import PlainIds

T = TypeVar("T")


class _Undone(Exception):
    """Of a first run."""


def run_in_vain(ledger: SqliteLedger, body: Callable[[SqliteUnit], object]) -> None:
    """Run `body` in a transaction that is then rolled back. What it raises is raised."""
    with suppress(_Undone), ledger.write() as unit:
        body(unit)
        raise _Undone


@contextmanager
def every_body_runs_twice() -> Iterator[None]:
    """Each body, the first time in vain; and none takes times or ids, of which a second run would
    get others."""
    once, here = SqliteLedger.transact, local()

    def twice(self: SqliteLedger, body: Callable[[SqliteUnit], T]) -> T:
        def run(unit: SqliteUnit) -> T:
            here.in_body = True
            try:
                return body(unit)
            finally:
                here.in_body = False

        run_in_vain(self, run)
        return once(self, run)

    def outside(take: Callable[..., T]) -> Callable[..., T]:
        def taken(self: object) -> T:
            assert not getattr(here, "in_body", False), (
                "taken within a transaction, which may run again"
            )
            return take(self)

        return taken

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteLedger, "transact", twice)
        for port, names in (
            (StandingClock, ("now", "real_now")),
            (PlainIds, ("new", "secret", "code")),
        ):
            for name in names:
                patch.setattr(port, name, outside(getattr(port, name)))
        yield
