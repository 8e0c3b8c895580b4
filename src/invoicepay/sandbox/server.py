"""The sandbox over HTTP, on loopback only."""

from __future__ import annotations

import socket
import socketserver
import sqlite3
import struct
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any

from invoicepay.sandbox import dispatch
from invoicepay.sandbox.access import Access, key_in, new_key
from invoicepay.sandbox.clock import file_errors
from invoicepay.sandbox.faults import Fault, take
from invoicepay.sandbox.store import connect, new_id
from invoicepay.sandbox.wire import API_VERSION, Answer, Request, StripeError, refuse, server_error

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # on, for 0 seconds
MAX_BODY = 1 << 20  # bytes
_HTML = "<!DOCTYPE html><html><body><h1>Something is in the way</h1></body></html>"


class SandboxServer:
    """A sandbox on the SQLite file at `path`, which is made where there is none.

    It listens from the moment it is made, on a free port unless one is named, and answers once
    started, to whoever has its key: `with SandboxServer(path) as sandbox: … sandbox.url …
    sandbox.key …`. Raises SandboxFileError, OSError for the port.
    """

    def __init__(self, path: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        if host not in LOOPBACK:
            raise ValueError(f"a sandbox listens on loopback only, not on {host}")
        # Kept open so that SQLite does not tidy its files away after each client's connection.
        with file_errors(path):
            self._db = connect(path)
        try:
            self._listener = _Listener(path, host, port)
        except BaseException:
            self._db.close()
            raise
        self._access = self._listener.access
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://{self._access.address}"

    @property
    def port(self) -> int:
        return self._access.port

    @property
    def key(self) -> str:
        """A test key by its form, made anew for each server and kept in memory only."""
        return self._access.key

    @property
    def restricted_key(self) -> str:
        """The same as a restricted key, which may not read the account."""
        return self._access.restricted_key

    def start(self) -> None:
        """Answer requests in a background thread, which does not keep the process alive."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._listener.listen, name="sandbox", daemon=True
            )
            self._thread.start()

    def serve_forever(self) -> None:
        """Answer requests until interrupted or stopped from another thread."""
        self.start()
        try:
            # Not a join: one that is interrupted takes the thread for ended (Python 3.11).
            while not self._listener.ended.wait(1.0):  # seconds: Windows interrupts no longer wait
                pass
        finally:
            self.stop()

    def stop(self) -> None:
        """Finish the requests under way and close. A stopped server stays stopped."""
        self._listener.stopping.set()
        if self._thread is not None:
            with suppress(OSError):  # a last caller, so that the listener looks up
                at = self._access.host, self._access.port
                socket.create_connection(at, timeout=1.0).close()
            self._listener.ended.wait()
            self._thread.join()
            self._thread = None
        self._listener.hang_up()
        self._listener.server_close()
        self._db.close()

    def __enter__(self) -> SandboxServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


class _Listener(socketserver.ThreadingTCPServer):
    """One thread for each connection. (http.server's own class looks up its host in the DNS.)"""

    allow_reuse_address = sys.platform != "win32"  # there it would share the port
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: Path, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if host == "::1" else socket.AF_INET
        super().__init__((host, port), _Connection)
        self.path = path
        self.access = Access(str(self.server_address[0]), int(self.server_address[1]), new_key())
        self.stopping, self.ended = threading.Event(), threading.Event()
        self._connections: dict[threading.Thread, socket.socket] = {}

    def listen(self) -> None:
        try:
            while not self.stopping.is_set():
                self.handle_request()
        finally:
            self.ended.set()

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="sandbox connection",
            daemon=True,
        )
        self._connections[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            del self._connections[threading.current_thread()]

    def hang_up(self) -> None:
        """End the connections, each after the request it is busy with."""
        connections = list(self._connections.items())
        for _, connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        for thread, _ in connections:
            thread.join(10.0)  # seconds

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client may go when it likes
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener
    _db: sqlite3.Connection | None = None

    def finish(self) -> None:
        if self._db is not None:
            self._db.close()
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Stays silent: the terminal belongs to the program that runs the sandbox."""

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = None
        try:
            body = self._body(headers)
            request = Request(self.command, path, query, body, headers, new_id("req", 14))
            self.server.access.check([name.lower() for name in self.headers], headers)
        except StripeError as error:
            self.close_connection = True  # the body may still be on its way
            self._send(refuse(error), request)
            return
        request = replace(request, restricted=key_in(headers).startswith("rk_"))
        del headers["authorization"]  # nothing behind this needs the key, or could keep it
        try:
            if self._db is None:
                self._db = connect(self.server.path)
            fault = take(self._db, request.method, path)
        except sqlite3.Error:
            self._send(server_error(), request)
            return
        if fault is None:
            self._send(dispatch.handle(self._db, request), request)
        else:
            self._serve_faulty(self._db, request, fault)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _serve

    def _body(self, headers: dict[str, str]) -> bytes:
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not (length.isascii() and length.isdigit()):
            raise StripeError(411, "Send the request's body with a Content-Length.")
        if len(length) > 9 or int(length) > MAX_BODY:
            raise StripeError(413, f"A request's body has at most {MAX_BODY} bytes.")
        body = self.rfile.read(int(length))
        if len(body) < int(length):  # half a form reads like a whole one with other amounts
            raise ConnectionAbortedError("the client went away within its request")
        return body

    def _send(self, answer: Answer, request: Request | None = None, cut: bool = False) -> None:
        """Send the answer in one piece. `cut`: announce all of it and send half."""
        body = answer.text.encode()
        headers = {
            "Cache-Control": "no-cache, no-store",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Stripe-Version": API_VERSION,
        }
        if request is not None:
            headers["Request-Id"] = request.id
            if (key := request.idempotency_key) and key.isprintable():
                headers["Idempotency-Key"] = key
        if answer.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
        headers |= answer.headers
        if cut or self.close_connection:
            self.close_connection = True
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.wfile.write(head + (body[: len(body) // 2] if cut else body))

    def _serve_faulty(self, db: sqlite3.Connection, request: Request, fault: Fault) -> None:
        if fault.kind == "reset_before":
            self._reset()
            return
        if fault.kind == "redirect_307":
            self._send(Answer(307, "", {"Location": self.path}), request)
            return
        if fault.kind == "delay_before":
            self.server.stopping.wait(fault.seconds)
        answer = dispatch.handle(db, request, fault.kind)
        if fault.kind == "delay":
            self.server.stopping.wait(fault.seconds)
        if fault.kind == "lose_answer":
            self.close_connection = True
        elif fault.kind == "not_json":
            self._send(Answer(200, _HTML, {"Content-Type": "text/html"}), request)
        else:
            self._send(answer, request, cut=fault.kind == "cut_body")

    def _reset(self) -> None:
        """Close so that the client sees a reset and not an orderly end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        socket.close(self.connection.detach())
