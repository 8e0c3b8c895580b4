"""Mail over SMTP, with a verified certificate, and a time limit for each message as a whole."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from math import inf

from invoicepay.billing.errors import InvoicepayError, Usage, quoted, shortened
from invoicepay.billing.ports import MailNotSent, Message
from invoicepay.mail.connection import Connection, Steps
from invoicepay.mail.message import build, check_sender, one_line
from invoicepay.system.deadline import LimitedTlsSocket, time_limit
from invoicepay.system.mail_server import NONE, STARTTLS, TLS, SmtpSettings

QUIT_SECONDS = 2.0
"""For taking leave: the message has been accepted by then."""
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)", re.ASCII)


SECONDS = 60.0
"""For one message as a whole, from looking up the host to the answer that it was accepted;
generous, since some servers keep strangers waiting on purpose."""


def _no_password() -> str:
    return ""


class SmtpMailer:
    """Implements ports.Mailer. A connection for each message."""

    def __init__(
        self,
        settings: SmtpSettings,
        password: Callable[[], str] = _no_password,
        *,
        seconds: float = SECONDS,
    ) -> None:
        """`password` is asked when it is needed. Raises Usage (`config_invalid`) for settings that
        would not be safe."""
        _check(settings)
        self._settings, self._password, self._seconds = settings, password, seconds

    def check(self, sender: str) -> None:
        check_sender(self._settings.sender or sender)

    def send(self, message: Message, *, seconds: float = inf) -> None:
        """Hand over to the server. Raises MailNotSent, also when it is not known whether the
        server took it: its Message-ID lets mail programs see that a second one is the same."""
        settings, steps = self._settings, Steps()
        mime = build(message, settings.sender)
        where = f"{settings.host}:{settings.port}"
        allowed = min(seconds, self._seconds)
        with time_limit(allowed) as limit:
            try:
                self._deliver(mime, steps)
            except InvoicepayError as problem:  # the password is out of reach
                raise MailNotSent(problem.message) from None
            except (smtplib.SMTPException, OSError, UnicodeError) as problem:
                if limit.over and not _answered(problem):
                    why = f"did not finish within {allowed:.3g} seconds; it stopped at {steps}"
                    raise MailNotSent(f"{where} {why}") from None
                raise MailNotSent(_why(problem, where, steps)) from None

    def _deliver(self, mime: EmailMessage, steps: Steps) -> None:
        settings = self._settings
        tls = self._context() if settings.security != NONE else None
        connection = Connection(
            settings.host, settings.port, steps, tls if settings.security == TLS else None
        )
        try:
            if settings.security == STARTTLS:
                connection.starttls(context=tls)
            if settings.user:
                connection.login(settings.user, self._password())
            connection.send_message(mime)
            # Accepted: a server that hangs up badly now, or never does, has it all the same.
            with contextlib.suppress(smtplib.SMTPException, OSError), time_limit(QUIT_SECONDS):
                connection.quit()
        finally:
            connection.close()

    def _context(self) -> ssl.SSLContext:
        """Verifies certificate and host name; there is no way to switch that off."""
        context = ssl.create_default_context(cafile=self._settings.ca_file or None)
        context.sslsocket_class = LimitedTlsSocket
        return context


def _check(settings: SmtpSettings) -> None:
    if settings.security not in (STARTTLS, TLS, NONE):
        raise Usage(
            "config_invalid",
            f"smtp security {quoted(one_line(settings.security), 20)} is not known",
            "Use starttls, tls or none.",
        )
    if not settings.host or not 0 < settings.port < 65_536:
        raise Usage("config_invalid", "smtp needs a host and a port from 1 to 65535")
    if settings.security == NONE and not _is_loopback(settings.host):
        raise Usage(
            "config_invalid",
            f"mail to {settings.host} would travel in the clear",
            "Use security starttls or tls.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _answered(problem: Exception) -> bool:
    """Whether the server said no, rather than nothing."""
    return isinstance(problem, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused)


def _why(problem: Exception, where: str, steps: Steps) -> str:
    """One line, for whoever runs the company."""
    match problem:
        case smtplib.SMTPRecipientsRefused():
            code, text = next(iter(problem.recipients.values()), (0, b""))
            return f"{where} refused the recipient: {_said(code, text)}"
        case smtplib.SMTPAuthenticationError():
            # Without the server's words: some repeat what they were sent, the password included.
            return f"{where} refused the user or the password: {_status(problem)}"
        case smtplib.SMTPResponseException():
            return f"{where} refused: {_said(problem.smtp_code, problem.smtp_error)}"
        case smtplib.SMTPNotSupportedError():
            return f"{where}: {shortened(one_line(str(problem)), 160)}"
        case ssl.SSLCertVerificationError():
            why = shortened(one_line(problem.verify_message), 120)
            return f"the certificate of {where} is not valid: {why}"
        case smtplib.SMTPServerDisconnected():
            return f"{where} hung up at {steps}"
        case _:
            why = getattr(problem, "strerror", None) or type(problem).__name__
            return f"{where} cannot be reached: {shortened(one_line(why), 120)}"


def _status(problem: smtplib.SMTPResponseException) -> str:
    """The reply's code, and the enhanced one (RFC 3463) where the server gave it."""
    text = problem.smtp_error
    said = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    enhanced = _ENHANCED.match(said)
    return f"{problem.smtp_code} {enhanced[0]}" if enhanced else str(problem.smtp_code)


def _said(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return shortened(f"{code} {one_line(said)}", 160)
