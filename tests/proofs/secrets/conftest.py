"""Servers for the canary run: a mail server that may repeat what it was sent, and what stands
where Stripe should."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.world.false_stripe import ANSWERS, FalseStripe
from tests.world.ports import free_port
from tests.world.tls import Certificate, make_certificate


class MailServer:
    """`says` None: whoever knows the password may log in. Else the answer to every login, with
    `{sent}` for what was sent."""

    def __init__(self, password: str) -> None:
        self.password, self.says, self.received = password, "", 0
        self.port = free_port()

    def log_in(self, server: Any, session: Any, envelope: Any, how: str, given: Any) -> AuthResult:
        if not self.says:
            return AuthResult(success=given.password == self.password.encode(), handled=False)
        sent = b64encode(b"\0" + given.login + b"\0" + given.password).decode()
        text = self.says.format(sent=f"{sent} {given.password.decode()}")
        return AuthResult(success=False, handled=False, message=text)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.received += 1
        return "250 OK"


@pytest.fixture(scope="session")
def localhost(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"), "localhost")


@pytest.fixture(scope="session")
def stripes(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"), "api.stripe.com")


@pytest.fixture
def mail_server(localhost: Certificate) -> Iterator[Callable[[str], MailServer]]:
    with ExitStack() as running:

        def started(password: str) -> MailServer:
            server = MailServer(password)
            controller = Controller(
                server,
                hostname="127.0.0.1",
                port=server.port,
                tls_context=localhost.server(),
                authenticator=server.log_in,
            )
            controller.start()
            running.callback(controller.stop)
            return server

        yield started


@pytest.fixture
def bank(stripes: Certificate) -> Iterator[FalseStripe]:
    with FalseStripe(ANSWERS["account"], stripes.server()) as running:
        yield running


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    folder = tmp_path / "traces"
    folder.mkdir()
    return folder
