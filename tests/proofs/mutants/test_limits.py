"""Runs are ended by what they use of the processor, not by the clock."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from tests.proofs.mutants import limits
from tests.proofs.mutants.limits import Watch, processor_time

LIMITED = (
    "from tests.proofs.mutants.limits import limit_processor_time; limit_processor_time(0.5)\n"
)


def start(program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", program], start_new_session=True)


def test_an_endless_loop_is_ended() -> None:
    with start(LIMITED + "while True: pass") as running:
        assert running.wait() == -signal.SIGXCPU


def test_one_that_waits_uses_nothing_and_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "IDLE_LOOKS", 3)
    with start("import signal; signal.pause()") as running:
        watch = Watch(running.pid)
        while not watch.waits_for_ever():
            time.sleep(0.2)
        assert running.poll() is None
        running.kill()


def test_one_that_works_does_not_seem_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """In each look: enough was used between it and the one before."""
    monkeypatch.setattr(limits, "IDLE_LOOKS", 1)
    with start("while True: pass") as running:
        watch = Watch(running.pid)
        for _ in range(3):
            used = processor_time(running.pid)
            while processor_time(running.pid) <= used:
                time.sleep(0.01)
            assert not watch.waits_for_ever()
        running.kill()
