"""Ctrl-C, SIGTERM and SIGHUP while money may be moving."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


_LOST_AFTER = 1.0
"""Seconds after which a signal counts as lost: Python drops one that comes within a callback of its
own, as while it imports."""


class Interrupts:
    """The first of these signals raises KeyboardInterrupt, and once that has been heeded, further
    ones do nothing."""

    def __init__(self) -> None:
        self.heeded = False
        self._held = self._waiting = False
        self._again_from = 0.0

    def handle(self, signum: int, frame: FrameType | None) -> None:
        if self._held:
            self._waiting = True
        elif not self.heeded and time.monotonic() >= self._again_from:
            self._raise()

    def _raise(self) -> None:
        self._again_from = time.monotonic() + _LOST_AFTER
        raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """The block is done as a whole: a signal waits until its end."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._waiting and not self.heeded:
            self._raise()


@contextmanager
def one_interrupt() -> Iterator[Interrupts]:
    """After the first signal, and after the block, all are ignored until this process ends: what
    follows, telling the payer how it ended by a message and the exit code, is short. A signal that
    this process was started to ignore (nohup) stays ignored."""
    interrupts = Interrupts()
    heard = []
    for name in _SIGNALS:
        number = getattr(signal, name, None)  # no SIGHUP on Windows
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupts.handle)
            heard.append(number)
    try:
        yield interrupts
    finally:
        interrupts.heeded = True
        for number in heard:
            signal.signal(number, signal.SIG_IGN)
