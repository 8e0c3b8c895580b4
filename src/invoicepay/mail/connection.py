"""smtplib's connection, on a socket that keeps to a time limit, and that says how far it came."""

from __future__ import annotations

import smtplib
import socket
import ssl
from typing import Any

from invoicepay.system.deadline import connect, look_up

_COMMANDS = {
    "EHLO": "EHLO",
    "HELO": "EHLO",
    "STARTTLS": "STARTTLS",
    "AUTH": "AUTH",
    "MAIL": "MAIL FROM",
    "RCPT": "RCPT TO",
    "DATA": "DATA",
    "RSET": "RSET",
    "QUIT": "QUIT",
}
"""Whatever else is sent as a command is an answer to AUTH: a secret."""


class Steps:
    """How far a delivery came. As text, what was being done last."""

    def __init__(self) -> None:
        self._current = "looking up its name"

    def __str__(self) -> str:
        return self._current

    def begin(self, step: str) -> None:
        self._current = step


class Connection(smtplib.SMTP):
    """An SMTP connection that has been greeted. `tls`: encrypted from the first byte."""

    def __init__(self, host: str, port: int, steps: Steps, tls: ssl.SSLContext | None) -> None:
        """Raises OSError, UnicodeError, smtplib.SMTPException."""
        self._steps, self._tls = steps, tls
        # A name, or smtplib asks the name service for this machine's, however long that takes.
        super().__init__(host, port, local_hostname="localhost")
        assert self.sock is not None
        self.local_hostname = _own_name(self.sock)

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        """smtplib's own makes one with a timeout for each operation."""
        addresses = look_up(host, port)
        self._steps.begin("connecting")
        connection = connect(addresses)
        if self._tls is not None:
            self._steps.begin("TLS")
            try:
                connection = self._tls.wrap_socket(connection, server_hostname=host)
            except BaseException:
                connection.close()
                raise
        self._steps.begin("the greeting")
        return connection

    def putcmd(self, cmd: str, args: str = "") -> None:
        verb = cmd.partition(" ")[0].upper()
        self._steps.begin(_COMMANDS.get(verb, "AUTH"))
        super().putcmd(cmd, args)

    def send(self, s: Any) -> None:
        message = isinstance(s, bytes)  # commands are text
        if message:
            self._steps.begin("the message itself")
        super().send(s)
        if message:
            self._steps.begin("the answer to the message, which it may have accepted")


def _own_name(connection: socket.socket) -> str:
    """What to call this machine in EHLO, without asking anybody: its full name where it has one,
    else the address it speaks from (RFC 5321 4.1.3)."""
    name = socket.gethostname()
    if "." in name.strip("."):
        return name
    address = connection.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
