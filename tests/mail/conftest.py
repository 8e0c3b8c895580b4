"""A real SMTP server on loopback that can refuse, drop and ask for passwords."""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.world.tls import Certificate, make_certificate

USER, PASSWORD = "billing", "correct-horse"


@dataclass
class Server:
    """`refuse` is the answer to a step (`RCPT`, `DATA`); `drop` closes the connection there."""

    refuse: dict[str, str] = field(default_factory=dict)
    drop: str = ""
    received: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    greeted: list[str] = field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greeted.append(hostname)
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.refuse:
            return self.refuse["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if "DATA" in self.refuse:
            return self.refuse["DATA"]
        if self.drop == "DATA":
            server.transport.abort()
            return "421 gone"
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.received.append((envelope.mail_from, envelope.rcpt_tos, parsed))
        return "250 OK"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        if self.drop == "QUIT":
            server.transport.abort()
        return "221 Bye"

    def authenticate(self, *of_server: Any) -> AuthResult:
        given = of_server[-1]
        assert isinstance(given, LoginPassword)
        self.logins.append((given.login.decode(), given.password.decode()))
        right = given == LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Signed by itself, for 127.0.0.1 only."""
    return make_certificate(tmp_path_factory.mktemp("certificate"), "127.0.0.1")


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Start a server; keywords go to aiosmtpd."""
    controllers: list[Controller] = []

    def started(**options: Any) -> Server:
        server = Server(port=free_port())
        if options.pop("passwords", False):
            options["authenticator"] = server.authenticate
        controller = Controller(server, hostname=server.host, port=server.port, **options)
        controller.start()
        controllers.append(controller)
        return server

    yield started
    for controller in controllers:
        controller.stop()
