"""Mail over SMTP, with a verified certificate."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage

from invoicepay.billing.errors import InvoicepayError, Usage
from invoicepay.billing.ports import MailNotSent, Message
from invoicepay.mail.message import build, one_line

STARTTLS, TLS, NONE = "starttls", "tls", "none"
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)", re.ASCII)


def _no_password() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """How to reach the mail server.

    `security`: `starttls` (587), `tls` (465), or `none`, which is for this machine only unless
    `allow_plain`; a password is never sent in the clear to another machine. `password` is asked
    when it is needed. `sender`: the address that the server lets us send from; empty for the
    company's own. `ca_file`: PEM of a private authority, instead of
    the system's. `timeout`: seconds for each step.
    """

    host: str
    port: int = 587
    security: str = STARTTLS
    user: str = ""
    password: Callable[[], str] = field(default=_no_password, repr=False)
    sender: str = ""
    ca_file: str = ""
    timeout: float = 20.0
    allow_plain: bool = False


class SmtpMailer:
    """Implements ports.Mailer. A connection for each message."""

    def __init__(self, settings: SmtpSettings) -> None:
        """Raises Usage (`config_invalid`) for settings that would not be safe."""
        _check(settings)
        self._settings = settings

    def send(self, message: Message) -> None:
        """Hand over to the server. Raises MailNotSent, also when it is not known whether the
        server took it: its Message-ID lets mail programs see that a second one is the same."""
        mime = build(message, self._settings.sender)
        where = f"{self._settings.host}:{self._settings.port}"
        try:
            self._deliver(mime)
        except InvoicepayError as problem:  # the password is out of reach
            raise MailNotSent(problem.message) from None
        except smtplib.SMTPRecipientsRefused as problem:
            code, text = next(iter(problem.recipients.values()), (0, b""))
            raise MailNotSent(f"{where} refused the recipient: {_said(code, text)}") from None
        except smtplib.SMTPAuthenticationError as problem:
            # Without the server's words: some repeat what they were sent, the password included.
            raise MailNotSent(
                f"{where} refused the user or the password: {_status(problem)}"
            ) from None
        except smtplib.SMTPResponseException as problem:
            said = _said(problem.smtp_code, problem.smtp_error)
            raise MailNotSent(f"{where} refused: {said}") from None
        except smtplib.SMTPNotSupportedError as problem:
            raise MailNotSent(f"{where}: {one_line(str(problem))[:160]}") from None
        except ssl.SSLCertVerificationError as problem:
            why = one_line(problem.verify_message)[:120]
            raise MailNotSent(f"the certificate of {where} is not valid: {why}") from None
        except (smtplib.SMTPException, OSError, UnicodeError) as problem:
            why = getattr(problem, "strerror", None) or type(problem).__name__
            raise MailNotSent(f"{where} cannot be reached: {one_line(why)[:120]}") from None

    def _deliver(self, mime: EmailMessage) -> None:
        settings = self._settings
        connection = self._connect()
        try:
            if settings.security == STARTTLS:
                connection.starttls(context=self._context())
            if settings.user:
                connection.login(settings.user, settings.password())
            connection.send_message(mime)
            # Accepted: a server that hangs up badly now has it all the same.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.quit()
        finally:
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.security == TLS:
            return smtplib.SMTP_SSL(
                settings.host, settings.port, timeout=settings.timeout, context=self._context()
            )
        return smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)

    def _context(self) -> ssl.SSLContext:
        """Verifies certificate and host name; there is no way to switch that off."""
        return ssl.create_default_context(cafile=self._settings.ca_file or None)


def _check(settings: SmtpSettings) -> None:
    if settings.security not in (STARTTLS, TLS, NONE):
        raise Usage(
            "config_invalid",
            f"smtp security '{one_line(settings.security)[:20]}' is not known",
            "Use starttls, tls or none.",
        )
    if not settings.host or not 0 < settings.port < 65_536:
        raise Usage("config_invalid", "smtp needs a host and a port from 1 to 65535")
    if settings.security != NONE or _is_loopback(settings.host):
        return
    if not settings.allow_plain:
        raise Usage(
            "config_invalid",
            f"mail to {settings.host} would travel in the clear",
            "Use security starttls or tls.",
        )
    if settings.user:
        raise Usage(
            "config_invalid",
            f"the password for {settings.host} would travel in the clear",
            "Use security starttls or tls, or no user.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _status(problem: smtplib.SMTPResponseException) -> str:
    """The reply's code, and the enhanced one (RFC 3463) where the server gave it."""
    text = problem.smtp_error
    said = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    enhanced = _ENHANCED.match(said)
    return f"{problem.smtp_code} {enhanced[0]}" if enhanced else str(problem.smtp_code)


def _said(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {one_line(said)}"[:160]
