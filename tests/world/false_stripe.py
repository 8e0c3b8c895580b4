"""What stands where Stripe should: a real TLS server on loopback that answers as it is told, and
remembers who asked with which key. The sandbox is for what Stripe does; this is for what happens
to be in its place."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SO_LINGER, SOL_SOCKET
from types import TracebackType
from typing import Any, NamedTuple


class Asked(NamedTuple):
    method: str
    path: str
    authorization: str


class Answer(NamedTuple):
    status: int
    body: str
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


HTML = (("Content-Type", "text/html"),)
PAGE = "<html><body><h1>Something is in the way</h1></body></html>"


def error(status: int, message: str, **more: str) -> Answer:
    kind = "api_error" if status >= 500 else "invalid_request_error"
    return Answer(status, json.dumps({"error": {"type": kind, "message": message, **more}}))


Behaviour = Callable[["_Connection"], "Answer | None"]
"""None: the connection has been seen to."""


def reset(connection: _Connection) -> None:
    connection.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    connection.close_connection = True
    socket.close(connection.connection.detach())


def hang_up(connection: _Connection) -> None:
    connection.close_connection = True


def say_nothing(connection: _Connection) -> None:
    connection.server.closing.wait(60)
    connection.close_connection = True


def cut_short(connection: _Connection) -> None:
    connection.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b'{"id": "acct_')
    connection.close_connection = True


def repeat_the_key(connection: _Connection) -> Answer:
    """As a debugging page would, that shows the request it got."""
    return error(400, f"bad request with {connection.headers['Authorization']}")


def repeat_the_key_in_a_page(connection: _Connection) -> Answer:
    return Answer(200, f"<pre>{connection.headers}</pre>", HTML)


def nothing_there(connection: _Connection) -> Answer:
    return Answer(200, json.dumps({"object": "list", "data": []}))


def an_account(connection: _Connection) -> Answer:
    """One that has no payment intents."""
    if connection.path.startswith("/v1/payment_intents?"):
        return nothing_there(connection)
    return Answer(200, json.dumps({"id": "acct_1", "object": "account"}))


ANSWERS: dict[str, Behaviour] = {
    "account": an_account,
    "nothing there": nothing_there,
    "401": lambda _: error(401, "Invalid API Key provided: sk_live_****5678"),
    "403": lambda _: error(403, "The provided key does not have access to that."),
    "500": lambda _: error(500, "An unknown error occurred"),
    "503 page": lambda _: Answer(503, PAGE, HTML),
    "429": lambda _: error(429, "Too many requests", code="rate_limit"),
    "HTML": lambda _: Answer(200, PAGE, HTML),
    "empty": lambda _: Answer(200, ""),
    "not UTF-8": lambda _: Answer(200, '{"id": "\udcff"}'),
    "reset": reset,
    "hang up": hang_up,
    "silence": say_nothing,
    "cut short": cut_short,
    "key repeated": repeat_the_key,
    "key repeated in a page": repeat_the_key_in_a_page,
}


def redirect(status: int, url: str) -> Behaviour:
    return lambda connection: Answer(status, "", (("Location", url + connection.path),))


class FalseStripe:
    """`tls` None: plain HTTP. `behaves` may be changed while it runs."""

    def __init__(self, behaves: Behaviour, tls: ssl.SSLContext | None) -> None:
        self._server = _Server(self, tls)
        self.behaves = behaves
        self.asked: list[Asked] = []
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> FalseStripe:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, stripe: FalseStripe, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.stripe, self.tls, self.closing = stripe, tls, threading.Event()

    def finish_request(self, request: Any, client_address: Any) -> None:
        # Here, in the connection's own thread, so that a bad handshake stops nobody else.
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        with self.tls.wrap_socket(request, server_side=True) as encrypted:
            super().finish_request(encrypted, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that do not like the certificate go away; that is what is tested."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # the body would wait 40 ms for the headers to be acknowledged
    server: _Server
    body = b""

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        stripe = self.server.stripe
        stripe.asked.append(Asked(self.command, self.path, self.headers.get("Authorization", "")))
        answer = stripe.behaves(self)
        if answer is None:
            return
        body = answer.body.encode("utf-8", "surrogateescape")
        self.send_response(answer.status)
        for name, value in (*answer.headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _serve
