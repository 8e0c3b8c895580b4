"""Settings become ports, and ports an App: the only place where an adapter is chosen.

Every adapter is imported and made when it is first asked for, so that a command pays only for
what it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from invoicepay.billing.errors import Refused, Unreachable, must_be_there
from invoicepay.billing.identity import Mode
from invoicepay.ledger.file import SqliteLedger
from invoicepay.operations.app import App
from invoicepay.settings import Settings, Smtp, served_key_file

if TYPE_CHECKING:
    from invoicepay.billing.customer import Actor, Company
    from invoicepay.billing.identity import LedgerIdentity
    from invoicepay.billing.ports import Clock, Documents, Gateway, Ids, Mailer, Passwords, Unit
    from invoicepay.credentials.keyring_store import KeyringSecrets
    from invoicepay.credentials.sessions import SessionTokens
    from invoicepay.mail.smtp import SmtpSettings
    from invoicepay.operations.check_health import Check
    from invoicepay.operations.restore import Restore, Restored
    from invoicepay.sandbox.server import SandboxServer


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
        server = vars(self).get("_sandbox")
        try:
            if server is not None:
                server.stop()
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
            return SandboxClock(self.settings.sandbox)
        return SystemClock()

    @cached_property
    def gateway(self) -> Gateway:
        """Raises Unreachable when the key of a test or live ledger cannot be had; these never fall
        back to the sandbox."""
        from invoicepay.gateway.stripe_gateway import StripeGateway

        mode = self.identity.mode
        if mode is Mode.SANDBOX:
            url, key = self._practice_bank()
            return StripeGateway(key, livemode=False, base_address=url)
        from invoicepay.credentials.gateway_key import gateway_key

        key = gateway_key(self.settings.secrets, self.identity.id, mode, keyring=self._keyring)
        return StripeGateway(key, livemode=mode.livemode)

    def _practice_bank(self) -> tuple[str, str]:
        """Its URL and key: the one that is served, else one in this process. Raises Unreachable
        or Refused where the key cannot be had."""
        url, file = self.settings.sandbox_url, self.settings.sandbox_key
        if not url or not file:
            return self._sandbox.url, self._sandbox.key

        from invoicepay.credentials.private_file import read

        key = (read(file) or "").strip()
        if not key.startswith("sk_test_"):  # no other is ever sent there
            raise Unreachable(
                "key_missing",
                f"the practice bank's key is not in {file}",
                f"Start {_serve(url)}, which puts it there; for a bank of "
                "another ledger name its file as [sandbox] key_file.",
            )
        _check_served(url)
        return url, key

    @cached_property
    def _sandbox(self) -> SandboxServer:
        server = self._sandbox_server(0)
        server.start()
        return server

    @contextmanager
    def serving_sandbox(self, port: int) -> Iterator[tuple[SandboxServer, Path]]:
        """The practice bank, not started yet, on `port` (0: any free one), and the file that has
        its key meanwhile. Raises OSError for the port, Unreachable and Refused for the files."""
        from invoicepay.credentials.private_file import write

        server = self._sandbox_server(port)
        file = served_key_file(self.settings.ledger, server.port)
        try:
            write(file, server.key + "\n")
            yield server, file
        finally:
            server.stop()
            with suppress(OSError):
                if file.read_text() == server.key + "\n":  # not that of the next on this port
                    file.unlink()

    def _sandbox_server(self, port: int) -> SandboxServer:
        from invoicepay.sandbox.server import SandboxServer

        with _sandbox_errors():
            return SandboxServer(self.settings.sandbox, port=port)

    def advance_sandbox(self, by: timedelta) -> None:
        """Move the practice bank's clock. Raises ValueError for going back."""
        from invoicepay.sandbox.clock import advance

        with _sandbox_errors():
            advance(self.settings.sandbox, by)

    def check_file(self) -> Check:
        """For `doctor`, where the ledger cannot tell who asks."""
        from invoicepay.operations.check_health import check_file

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

        return PdfDocuments()

    @cached_property
    def mailer(self) -> Mailer:
        if self.settings.smtp is None:
            from invoicepay.mail.folder import FolderMailer

            return FolderMailer(self.settings.outbox)
        from invoicepay.mail.smtp import SmtpMailer

        return SmtpMailer(_smtp(self.settings.smtp))

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


class SandboxClock:
    """Implements billing.ports.Clock for sandbox ledgers: business time is the sandbox's."""

    def __init__(self, sandbox: Path) -> None:
        self._sandbox = sandbox

    def now(self) -> datetime:
        from invoicepay.sandbox.clock import now

        with _sandbox_errors():
            return now(self._sandbox)

    def real_now(self) -> datetime:
        return datetime.now(UTC)


