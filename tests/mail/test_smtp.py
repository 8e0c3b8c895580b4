"""SMTP, against a real server on loopback."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from invoicepay.billing.errors import Unreachable, Usage
from invoicepay.billing.ports import MailNotSent, Message
from invoicepay.mail.smtp import SmtpMailer, SmtpSettings

if TYPE_CHECKING:
    from tests.mail.conftest import Server
    from tests.world.tls import Certificate

    Start = Callable[..., Server]

PASSWORD = "correct-horse"
MESSAGE = Message(
    message_id="p1.received@ledger.invoicepay",
    sender="billing@acme.example",
    sender_name="Acme Tools",
    to="bob@customer.example",
    subject="Payment received",
    text="Thank you.\n",
    sent_at=datetime(2026, 10, 31, 12, tzinfo=UTC),
)


def plain(server: Server, **changes: Any) -> SmtpSettings:
    return SmtpSettings(server.host, server.port, "none", seconds=10, **changes)


def test_plain_on_this_machine(start: Start) -> None:
    server = start()
    SmtpMailer(plain(server)).send(MESSAGE)
    [(sender, recipients, mime)] = server.received
    assert sender == "billing@acme.example"
    assert recipients == ["bob@customer.example"]
    assert mime["From"] == "Acme Tools <billing@acme.example>"
    assert mime["Reply-To"] == "billing@acme.example"


def test_the_servers_sender_is_used_and_answers_go_to_the_company(start: Start) -> None:
    server = start()
    SmtpMailer(plain(server, sender="noreply@mailer.example")).send(MESSAGE)
    [(sender, _, mime)] = server.received
    assert sender == "noreply@mailer.example"
    assert mime["From"] == "Acme Tools <noreply@mailer.example>"
    assert mime["Reply-To"] == "billing@acme.example"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encrypted_with_password(start: Start, certificate: Certificate, security: str) -> None:
    server = start(**encrypted(security, certificate), passwords=True)
    SmtpMailer(
        SmtpSettings(
            server.host,
            server.port,
            security,
            user="billing",
            password=lambda: PASSWORD,
            ca_file=str(certificate.file),
        )
    ).send(MESSAGE)
    assert server.logins == [("billing", PASSWORD)]
    assert len(server.received) == 1


def encrypted(security: str, certificate: Certificate) -> dict[str, Any]:
    if security == "tls":
        return {"ssl_context": certificate.server(), "auth_require_tls": False}
    return {"tls_context": certificate.server(), "require_starttls": True}


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for(
    start: Start, certificate: Certificate, security: str
) -> None:
    server = start(**encrypted(security, certificate))
    mailer = SmtpMailer(SmtpSettings(server.host, server.port, security))
    with pytest.raises(MailNotSent, match=r"certificate of .* is not valid"):
        mailer.send(MESSAGE)
    assert server.received == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_for_another_host(
    start: Start, certificate: Certificate, security: str
) -> None:
    server = start(**encrypted(security, certificate))
    ca_file = str(certificate.file)
    mailer = SmtpMailer(SmtpSettings("localhost", server.port, security, ca_file=ca_file))
    with pytest.raises(MailNotSent, match="certificate of localhost"):
        mailer.send(MESSAGE)
    assert server.received == []


def test_a_server_without_starttls_gets_nothing(start: Start) -> None:
    """Somebody in between may have taken the offer out."""
    server = start(passwords=True, auth_require_tls=False)
    settings = SmtpSettings(
        server.host, server.port, "starttls", user="billing", password=lambda: PASSWORD
    )
    with pytest.raises(MailNotSent, match="STARTTLS"):
        SmtpMailer(settings).send(MESSAGE)
    assert (server.received, server.logins) == ([], [])  # neither the mail nor the password


def test_wrong_password_is_not_in_the_error(start: Start, certificate: Certificate) -> None:
    server = start(**encrypted("starttls", certificate), passwords=True)
    settings = SmtpSettings(
        server.host,
        server.port,
        user="billing",
        password=lambda: "not-the-password",
        ca_file=str(certificate.file),
    )
    with pytest.raises(MailNotSent, match="refused the user or the password: 535") as caught:
        SmtpMailer(settings).send(MESSAGE)
    assert "not-the-password" not in str(caught.value)
    assert "not-the-password" not in repr(settings)


def test_password_out_of_reach(start: Start) -> None:
    def locked() -> str:
        raise Unreachable("keyring_unavailable", "the keyring is locked")

    server = start(passwords=True, auth_require_tls=False)
    with pytest.raises(MailNotSent, match="the keyring is locked"):
        SmtpMailer(plain(server, user="billing", password=locked)).send(MESSAGE)


@pytest.mark.parametrize(
    ("step", "answer", "words"),
    [
        ("RCPT", "550 no such user", "refused the recipient: 550 no such user"),
        ("DATA", "451 try later", "refused: 451 try later"),
        ("DATA", "552 \x1b[31mtoo large", r"refused: 552 \[31mtoo large"),
    ],
)
def test_refusals_are_named(start: Start, step: str, answer: str, words: str) -> None:
    server = start()
    server.refuse[step] = answer
    with pytest.raises(MailNotSent, match=words):
        SmtpMailer(plain(server)).send(MESSAGE)
    assert server.received == []


def test_dropped_before_it_said_that_it_accepts(start: Start) -> None:
    server = start()
    server.drop = "DATA"
    with pytest.raises(MailNotSent, match="hung up at the answer to the message, which it may"):
        SmtpMailer(plain(server)).send(MESSAGE)


def test_dropped_after_it_was_accepted_counts_as_sent(start: Start) -> None:
    server = start()
    server.drop = "QUIT"
    SmtpMailer(plain(server)).send(MESSAGE)
    assert len(server.received) == 1


def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(MailNotSent, match="cannot be reached"):
        SmtpMailer(SmtpSettings("127.0.0.1", port, "none")).send(MESSAGE)


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(MailNotSent, match=r"within 0.2 seconds; it stopped at the greeting"):
            SmtpMailer(SmtpSettings("127.0.0.1", port, "none", seconds=0.2)).send(MESSAGE)


@pytest.mark.parametrize(
    "settings",
    [
        SmtpSettings("mail.example", security="none"),
        SmtpSettings("mail.example", security="none", allow_plain=True, user="billing"),
        SmtpSettings("mail.example", security="maybe"),
        SmtpSettings("", 587),
        SmtpSettings("mail.example", 0),
    ],
)
def test_unsafe_settings_are_refused(settings: SmtpSettings) -> None:
    with pytest.raises(Usage) as caught:
        SmtpMailer(settings)
    assert caught.value.code == "config_invalid"


def test_plain_elsewhere_only_when_allowed() -> None:
    SmtpMailer(SmtpSettings("mail.example", security="none", allow_plain=True))


@pytest.mark.parametrize(
    ("own", "sender", "words"),
    [
        ("", "", "the company has no e-mail address to send from"),
        ("  ", "", "the company has no e-mail address to send from"),
        ("Acme Tools", "", "the sender is not an e-mail address: 'Acme Tools'"),
        ("billing@acme.example", "Acme <a@b.example>", "the sender is not an e-mail address"),
    ],
)
def test_a_sender_that_cannot_be_one_is_found_without_the_network(
    own: str, sender: str, words: str
) -> None:
    mailer = SmtpMailer(SmtpSettings("127.0.0.1", 1, "none", sender=sender))  # nobody is there
    with pytest.raises(MailNotSent, match=words):
        mailer.check(own)
    with pytest.raises(MailNotSent, match=words):
        mailer.send(dataclasses.replace(MESSAGE, sender=own))


def test_a_sender_that_can_be_one(start: Start) -> None:
    server = start()
    SmtpMailer(plain(server)).check("billing@acme.example")
    mailer = SmtpMailer(plain(server, sender="noreply@mailer.example"))
    mailer.check("")
    mailer.send(dataclasses.replace(MESSAGE, sender=""))
    assert [sender for sender, _, _ in server.received] == ["noreply@mailer.example"]
