"""A mail server that dawdles is given up, wherever it does: each of these would go on for minutes,
so that they end is what they show."""

from __future__ import annotations

import dataclasses
import re
import socket
import threading
from base64 import b64encode
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from invoicepay.billing.ports import Attachment, MailNotSent
from invoicepay.mail.smtp import SmtpMailer, SmtpSettings
from tests.mail.test_smtp import MESSAGE, PASSWORD
from tests.world.slow_smtp import DRIPS, TLS_RECORD, SlowServer

if TYPE_CHECKING:
    from tests.mail.conftest import Server
    from tests.world.tls import Certificate

Hour = Callable[[SlowServer], None]
SECONDS = 1.0
"""What a client is given. It waits no longer for a server that says nothing at all."""
WHERE = {
    "greeting": "the greeting",
    "EHLO": "EHLO",
    "STARTTLS": "STARTTLS",
    "AUTH": "AUTH",
    "password": "AUTH",
    "MAIL": "MAIL FROM",
    "RCPT": "RCPT TO",
    "DATA": "DATA",
    "answer": "the answer to the message, which it may have accepted",
}
"""Where a server stops, and what is said of that."""


@pytest.fixture
def an_hour_passes(monkeypatch: pytest.MonkeyPatch) -> Hour:
    """No time passes until the server has stopped, then an hour in a moment: so it does not
    matter how long the way there takes, nor how long a test would have to wait."""

    def once_stopped(server: SlowServer) -> None:
        def now() -> float:
            return 3600.0 if server.stopped.is_set() else 0.0

        monkeypatch.setattr("invoicepay.system.deadline.time", SimpleNamespace(monotonic=now))

    return once_stopped


def settings(server: SlowServer, certificate: Certificate, **changes: Any) -> SmtpSettings:
    given: dict[str, Any] = {
        "security": "starttls",
        "user": "billing",
        "password": lambda: PASSWORD,
        "ca_file": str(certificate.file),
    }
    return SmtpSettings("127.0.0.1", server.port, **{**given, **changes})


@pytest.mark.parametrize("drip", DRIPS)
@pytest.mark.parametrize("at", WHERE)
def test_one_that_drips_is_given_up_at_any_step(
    certificate: Certificate, an_hour_passes: Hour, at: str, drip: str
) -> None:
    with SlowServer(at, DRIPS[drip], certificate.server()) as server:
        an_hour_passes(server)
        with pytest.raises(MailNotSent) as caught:
            SmtpMailer(settings(server, certificate)).send(MESSAGE, seconds=50)
    assert f"did not finish within 50 seconds; it stopped at {WHERE[at]}" in str(caught.value)
    assert b64encode(PASSWORD.encode()).decode() not in str(caught.value)


@pytest.mark.parametrize("at", ["greeting", "STARTTLS", "password", "answer"])
def test_one_that_says_nothing_is_given_up(
    certificate: Certificate, an_hour_passes: Hour, at: str
) -> None:
    with SlowServer(at, b"", certificate.server()) as server:
        an_hour_passes(server)
        with pytest.raises(MailNotSent, match=f"it stopped at {WHERE[at]}"):
            SmtpMailer(settings(server, certificate)).send(MESSAGE, seconds=SECONDS)


@pytest.mark.parametrize("drip", [b"", TLS_RECORD], ids=["nothing", "drips"])
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_one_that_never_shows_its_certificate(
    certificate: Certificate, an_hour_passes: Hour, security: str, drip: bytes
) -> None:
    first = security == "tls"
    with SlowServer("TLS", drip, certificate.server(), first=first) as server:
        an_hour_passes(server)
        mailer = SmtpMailer(settings(server, certificate, security=security))
        with pytest.raises(MailNotSent, match=r"seconds; it stopped at (START)?TLS$"):
            mailer.send(MESSAGE, seconds=SECONDS)


