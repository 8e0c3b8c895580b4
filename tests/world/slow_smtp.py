"""A mail server that speaks SMTP up to a step, and from there on drips, stalls or does not read."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import ExitStack, suppress
from types import TracebackType

BEAT = 0.02
"""Seconds between two bytes of one that drips."""
_ANSWERS = {
    b"EHLO": b"250-there\r\n250-AUTH LOGIN\r\n250 STARTTLS\r\n",
    b"HELO": b"250 there\r\n",
    b"STARTTLS": b"220 go ahead\r\n",
    b"AUTH": b"334 VXNlcm5hbWU6\r\n",
    b"MAIL": b"250 OK\r\n",
    b"RCPT": b"250 OK\r\n",
    b"DATA": b"354 go ahead\r\n",
    b"QUIT": b"221 bye\r\n",
}
STEPS = ("greeting", "EHLO", "STARTTLS", "TLS", "AUTH", "password", "MAIL", "RCPT", "DATA",
         "reading", "answer", "QUIT")  # fmt: skip
DRIPS: dict[str, bytes] = {
    "a line without an end": b"250-" + b"x" * 4096,
    "lines without an end": b"250-x\r\n" * 1024,
}
TLS_RECORD = b"\x16\x03\x03\x3f\xff" + bytes(4096)


class SlowServer:
    """`at`: one of STEPS, where it stops. `drip`: what it says from there on, a byte at a time;
    nothing when it is empty. `tls`: how it goes on after STARTTLS, or, with `first`, begins.
    `stopped` is set when it has come there."""

    def __init__(
        self, at: str, drip: bytes = b"", tls: ssl.SSLContext | None = None, first: bool = False
    ) -> None:
        assert at in STEPS
        self._at, self._drip, self._tls, self._first = at, drip, tls, first
        self._listens = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listens.getsockname()[1]
        self.received: list[bytes] = []
        self.stopped = threading.Event()
        self._closing = threading.Event()

    def __enter__(self) -> SlowServer:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._listens.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listens.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with ExitStack() as closing, suppress(OSError):
            closing.callback(connection.close)
            if self._first:
                connection = closing.enter_context(self._encrypted(connection))
            self._say(connection, "greeting", b"220 there\r\n")
            lines = connection.makefile("rb")
            while line := lines.readline():
                verb = line.split()[0].upper()
                if verb == b"AUTH":
                    self._say(connection, "AUTH", _ANSWERS[verb])
                    lines.readline()
                    self._say(connection, "password", b"334 UGFzc3dvcmQ6\r\n")
                    lines.readline()
                    self._say(connection, "password", b"235 welcome\r\n")
                    continue
                self._say(connection, verb.decode(), _ANSWERS[verb])
                if verb == b"STARTTLS":
                    connection = closing.enter_context(self._encrypted(connection))
                    lines = connection.makefile("rb")
                if verb == b"DATA":
                    if self._at == "reading":
                        self._stop(connection, after_a_byte=True)
                    message = []
                    while (line := lines.readline()) != b".\r\n":
                        if not line:  # the client has hung up
                            return
                        message.append(line)
                    self.received.append(b"".join(message))
                    self._say(connection, "answer", b"250 accepted\r\n")

    def _say(self, connection: socket.socket, step: str, answer: bytes) -> None:
        if step == self._at:
            self._stop(connection)
        connection.sendall(answer)

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        if self._at == "TLS":
            self._stop(connection, after_a_byte=True)
        assert self._tls is not None
        return self._tls.wrap_socket(connection, server_side=True)

    def _stop(self, connection: socket.socket, *, after_a_byte: bool = False) -> None:
        """For as long as the test lasts, but for a client that hangs up. `after_a_byte`: the
        client has begun with what comes next."""
        if after_a_byte:
            connection.recv(1)
        self.stopped.set()
        for byte in self._drip:
            connection.sendall(bytes([byte]))
            if self._closing.wait(BEAT):
                return
        self._closing.wait()
