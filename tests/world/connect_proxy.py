"""A proxy on loopback that is asked to CONNECT, spoken to in the clear or in TLS. Where a host
leads is the test's to say; what it is asked, and what passes through, is kept."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import TracebackType

OK = b"HTTP/1.1 200 Connection established\r\n\r\n"
Answer = Callable[[bytes], bytes]
"""From the head of a request to what is answered; the tunnel is opened after OK only."""


def connected(head: bytes) -> bytes:
    return OK


def refused(status: str) -> Answer:
    def answer(head: bytes) -> bytes:
        return f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()

    return answer


class ConnectProxy:
    """`leads`: `host:port` → the port on this machine that it stands for."""

    def __init__(
        self,
        leads: Mapping[str, int],
        answer: Answer = connected,
        tls: ssl.SSLContext | None = None,
        drip: Callable[[], bool] | None = None,
    ) -> None:
        """`drip`: called before each byte of the answer; False hangs up."""
        self._leads, self.answer, self._tls, self._drip = leads, answer, tls, drip
        self._listens = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self.port: int = self._listens.getsockname()[1]
        self.asked: list[bytes] = []
        """The head of each request."""
        self.sent = b""
        """All that came through from who asked."""
        self.connections = 0

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://localhost:{self.port}"

    def __enter__(self) -> ConnectProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._listens.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listens.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        plain.settimeout(30)
        with suppress(OSError, ValueError), plain:
            if self._tls is None:
                self._speak(plain)
                return
            with self._tls.wrap_socket(plain, server_side=True) as encrypted:
                self._speak(encrypted)

    def _speak(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            more = connection.recv(1)
            if not more:
                return
            head += more
            if not head[:1].isalpha():  # the beginning of TLS, to which real ones answer so
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
        self.asked.append(head)
        answer = self.answer(head)
        for byte in answer if self._drip else ():
            if not self._drip or not self._drip():
                return
            connection.sendall(bytes([byte]))
        if not self._drip:
            connection.sendall(answer)
        if answer == OK:
            self._tunnel(connection, head.split(b" ")[1].decode())

    def _tunnel(self, here: socket.socket, wanted: str) -> None:
        """In one thread: a TLS connection may not be read in one and written in another."""
        with socket.create_connection(("127.0.0.1", self._leads[wanted]), timeout=30) as there:
            while not self._closing.is_set():
                waiting = isinstance(here, ssl.SSLSocket) and here.pending()
                ready = [here] if waiting else select.select([here, there], [], [], 0.1)[0]
                for source in ready:
                    data = source.recv(65536)
                    if not data:
                        return
                    if source is here:
                        self.sent += data
                    (there if source is here else here).sendall(data)
