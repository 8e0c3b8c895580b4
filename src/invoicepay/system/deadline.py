"""A time limit for a whole exchange with another machine.

A socket's own timeout is for each read and write, so whoever sends a byte now and then holds a
caller for ever. Inside `time_limit`, every operation of the sockets made here gets what is left of
the whole, and so does looking up a name.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from queue import Empty, SimpleQueue
from typing import Any


class TimeLimit:
    """When an exchange must be over. Monotonic: setting the clock changes nothing."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.end

    def left(self) -> float:
        """Seconds, more than 0. Raises TimeoutError when none are left."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is up")
        return left


_LIMIT: ContextVar[TimeLimit | None] = ContextVar("time limit", default=None)


@contextmanager
def time_limit(seconds: float) -> Iterator[TimeLimit]:
    """Within the block, what the sockets made here do raises TimeoutError once `seconds` are over.
    Of nested limits the earlier holds. For this thread only."""
    outer, limit = _LIMIT.get(), TimeLimit(seconds)
    if outer is not None and outer.end < limit.end:
        limit = outer
    token = _LIMIT.set(limit)
    try:
        yield limit
    finally:
        _LIMIT.reset(token)


def look_up(host: str, port: int) -> list[Any]:
    """getaddrinfo, which knows no timeout: a thread of its own asks, and is left behind when it
    takes too long. Raises OSError, and UnicodeError for what is no host name."""
    answer: SimpleQueue[list[Any] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - raised below, in the thread that waits
            answer.put(error)

    left = _seconds_left()
    threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()
    try:
        found = answer.get(timeout=left)
    except Empty:
        raise TimeoutError(f"no answer from the name service about {host}") from None
    if isinstance(found, Exception):
        raise found
    return found


def connect(addresses: list[Any], own: float | None = None) -> socket.socket:
    """A TCP connection to one of `addresses`, which keeps to the time limit it is used in.

    `own`: seconds of its own, for connecting and for each operation after it. Raises OSError, of
    which TimeoutError is one.
    """
    problem = OSError("the name has no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        connection = LimitedSocket(family, kind, protocol)
        try:
            left = _shorter(own, _seconds_left())
            # An address that leads nowhere must leave time for the next one.
            connection.settimeout(None if left is None else left / (len(addresses) - tried))
            connection.connect(address)
            connection.settimeout(own)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            problem = error
        else:
            return connection
    raise problem


class LimitedSocket(socket.socket):
    """Keeps to the time limit that it is used in. `makefile` reads by `recv_into`."""

    def recv(self, *arguments: Any) -> bytes:
        with _limited(self):
            return super().recv(*arguments)

    def recv_into(self, *arguments: Any) -> int:
        with _limited(self):
            return super().recv_into(*arguments)

    def send(self, *arguments: Any) -> int:
        with _limited(self):
            return super().send(*arguments)

    def sendall(self, *arguments: Any) -> None:
        with _limited(self):
            super().sendall(*arguments)


class LimitedTlsSocket(ssl.SSLSocket):
    """As LimitedSocket; what an `ssl.SSLContext` wraps one in that has it as `sslsocket_class`."""

    # Each of these is one operation of OpenSSL, with one timeout; `sendall` is made of `send`s.

    def do_handshake(self, block: bool = False) -> None:
        with _limited(self):
            super().do_handshake(block)

    def recv(self, *arguments: Any) -> bytes:
        with _limited(self):
            return super().recv(*arguments)

    def recv_into(self, *arguments: Any) -> int:
        with _limited(self):
            return super().recv_into(*arguments)

    def send(self, *arguments: Any) -> int:
        with _limited(self):
            return super().send(*arguments)


@contextmanager
def _limited(connection: socket.socket) -> Iterator[None]:
    """One operation: in the connection's own timeout and in what is left of the limit."""
    own = connection.gettimeout()
    connection.settimeout(_shorter(own, _seconds_left()))
    try:
        yield
    finally:
        connection.settimeout(own)


def _seconds_left() -> float | None:
    limit = _LIMIT.get()
    return None if limit is None else limit.left()


def _shorter(one: float | None, other: float | None) -> float | None:
    """Of two timeouts, where None is no limit."""
    return other if one is None else one if other is None else min(one, other)
