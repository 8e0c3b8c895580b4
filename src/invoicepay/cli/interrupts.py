"""Ctrl-C, SIGTERM and SIGHUP while money may be moving."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def one_interrupt() -> Iterator[None]:
    """The first of these signals raises KeyboardInterrupt, and further ones do nothing: what
    follows, finding out what to tell the payer, is short. A signal that this process was started
    to ignore (nohup) stays ignored."""
    raised = False

    def interrupt(signum: int, frame: FrameType | None) -> None:
        nonlocal raised
        if not raised:
            raised = True
            raise KeyboardInterrupt

    before = {}
    for name in _SIGNALS:
        number = getattr(signal, name, None)  # no SIGHUP on Windows
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
