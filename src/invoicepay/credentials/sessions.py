"""Where a person's session token is: INVOICEPAY_TOKEN, a 0600 file, or the OS keyring."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from invoicepay.credentials.file_store import FileSecrets

if TYPE_CHECKING:
    from invoicepay.credentials.keyring_store import KeyringSecrets

TOKEN_VARIABLE = "INVOICEPAY_TOKEN"


class SessionTokens:
    """The session token for one ledger. INVOICEPAY_TOKEN beats the file, the file the keyring.

    `folder` is the user's own (beside the config). Neither the environment nor the file needs
    the `keyring` package, nor does being logged out. `keyring` makes the keyring's store when one
    is needed.
    """

    def __init__(
        self,
        folder: Path,
        ledger_id: str,
        environ: Mapping[str, str] = os.environ,
        keyring: Callable[[], KeyringSecrets] | None = None,
    ) -> None:
        self._folder, self._user, self._environ = folder, ledger_id, environ
        self._file = FileSecrets(folder)
        self._make_keyring = keyring

    @cached_property
    def _keyring(self) -> KeyringSecrets:
        if self._make_keyring:
            return self._make_keyring()
        from invoicepay.credentials.keyring_store import KeyringSecrets

        return KeyringSecrets(self._folder)

    def get(self) -> str:
        """The secret, empty when not logged in here.

        Raises Refused (`insecure_file`, `insecure_keyring`) or Unreachable
        (`keyring_unavailable`, `secret_unreadable`).
        """
        if token := self._environ.get(TOKEN_VARIABLE, "").strip():
            return token
        return self._file.get(self._user) or self._keyring.get(self._user) or ""

    def source(self) -> str:
        """Where `get` looks: `environment`, `file`, `keyring`, or empty when logged out. Also where
        what is there would be refused."""
        if self._environ.get(TOKEN_VARIABLE, "").strip():
            return "environment"
        if self._file.keeps(self._user):
            return "file"
        return "keyring" if self._keyring.remembers(self._user) else ""

    def check_place(self, *, insecure: bool = False) -> None:
        """Raises what `set` would, as far as that can be seen without keeping anything."""
        if insecure:
            self._file.check_place(self._user)
        else:
            self._keyring.machine()

    def set(self, token: str, *, insecure: bool = False) -> None:
        """Keep the token of a login: in the keyring, or with `insecure` in a file.

        Nothing falls back by itself: without a good keyring this raises Unreachable
        (`keyring_unavailable`) or Refused (`insecure_keyring`), and the hint names the way on.
        """
        if insecure:
            self._file.set(self._user, token)
        else:
            self._keyring.set(self._user, token)
            self._file.delete(self._user)  # it would be read first

    def delete(self) -> None:
        """Forget the token here; the ledger's `log out` is what ends the session."""
        self._file.delete(self._user)
        self._keyring.delete(self._user)
