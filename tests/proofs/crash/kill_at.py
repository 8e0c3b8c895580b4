"""The steps of a command: either side of a ledger's commit, of a call to the gateway, of sending
an e-mail, of saying what came of it, and of closing the ledger. At one of them the process is
killed (SIGKILL)."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from invoicepay.cli.output import Output
from invoicepay.gateway.stripe_gateway import StripeGateway
from invoicepay.ledger.file import LedgerFile
from invoicepay.ledger.unit import SqliteUnit
from invoicepay.mail.folder import FolderMailer

STEPS: tuple[tuple[type, str], ...] = (
    *((StripeGateway, name) for name in ("create", "confirm", "retrieve", "cancel")),
    *((StripeGateway, name) for name in ("create_customer", "attach_method", "detach_method")),
    (LedgerFile, "backup"),
    (LedgerFile, "close"),
    (FolderMailer, "send"),
    (Output, "one"),
    (Output, "many"),
)


def dies_at(last: int | str, log: int) -> Callable[[str], None]:
    """A counter of events that kills this process at the one with this number or name."""
    events = iter(range(1_000_000))

    def event(name: str) -> None:
        number = next(events)
        os.write(log, f"{name}\n".encode())
        if last in (number, name):
            os.kill(os.getpid(), signal.SIGKILL)

    return event


def watch(event: Callable[[str], None]) -> None:
    """Put events around everything that another process could notice."""
    write = LedgerFile.write

    @contextmanager
    def watched_write(self: LedgerFile) -> Iterator[SqliteUnit]:
        with write(self) as unit:
            yield unit
            event("before commit")
        event("after commit")

    LedgerFile.write = watched_write  # type: ignore[method-assign]
    for owner, name in STEPS:
        setattr(owner, name, _watched(getattr(owner, name), name, event))


def _watched(call: Any, name: str, event: Callable[[str], None]) -> Any:
    def watched(*arguments: Any, **named: Any) -> Any:
        event(f"before {name}")
        result = call(*arguments, **named)
        event(f"after {name}")
        return result

    return watched
