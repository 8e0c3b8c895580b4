"""The practice bank: in this process, or served by another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from invoicepay.billing.errors import Unreachable
from invoicepay.settings import Settings, served_key_file

if TYPE_CHECKING:
    from invoicepay.sandbox.server import SandboxServer


class PracticeBank:
    """That of a sandbox ledger."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.clock = SandboxClock(settings.sandbox)

    def address_and_key(self) -> tuple[str, str]:
        """Its URL and key: the one that is served, else one in this process. Raises Unreachable
        or Refused where the key cannot be had."""
        url, file = self._settings.sandbox_url, self._settings.sandbox_key
        if not url or not file:
            return self._own.url, self._own.key

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
    def _own(self) -> SandboxServer:
        server = self._server(0)
        server.start()
        return server

    @contextmanager
    def serving(self, port: int) -> Iterator[tuple[SandboxServer, Path]]:
        """The practice bank, not started yet, on `port` (0: any free one), and the file that has
        its key meanwhile. Raises OSError for the port, Unreachable and Refused for the files."""
        from invoicepay.credentials.private_file import write

        server = self._server(port)
        file = served_key_file(self._settings.ledger, server.port)
        try:
            write(file, server.key + "\n")
            yield server, file
        finally:
            server.stop()
            with suppress(OSError):
                if file.read_text() == server.key + "\n":  # not that of the next on this port
                    file.unlink()

    def _server(self, port: int) -> SandboxServer:
        from invoicepay.sandbox.server import SandboxServer

        with _sandbox_errors():
            return SandboxServer(self._settings.sandbox, port=port)

    def advance(self, by: timedelta) -> None:
        """Move the practice bank's clock. Raises ValueError for going back."""
        from invoicepay.sandbox.advance import advance

        with _sandbox_errors():
            advance(self._settings.sandbox, by)

    def stop(self) -> None:
        """The one in this process, if it was started."""
        own = vars(self).get("_own")
        if own is not None:
            own.stop()


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
            "sandbox_unusable",
            f"the practice bank's file {error}",
            "Check the disk and the file's rights, or start a new `invoicepay demo`.",
        ) from error
