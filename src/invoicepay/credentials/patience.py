"""How long a command waits for what may never answer: a keyring behind a dialog that nobody sees,
a file on a mount that hangs."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

ATTENDED = 30.0
"""Seconds. A person may be typing a password into a dialog."""
UNATTENDED = 10.0
"""Seconds. A good keyring answers within 0.05; loading one from a cold disk takes a few."""
_STEP = 1.0  # seconds, after which it is said; and Windows interrupts no longer wait


class GaveUp(Exception):
    """What was asked has not answered in time, and may never."""


class Patience:
    """One for each command. `tell` says a line to a person at the terminal, who is waited for
    longer; None where there is nobody. `seconds` for each call, all of it.

    What has not answered once is not asked again: a command that asks in several places would
    wait in each.
    """

    def __init__(
        self, tell: Callable[[str], None] | None = None, seconds: float | None = None
    ) -> None:
        self._tell = tell
        self._seconds = seconds or (ATTENDED if tell else UNATTENDED)
        self._silent: set[str] = set()

    def wait_for(self, what: str, call: Callable[[], T]) -> T:
        """What `call` returns or raises. Raises GaveUp where it does neither in time.

        It runs in a thread: to start a process takes longer than a keyring takes to answer. The
        thread is a daemon, so no exit waits for it, and Ctrl-C reaches us, who only wait. What the
        call has started in turn is ended with it, where the system tells (Linux).
        """
        if what in self._silent:
            raise GaveUp(what)
        results: list[T] = []
        problems: list[BaseException] = []
        done = threading.Event()

        def run() -> None:
            try:
                results.append(call())
            except BaseException as problem:  # noqa: BLE001 - it is raised where it is waited for
                problems.append(problem)
            finally:
                done.set()

        thread = threading.Thread(target=run, name=what, daemon=True)
        thread.start()
        try:
            self._wait(what, done)
        finally:
            if not done.is_set():
                _end_children_of(thread)
        if problems:
            raise problems[0]
        return results[0]

    def _wait(self, what: str, done: threading.Event) -> None:
        give_up, told = time.monotonic() + self._seconds, False
        while not done.wait(max(0.0, min(_STEP, give_up - time.monotonic()))):
            if time.monotonic() >= give_up:
                self._silent.add(what)
                raise GaveUp(what)
            if self._tell and not told:
                self._tell(f"Waiting for {what}; it may be asking in another window.")
                told = True


def _end_children_of(thread: threading.Thread) -> None:
    """End the processes that `thread` started, and theirs: with every run from cron there would
    be more of them."""
    for process in list(_started_by(f"/proc/self/task/{thread.native_id}")):
        with suppress(OSError):
            os.kill(process, signal.SIGTERM)


def _started_by(task: str) -> Iterator[int]:
    """Process ids, the oldest first; none where the system does not list them."""
    with suppress(OSError):
        for child in Path(f"{task}/children").read_text().split():
            yield int(child)
            for thread in Path(f"/proc/{child}/task").iterdir():
                yield from _started_by(str(thread))
