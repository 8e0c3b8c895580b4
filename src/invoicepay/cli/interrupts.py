"""Ctrl-C, SIGTERM and SIGHUP while money may be moving."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupts:
    """The first of these signals raises KeyboardInterrupt, and further ones do nothing."""

    def __init__(self) -> None:
        self.raised = False
        self._held = self._waiting = False

    def handle(self, signum: int, frame: FrameType | None) -> None:
        if self._held:
            self._waiting = True
        elif not self.raised:
            self.raised = True
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """What is done in the block is done whole: a signal waits until its end."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._waiting and not self.raised:
            self.raised = True
            raise KeyboardInterrupt


@contextmanager
def one_interrupt() -> Iterator[Interrupts]:
    """After the first signal, all are ignored until this process ends: what follows, finding out
    what to tell the payer and saying it by the exit code, is short. A signal that this process was
    started to ignore (nohup) stays ignored."""
    interrupts = Interrupts()
    before = {}
    for name in _SIGNALS:
        number = getattr(signal, name, None)  # no SIGHUP on Windows
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, interrupts.handle)
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if interrupts.raised else handler)
