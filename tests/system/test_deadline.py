"""The time limit of a whole exchange. What it does to slow servers is tested where it is used:
mail/test_slow_servers.py, and tests/proofs/faults/test_slow_gateway.py."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from invoicepay.system.deadline import connect, look_up, time_limit


class Time:
    """Passes as a test says."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(
        "invoicepay.system.deadline.time", SimpleNamespace(monotonic=time.monotonic)
    )
    return time


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server that sends back what it gets."""

    def serve(listens: socket.socket) -> None:
        while True:
            try:
                connection, _ = listens.accept()
            except OSError:
                return
            with connection:
                while got := connection.recv(100):
                    connection.sendall(got)

    with socket.create_server(("127.0.0.1", 0)) as listens:
        threading.Thread(target=serve, args=(listens,), daemon=True).start()
        yield listens.getsockname()[1]
        listens.shutdown(socket.SHUT_RDWR)


def test_it_is_over_when_its_seconds_are(time: Time) -> None:
    with time_limit(5) as limit:
        assert (limit.over, limit.left()) == (False, 5)
        time.now += 4.75
        assert (limit.over, limit.left()) == (False, 0.25)
        time.now += 0.25
        assert limit.over
        with pytest.raises(TimeoutError):
            limit.left()


def test_of_nested_limits_the_earlier_holds(time: Time) -> None:
    with time_limit(5) as outer:
        with time_limit(10) as inner:
            assert inner.left() == 5
        with time_limit(2) as inner:
            assert inner.left() == 2
        assert outer.left() == 5


def test_each_operation_gets_what_is_left(time: Time, port: int) -> None:
    with time_limit(30), connect(look_up("127.0.0.1", port)) as connection:
        connection.sendall(b"a")
        assert connection.makefile("rb", buffering=0).read(1) == b"a"
        connection.send(b"b")
        assert connection.recv(1) == b"b"
        time.now += 30
        for operation in (
            lambda: connection.sendall(b"c"),
            lambda: connection.send(b"c"),
            lambda: connection.recv(1),
            lambda: connection.recv_into(bytearray(1)),
            lambda: look_up("127.0.0.1", port),
            lambda: connect([(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("", port))]),
        ):
            with pytest.raises(TimeoutError):
                operation()
        assert connection.gettimeout() is None  # as it was


def test_a_connection_outlives_the_limit_it_was_made_in(time: Time, port: int) -> None:
    with time_limit(30):
        connection = connect(look_up("127.0.0.1", port), 20.0)
    time.now += 3600
    with connection:
        assert connection.gettimeout() == 20.0
        connection.sendall(b"a")  # outside of any
        with time_limit(30):
            assert connection.recv(1) == b"a"


def test_its_own_timeout_holds_where_it_is_shorter(port: int) -> None:
    with time_limit(3600), connect(look_up("127.0.0.1", port), 0.05) as connection:
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert connection.gettimeout() == 0.05


def test_a_limit_is_of_its_own_thread(time: Time) -> None:
    left: list[int] = []

    def elsewhere() -> None:
        left.append(len(look_up("127.0.0.1", 80)))

    with time_limit(5):
        time.now += 5
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert left == [1]


def test_who_is_not_there_is_named() -> None:
    with pytest.raises(OSError, match="refused"):
        connect(look_up("127.0.0.1", 1))
    with pytest.raises(OSError, match="no address"):
        connect([])
    with pytest.raises(socket.gaierror):
        look_up("nowhere.invalid", 80)