@pytest.mark.parametrize("security", ["starttls", "none"])
def test_one_that_does_not_read(
    certificate: Certificate, an_hour_passes: Hour, security: str
) -> None:
    large = (Attachment("large.pdf", "application/pdf", bytes(12 << 20)),)
    with SlowServer("reading", tls=certificate.server()) as server:
        an_hour_passes(server)
        mailer = SmtpMailer(settings(server, certificate, security=security, user=""))
        with pytest.raises(MailNotSent, match="it stopped at the message itself"):
            mailer.send(dataclasses.replace(MESSAGE, attachments=large), seconds=SECONDS)


@pytest.mark.parametrize("drip", ["", *DRIPS])
def test_one_that_takes_no_leave_has_the_message(
    certificate: Certificate, an_hour_passes: Hour, drip: str
) -> None:
    with SlowServer("QUIT", DRIPS.get(drip, b""), certificate.server()) as server:
        an_hour_passes(server)
        SmtpMailer(settings(server, certificate)).send(MESSAGE, seconds=50)
    assert len(server.received) == 1


def test_who_was_not_told_that_it_was_accepted_sends_it_again_under_the_same_id(
    certificate: Certificate, an_hour_passes: Hour
) -> None:
    with SlowServer("answer", DRIPS["a line without an end"], certificate.server()) as server:
        mailer = SmtpMailer(settings(server, certificate))
        for _ in range(2):
            server.stopped.clear()
            an_hour_passes(server)
            with pytest.raises(MailNotSent, match="may have accepted"):
                mailer.send(MESSAGE, seconds=50)
    ids = [re.findall(rb"(?m)^Message-ID: (.*)\r$", message) for message in server.received]
    assert ids == [[f"<{MESSAGE.message_id}>".encode()]] * 2


@pytest.mark.parametrize(("given", "holds"), [(None, 50), (7200, 50), (40, 40)])
def test_the_shorter_of_its_own_limit_and_the_callers_holds(
    certificate: Certificate, an_hour_passes: Hour, given: float | None, holds: int
) -> None:
    more = {} if given is None else {"seconds": given}
    with SlowServer("EHLO", DRIPS["a line without an end"], certificate.server()) as server:
        an_hour_passes(server)
        mailer = SmtpMailer(settings(server, certificate, seconds=50))
        with pytest.raises(MailNotSent, match=f"within {holds} seconds; it stopped at EHLO"):
            mailer.send(MESSAGE, **more)


# --- Before there is a server ---


def test_one_that_lets_nobody_in() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        mailer = SmtpMailer(SmtpSettings("127.0.0.1", full.getsockname()[1], "none"))
        with pytest.raises(MailNotSent, match="it stopped at connecting"):
            mailer.send(MESSAGE, seconds=SECONDS)
        for each in waiting:
            each.close()


def test_an_address_that_leads_nowhere_leaves_time_for_the_next(
    start: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        found = [(*kind, full.getsockname()), (*kind, ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
        SmtpMailer(SmtpSettings("localhost", server.port, "none")).send(MESSAGE, seconds=4)
        for each in waiting:
            each.close()
    assert len(server.received) == 1


def test_a_name_service_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: over.wait())
    mailer = SmtpMailer(SmtpSettings("mail.example", 587))
    with pytest.raises(MailNotSent, match=r"mail.example:587 .* stopped at looking up its name"):
        mailer.send(MESSAGE, seconds=SECONDS)
    over.set()


def test_a_name_that_is_not_known_or_none() -> None:
    for host in ("nowhere.invalid", "x" * 64 + ".example", "."):
        with pytest.raises(MailNotSent, match="cannot be reached"):
            SmtpMailer(SmtpSettings(host, 587)).send(MESSAGE, seconds=20)


def test_nobody_is_asked_what_this_machine_is_called(
    start: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """smtplib does, with no limit, and only after it has connected."""

    def asked(*names: str) -> str:
        raise AssertionError(names)

    server = start(server_hostname="there")  # or it asks for its own
    for name in ("getfqdn", "gethostbyname", "gethostbyaddr"):
        monkeypatch.setattr(socket, name, asked)
    for own, said in (("till", "[127.0.0.1]"), ("till.acme.example", "till.acme.example")):
        monkeypatch.setattr(socket, "gethostname", lambda own=own: own)
        SmtpMailer(SmtpSettings(server.host, server.port, "none")).send(MESSAGE)
        assert server.greeted[-1] == said