def _check_served(url: str) -> None:
    """Raises Unreachable where nobody answers at `url`: one that was killed leaves its key."""
    import socket
    from urllib.parse import urlsplit

    where = urlsplit(url)
    try:
        socket.create_connection((where.hostname or "", where.port or 80), timeout=5).close()
    except OSError as error:
        raise Unreachable(
            "gateway_unreachable",
            f"nobody answers at {url}, where the settings have the practice bank",
            f"Start {_serve(url)}, or take [sandbox] url out of the settings.",
        ) from error


def _serve(url: str) -> str:
    """The command that serves a practice bank at `url`."""
    from urllib.parse import urlsplit

    return f"`invoicepay sandbox serve --port {urlsplit(url).port or 80}`"


@contextmanager
def _sandbox_errors() -> Iterator[None]:
    """Trouble with the practice bank's file in our words: it must not read like the ledger's."""
    from invoicepay.sandbox.clock import SandboxFileError

    try:
        yield
    except SandboxFileError as error:
        raise Unreachable(
            "ledger_unusable",
            f"the practice bank's file {error}",
            "Check the disk and the file's rights, or start a new `invoicepay demo`.",
        ) from error


class BackupFacts(NamedTuple):
    """What a backup says of itself; `until` (UTC): when its last entry was recorded."""

    identity: LedgerIdentity
    company: str
    until: datetime


def look_at_backup(backup: Path) -> BackupFacts:
    """Raises Unreachable or DoesNotTie for what is no backup."""
    from invoicepay.billing.journal import JournalFilter
    from invoicepay.ledger.backup_copy import look_at

    def look(unit: Unit) -> BackupFacts:
        entries = unit.journal.page(JournalFilter(), limit=1).items
        last = must_be_there(entries[0] if entries else None, f"the journal of {backup}")
        return BackupFacts(unit.company.identity(), unit.company.get().name, last.recorded_at)

    return look_at(backup, look)


_CANNOT_TELL = ("ledger_missing", "ledger_damaged", "ledger_mixed", "ledger_unusable")


def who_may_restore(local: Local) -> Actor | None:
    """Who asks, as the ledger in place has it; None where there is none that can tell: whoever can
    write there may put a backup there, as by hand. Raises NotAllowed."""
    from invoicepay.operations.restore import Restore

    try:
        return local.app.check(Restore)
    except Unreachable as error:
        if error.code in _CANNOT_TELL:
            return None
        raise


def restore_ledger(settings: Settings, request: Restore, actor: Actor | None) -> Restored:
    """Put a backup in the place of the ledger that `settings` name. See operations.restore."""
    from invoicepay.operations.restore import restore

    local = Local(settings, identity=look_at_backup(request.backup).identity)
    with closing(local):
        return restore(request, actor, local)


def check_new_ledger(settings: Settings) -> None:
    """Raises Refused when the ledger that `settings` name is there already, Unreachable when that
    cannot be told: nobody should choose a password first."""
    ledger = settings.ledger
    try:
        there = ledger.exists()
    except OSError as error:
        raise Unreachable(
            "write_failed",
            f"{ledger} cannot be written: {error.strerror}",
            "Name another file with --ledger.",
        ) from error
    if there:
        raise Refused(
            "already_exists", f"{ledger} exists", "Use it, or name another file with --ledger."
        )


def found_ledger(
    settings: Settings, company: Company, *, admin_email: str, admin_password: str, mode: Mode
) -> Local:
    """Make the ledger that `settings` name, with its first admin. Raises Refused when it is
    there already or the password is weak."""
    from invoicepay.ledger.file import create
    from invoicepay.operations.first_admin import first_admin

    local = Local(settings)
    admin = first_admin(admin_email, admin_password, company, local.passwords, local.ids)
    create(
        settings.ledger,
        company=company,
        mode=mode,
        ledger_id=local.ids.new(),
        now=datetime.now(UTC),
        admin=admin,
    )
    return local


def _smtp(smtp: Smtp) -> SmtpSettings:
    from invoicepay.credentials.private_file import read
    from invoicepay.mail.smtp import SmtpSettings

    def password() -> str:
        return (read(Path(smtp.password_file)) or "").strip() if smtp.password_file else ""

    return SmtpSettings(
        host=smtp.host,
        port=smtp.port,
        security=smtp.security,
        user=smtp.user,
        password=password,
        sender=smtp.sender,
        ca_file=smtp.ca_file,
    )
