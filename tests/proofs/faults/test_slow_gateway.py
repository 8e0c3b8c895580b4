"""A gateway whose answer comes in drips is given up. Each of these would go on for hours, so that
they end is what they show; whether money moved is not known then."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
import stripe

from invoicepay.billing.ports import NoAnswer
from invoicepay.gateway import stripe_gateway
from invoicepay.gateway.stripe_gateway import StripeGateway
from tests.proofs.faults.conftest import KEY
from tests.world.false_stripe import ANSWERS, Behaviour, FalseStripe
from tests.world.slow_smtp import BEAT, TLS_RECORD
from tests.world.tls import Certificate

Start = Callable[[Behaviour, Certificate | None], FalseStripe]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DRIPS = {
    "the status": (b"", b"HTTP/1.1 200 OK" + b"K" * 4096),
    "a header": (HEAD, b"X-More: " + b"x" * 4096),
    "headers": (HEAD, b"X: x\r\n" * 99),
    "informational answers": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 512),
    "the body": (HEAD + b"Content-Length: 5000\r\n\r\n", b'{"id": "' + b"a" * 4096),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 1024),
    "a body until it hangs up": (HEAD + b"\r\n", b" " * 4096),
}


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Once it is set, an hour has passed; until then, no time does."""
    stopped = threading.Event()

    def now() -> float:
        return 3600.0 if stopped.is_set() else 0.0

    monkeypatch.setattr("invoicepay.system.deadline.time", SimpleNamespace(monotonic=now))
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("the SDK tries again"))
    return stopped


@pytest.fixture(params=["https", "http"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def drip(stopped: threading.Event, first: bytes, then: bytes) -> Behaviour:
    def behave(connection: Any) -> None:
        connection.close_connection = True
        connection.wfile.write(first)
        stopped.set()
        for byte in then:
            connection.wfile.write(bytes([byte]))
            if connection.server.closing.wait(BEAT):
                return

    return behave


def gateway(scheme: str, port: int) -> StripeGateway:
    return StripeGateway(KEY, livemode=True, base_address=f"{scheme}://localhost:{port}")


@pytest.mark.parametrize("part", DRIPS)
def test_an_answer_that_drips_is_no_answer(
    part: str,
    scheme: str,
    start: Start,
    localhost: Certificate,
    stopped: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stripe, "ca_bundle_path", str(localhost.file))
    bank = start(drip(stopped, *DRIPS[part]), localhost if scheme == "https" else None)
    with pytest.raises(NoAnswer, match="no answer from the gateway"):
        gateway(scheme, bank.port).confirm("pi_1", "payment")
    assert [(asked.method, asked.path) for asked in bank.asked] == [
        ("POST", "/v1/payment_intents/pi_1/confirm")
    ]


def test_a_connection_that_was_kept_has_the_limit_of_each_request(
    scheme: str,
    start: Start,
    localhost: Certificate,
    stopped: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stripe, "ca_bundle_path", str(localhost.file))
    bank = start(ANSWERS["account"], localhost if scheme == "https" else None)
    there = gateway(scheme, bank.port)
    assert there.account() == "acct_1"
    stopped.set()  # the first request's limit is long over
    assert there.account() == "acct_1"
    stopped.clear()
    bank.behaves = drip(stopped, *DRIPS["the body"])
    with pytest.raises(NoAnswer):
        there.account()
    assert len(bank.asked) == 3


def test_one_that_never_shows_its_certificate(stopped: threading.Event) -> None:
    over = threading.Event()

    def serve(listens: socket.socket) -> None:
        connection, _ = listens.accept()
        with closing(connection):
            connection.recv(1)  # it has begun to greet
            stopped.set()
            for byte in TLS_RECORD:
                connection.sendall(bytes([byte]))
                if over.wait(BEAT):
                    return

    with socket.create_server(("127.0.0.1", 0)) as listens, pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripe_gateway, "REQUEST_SECONDS", 1.0)
        threading.Thread(target=serve, args=(listens,), daemon=True).start()
        with pytest.raises(NoAnswer, match="no answer from the gateway"):
            gateway("https", listens.getsockname()[1]).account()
        over.set()


def test_a_name_service_that_never_answers(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: over.wait())
    monkeypatch.setattr(stripe_gateway, "REQUEST_SECONDS", 0.3)
    with pytest.raises(NoAnswer, match="no answer from the gateway"):
        gateway("https", 443).account()
    assert pauses == []
    over.set()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited
