"""This machine's ports.

Every adapter is imported and made when it is first asked for, so that a command pays only for
what it uses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from invoicepay.billing.errors import Unreachable
from invoicepay.billing.identity import Mode
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.app import App
from invoicepay.settings import Settings

if TYPE_CHECKING:
    from invoicepay.billing.identity import LedgerIdentity
    from invoicepay.billing.ports import Clock, Documents, Gateway, Ids, Mailer, Passwords
    from invoicepay.credentials.keyring_store import KeyringSecrets
    from invoicepay.credentials.sessions import SessionTokens
    from invoicepay.gateway.route import Route
    from invoicepay.operations.books.health import Check
    from invoicepay.system.mail_server import SmtpSettings
    from invoicepay.wiring.practice_bank import PracticeBank


class Local:
    """This machine's ports and what hangs on them. Implements billing.ports.Ports.

    `tell` says a line to a person at the terminal; None where there is nobody. `identity` where the
    ledger is not there yet to tell it.
    """

    def __init__(
        self,
        settings: Settings,
        tell: Callable[[str], None] | None = None,
        identity: LedgerIdentity | None = None,
    ) -> None:
        self.settings = settings
        self._tell = tell
        self.ledger = SqliteLedger(settings.ledger)
        if identity is not None:
            self.identity = identity

    def close(self) -> None:
        """Close the ledger and the practice bank, so that SQLite empties their logs."""
        bank = vars(self).get("practice_bank")
        try:
            if bank is not None:
                bank.stop()
        finally:
            self.ledger.close()

    @cached_property
    def app(self) -> App:
        return App(self, lambda: self.sessions.get())

    @cached_property
    def identity(self) -> LedgerIdentity:
        return self.ledger.identity()

    @cached_property
    def sessions(self) -> SessionTokens:
        from invoicepay.credentials.sessions import SessionTokens

        return SessionTokens(self.settings.secrets, self.identity.id, keyring=lambda: self._keyring)

    @cached_property
    def clock(self) -> Clock:
        if self.identity.mode is Mode.SANDBOX:
            return self.practice_bank.clock
        return SystemClock()

    @cached_property
    def gateway(self) -> Gateway:
        """Raises Unreachable when the key of a test or live ledger cannot be had; these never fall
        back to the sandbox."""
        from invoicepay.gateway.stripe_gateway import StripeGateway

        mode = self.identity.mode
        if mode is Mode.SANDBOX:
            url, key = self.practice_bank.address_and_key()
            return StripeGateway(key, livemode=False, base_address=url)
        from invoicepay.credentials.gateway_key import gateway_key

        key = gateway_key(self.settings.secrets, self.identity.id, mode, keyring=self._keyring)
        route = _route(self.settings)
        return StripeGateway(key, livemode=mode.livemode, route=route)

    @cached_property
    def practice_bank(self) -> PracticeBank:
        from invoicepay.wiring.practice_bank import PracticeBank

        return PracticeBank(self.settings)

    def check_file(self) -> Check:
        """For `doctor`, where the ledger cannot tell who asks."""
        from invoicepay.operations.books.health import check_file

        return check_file(self)

    def keyring(self) -> str:
        """The name of this machine's keyring. Raises Unreachable or Refused without a good one."""
        return self._keyring.machine()

    def store_gateway_key(self, key: str) -> None:
        """Keep a test or live ledger's key in the keyring. Raises Unreachable, Refused, Usage or
        BadInput."""
        from invoicepay.credentials.gateway_key import set_gateway_key

        secrets, ledger = self.settings.secrets, self.identity
        set_gateway_key(secrets, ledger.id, ledger.mode, key, self._keyring)

    @cached_property
    def _keyring(self) -> KeyringSecrets:
        from invoicepay.credentials.keyring_store import KeyringSecrets
        from invoicepay.credentials.patience import Patience

        return KeyringSecrets(
            self.settings.secrets,
            trusted=self.settings.keyring_backend,
            patience=Patience(self._tell),
        )

    @cached_property
    def documents(self) -> Documents:
        from invoicepay.documents import PdfDocuments

        return PdfDocuments(self.settings.fonts)

    @cached_property
    def mailer(self) -> Mailer:
        if self.settings.smtp is None:
            from invoicepay.mail.folder import FolderMailer

            return FolderMailer(self.settings.outbox)
        from invoicepay.mail.smtp import SmtpMailer
        from invoicepay.operations.mailing.address import with_ascii_domain

        smtp = self.settings.smtp
        sender = with_ascii_domain(smtp.sender)
        return SmtpMailer(smtp._replace(sender=sender), lambda: _password(smtp))

    @cached_property
    def passwords(self) -> Passwords:
        from invoicepay.credentials.passwords import Argon2Passwords

        return Argon2Passwords()

    @cached_property
    def ids(self) -> Ids:
        from invoicepay.credentials.ids import RandomIds

        return RandomIds()


class SystemClock:
    """Implements billing.ports.Clock for test and live ledgers."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    real_now = now


def _route(settings: Settings) -> Route:
    """To Stripe. Raises Unreachable or Refused where the proxy's password cannot be had, Usage for
    certificates that are none."""
    from invoicepay.credentials.private_file import read
    from invoicepay.gateway.route import Route

    gateway, password = settings.gateway, ""
    if gateway.proxy_password_file:
        found = read(Path(gateway.proxy_password_file))
        if found is None:
            raise Unreachable(
                "key_missing",
                f"the proxy's password is not in {gateway.proxy_password_file}",
                "Put it there, or take [gateway] proxy_user and proxy_password_file out of the "
                "settings.",
            )
        password = found.strip()
    return Route(
        proxy=gateway.proxy.rstrip("/"),
        user=gateway.proxy_user,
        password=password,
        ca_file=gateway.ca_file,
        unused_variable=settings.unused_proxy_variable,
    )


def _password(smtp: SmtpSettings) -> str:
    from invoicepay.credentials.private_file import read

    return (read(Path(smtp.password_file)) or "").strip() if smtp.password_file else ""
