"""Secrets in the operating system's keyring, or in one that the user's settings trust by name.

`keyring` is imported only when a keyring is really used. Finding the best backend takes longer
than most commands, so the one that took the secret is remembered, in a small file for each
secret, and loaded by its name from then on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from invoicepay.billing.errors import InvoicepayError, Refused, Unreachable
from invoicepay.credentials import keyrings, private_file
from invoicepay.credentials.file_store import file_name
from invoicepay.credentials.patience import GaveUp, Patience

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "invoicepay"
SESSION_WAY_ON = (
    "Unlock or install a keyring, or use `invoicepay login --insecure-storage` (a file that only "
    "you can read), or set INVOICEPAY_TOKEN."
)


class KeyringSecrets:
    """Secrets under the service `invoicepay`. `folder` keeps the names of backends, no secrets.

    `trusted` names the one backend that the user's settings allow beside the known ones, and which
    is then used. Whatever it asks a keyring, it waits for no longer than `patience`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        trusted: str = "",
        patience: Patience | None = None,
        way_on: str = SESSION_WAY_ON,
    ) -> None:
        self._folder, self._trusted, self._way_on = folder, trusted, way_on
        self.patience = patience or Patience()

    def hinting(self, way_on: str) -> KeyringSecrets:
        """The same keyring, with another hint in its refusals."""
        return KeyringSecrets(
            self._folder, trusted=self._trusted, patience=self.patience, way_on=way_on
        )

    def remembers(self, user: str) -> bool:
        """Whether a secret was put into a keyring from here."""
        return self._path(user).is_file()

    def machine(self) -> str:
        """The name of this machine's keyring. Raises Unreachable (`keyring_unavailable`) or Refused
        (`insecure_keyring`) when there is none that is good enough."""
        return self._wait(lambda: _name(self._chosen()))

    def get(self, user: str, *, discover: bool = False) -> str | None:
        """The secret, None when there is none.

        Only where it was put, unless `discover`: then also in the machine's own keyring. Raises
        Unreachable (`keyring_unavailable`) or Refused (`insecure_keyring`).
        """
        name = self._remembered(user)
        if not name and not discover:
            return None

        def get() -> str | None:
            backend = self._load(name) if name else self._chosen()
            return self._ask(backend, lambda b: b.get_password(SERVICE, user))

        return self._wait(get)

    def set(self, user: str, secret: str) -> None:
        """Keep `secret` in the machine's keyring, read it back, and remember which it was.

        Raises Unreachable (`keyring_unavailable`) or Refused (`insecure_keyring`).
        """
        note = self._path(user)

        def put() -> str:
            backend = self._chosen()
            try:
                self._ask(backend, lambda b: b.set_password(SERVICE, user, secret))
            except NotImplementedError:
                raise self._unavailable(f"the keyring {_name(backend)} takes no secrets") from None
            if self._ask(backend, lambda b: b.get_password(SERVICE, user)) != secret:
                raise self._unavailable(f"the keyring {_name(backend)} did not keep the secret")
            return _name(backend)

        name = self._wait(put)
        private_file.write(note, json.dumps({"backend": name}) + "\n")

    def delete(self, user: str) -> None:
        """Forget the secret; fine when there is none. Raises as `get` does."""
        name = self._remembered(user)
        if not name:
            return

        def delete() -> None:
            from keyring.errors import PasswordDeleteError

            backend = self._load(name)
            try:
                if self._ask(backend, lambda b: b.get_password(SERVICE, user)) is not None:
                    self._ask(backend, lambda b: b.delete_password(SERVICE, user))
            except PasswordDeleteError:
                raise self._unavailable(f"the keyring {name} would not delete it") from None

        self._wait(delete)
        private_file.delete(self._path(user))

    def _path(self, user: str) -> Path:
        return self._folder / f"{file_name(user)}.keyring"

    def _remembered(self, user: str) -> str:
        """The name of the backend that took the secret; empty when none did."""
        text = private_file.read(self._path(user))
        if text is None:
            return ""
        try:
            name = json.loads(text)["backend"]
        except (ValueError, KeyError, TypeError):
            name = None
        if not isinstance(name, str) or not keyrings.is_name(name):
            raise self._unavailable(f"{self._path(user)} does not name a keyring")
        return name

    def _chosen(self) -> KeyringBackend:
        """The keyring for new secrets: the one that the settings trust, else the one that the
        `keyring` package's settings name, else the best of the machine's own."""
        name = self._trusted
        try:
            name = name or keyrings.chosen()
        except Exception as problem:  # noqa: BLE001 - a file that a person writes
            why = type(problem).__name__
            raise self._unavailable(f"keyringrc.cfg cannot be read ({why})") from None
        if name:
            return self._load(name)
        found = keyrings.machine()
        if found is None:
            raise self._unavailable("this machine has no keyring")
        self._judge(*keyrings.names(found))
        return found

    def _load(self, name: str) -> KeyringBackend:
        """The backend `name`, judged before its code is loaded, and after it by what it is."""
        self._judge(name)
        if name != self._trusted and name not in keyrings.KNOWN:
            trust = (
                f' Or, if you trust its code, put `backend = "{name}"` under [keyring] in your '
                "settings (`invoicepay config show` names the file)."
            )
            raise Unreachable(
                "keyring_unavailable",
                f"the keyring {name} is not one that invoicepay knows, so it was not loaded",
                self._way_on + (trust if keyrings.is_name(name) else ""),
            )
        try:
            backend = keyrings.load(name)
            known_as = keyrings.names(backend)
        except Exception as problem:  # noqa: BLE001 - a vendor's backend may raise anything
            why = type(problem).__name__
            raise self._unavailable(f"the keyring {name} cannot be loaded ({why})") from None
        self._judge(*known_as)
        return backend

    def _judge(self, *names: str) -> None:
        """`names`: a backend's own, and what it inherits from."""
        if any(map(keyrings.is_none, names)):
            raise self._unavailable("this machine has no keyring")
        if flaw := next(filter(None, map(keyrings.weakness, names)), ""):
            raise Refused(
                "insecure_keyring", f"the keyring {names[0]} is refused: {flaw}", self._way_on
            )

    def _wait(self, call: Callable[[], T]) -> T:
        try:
            return self.patience.wait_for("the keyring", call)
        except GaveUp:
            raise self._unavailable("the keyring does not answer") from None

    def _ask(self, backend: KeyringBackend, question: Callable[[KeyringBackend], T]) -> T:
        """`question` put to `backend`; what its vendor raises becomes ours, without its text."""
        from keyring.errors import KeyringLocked, PasswordDeleteError

        try:
            return question(backend)
        except (NotImplementedError, PasswordDeleteError, InvoicepayError):
            raise
        except KeyringLocked:
            raise self._unavailable(f"the keyring {_name(backend)} is locked") from None
        except Exception as problem:  # noqa: BLE001 - D-Bus and vendors raise anything
            why = type(problem).__name__
            raise self._unavailable(f"the keyring {_name(backend)} failed ({why})") from None

    def _unavailable(self, message: str) -> Unreachable:
        return Unreachable("keyring_unavailable", message, self._way_on)


def _name(backend: KeyringBackend) -> str:
    return keyrings.names(backend)[0]
