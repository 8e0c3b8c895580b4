"""Runs a command over and over in forked processes, each killed (SIGKILL) one event later.

    python kill_at.py FOLDER COMMAND…

An event is either side of a ledger's commit, of a call to the gateway, and of sending an e-mail.
Each process works on a copy, FOLDER-0, FOLDER-1, …; the last one ends by itself. Prints the events.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from invoicepay.cli.main import main
from invoicepay.gateway.stripe_gateway import StripeGateway
from invoicepay.ledger.file import SqliteLedger
from invoicepay.ledger.unit import SqliteUnit
from invoicepay.mail.folder import FolderMailer


def dies_at(last: int, log: int) -> Callable[[str], None]:
    """A counter of events that kills this process at number `last`."""
    events = iter(range(1_000_000))

    def event(name: str) -> None:
        number = next(events)
        os.write(log, f"{name}\n".encode())
        if number == last:
            os.kill(os.getpid(), signal.SIGKILL)

    return event


def watch(event: Callable[[str], None]) -> None:
    """Put events around everything that another process could notice."""
    write = SqliteLedger.write

    @contextmanager
    def watched_write(self: SqliteLedger) -> Iterator[SqliteUnit]:
        with write(self) as unit:
            yield unit
            event("before commit")
        event("after commit")

    SqliteLedger.write = watched_write  # type: ignore[method-assign]
    for owner, names in (
        (StripeGateway, ("create", "confirm", "retrieve", "cancel")),
        (FolderMailer, ("send",)),
    ):
        for name in names:
            setattr(owner, name, _watched(getattr(owner, name), name, event))


def _watched(call: Any, name: str, event: Callable[[str], None]) -> Any:
    def watched(*arguments: Any) -> Any:
        event(f"before {name}")
        result = call(*arguments)
        event(f"after {name}")
        return result

    return watched


def run_all(folder: Path, command: list[str]) -> list[str]:
    number = 0
    while True:
        copy = folder.with_name(f"{folder.name}-{number}")
        shutil.copytree(folder, copy)
        reader, log = os.pipe()
        child = os.fork()
        if child == 0:
            os.environ["INVOICEPAY_LEDGER"] = str(copy / "ledger.db")
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            watch(dies_at(number, log))
            main(command)
        os.close(log)
        events = os.fdopen(reader).read().splitlines()
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return events
        number += 1


if __name__ == "__main__":
    print(json.dumps(run_all(Path(sys.argv[1]), sys.argv[2:])))
