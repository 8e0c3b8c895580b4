"""A server that is stopped or interrupted has ended when it says so."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from invoicepay.sandbox import server
from invoicepay.sandbox.server import SandboxServer


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(sys.platform == "win32", reason="no timers that interrupt")
def test_an_interrupted_server_waits_for_its_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A join that was interrupted takes a thread that goes on for one that has ended.
    accept = server._Listener.process_request

    def slowly(self: server._Listener, request: Any, client_address: Any) -> None:
        time.sleep(0.2)
        accept(self, request, client_address)

    monkeypatch.setattr(server._Listener, "process_request", slowly)
    before = threading.enumerate()
    sandbox = SandboxServer(tmp_path / "sandbox")
    sandbox.start()
    address = urlsplit(sandbox.url)

    with (
        socket.create_connection((address.hostname, address.port)),
        interrupted_after(0.05),
        pytest.raises(KeyboardInterrupt),
    ):
        sandbox.serve_forever()

    assert threading.enumerate() == before
