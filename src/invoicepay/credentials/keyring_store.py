"""Secrets in the operating system's keyring, and which keyrings are not good enough.

`keyring` is imported only when a keyring is really used. Finding the best backend takes longer
than most commands, so the one that took the secret is remembered, in a small file for each
secret, and loaded by its name from then on.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from invoicepay.billing.errors import InvoicepayError, Refused, Unreachable
from invoicepay.credentials import private_file
from invoicepay.credentials.file_store import file_name

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "invoicepay"
SESSION_WAY_ON = (
    "Unlock or install a keyring, or use `invoicepay login --insecure-storage` (a file that only "
    "you can read), or set INVOICEPAY_TOKEN."
)

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)


class KeyringSecrets:
    """Secrets under the service `invoicepay`. `folder` keeps the names of backends, no secrets.

    `way_on` is the hint of every refusal. `discover` finds the machine's keyring; the default
    asks the `keyring` package.
    """

    def __init__(
        self,
        folder: Path,
        way_on: str = SESSION_WAY_ON,
        discover: Callable[[], KeyringBackend] | None = None,
    ) -> None:
        self._folder, self._way_on, self._discover = folder, way_on, discover

    def remembers(self, user: str) -> bool:
        """Whether a secret was put into a keyring from here."""
        return self._path(user).is_file()

    def machine(self) -> str:
        """The name of this machine's keyring. Raises Unreachable (`keyring_unavailable`) or Refused
        (`insecure_keyring`) when there is none that is good enough."""
        return _name(self._candidates()[0])

    def get(self, user: str, *, discover: bool = False) -> str | None:
        """The secret, None when there is none.

        Only where it was put, unless `discover`: then also in the machine's own keyring. Raises
        Unreachable (`keyring_unavailable`) or Refused (`insecure_keyring`).
        """
        backend = self._remembered(user)
        if backend is None:
            if not discover:
                return None
            backend = self._candidates()[0]
        return self._ask(backend, lambda b: b.get_password(SERVICE, user))

    def set(self, user: str, secret: str) -> None:
        """Keep `secret` in the machine's keyring, read it back, and remember which it was.

        Raises Unreachable (`keyring_unavailable`) or Refused (`insecure_keyring`).
        """
        note = self._path(user)
        for backend in self._candidates():
            try:
                self._ask(backend, lambda b: b.set_password(SERVICE, user, secret))
            except NotImplementedError:  # a backend that only reads; the chainer skips it too
                continue
            if self._ask(backend, lambda b: b.get_password(SERVICE, user)) != secret:
                raise self._unavailable(f"the keyring {_name(backend)} did not keep the secret")
            private_file.write(note, json.dumps({"backend": _name(backend)}) + "\n")
            return
        raise self._unavailable("no keyring of this machine takes secrets")

    def delete(self, user: str) -> None:
        """Forget the secret; fine when there is none. Raises as `get` does."""
        backend = self._remembered(user)
        if backend is None:
            return
        from keyring.errors import PasswordDeleteError

        try:
            if self._ask(backend, lambda b: b.get_password(SERVICE, user)) is not None:
                self._ask(backend, lambda b: b.delete_password(SERVICE, user))
        except PasswordDeleteError:
            raise self._unavailable(f"the keyring {_name(backend)} would not delete it") from None
        private_file.delete(self._path(user))

    def _path(self, user: str) -> Path:
        return self._folder / f"{file_name(user)}.keyring"

    def _remembered(self, user: str) -> KeyringBackend | None:
        """The backend that took the secret, loaded by name."""
        text = private_file.read(self._path(user))
        if text is None:
            return None
        try:
            name = json.loads(text)["backend"]
        except (ValueError, KeyError, TypeError):
            name = ""
        if not isinstance(name, str) or not _DOTTED.fullmatch(name):
            raise self._unavailable(f"{self._path(user)} does not name a keyring")
        self._refuse(name)
        module, _, attribute = name.rpartition(".")
        try:
            backend: KeyringBackend = getattr(importlib.import_module(module), attribute)()
        except Exception as problem:  # noqa: BLE001 - a vendor's backend may raise anything
            why = type(problem).__name__
            raise self._unavailable(
                f"the keyring {name}, used at login, cannot be loaded ({why})"
            ) from None
        self._check(backend)
        return backend

    def _candidates(self) -> list[KeyringBackend]:
        """What `keyring` would use, in its order; never empty."""
        try:
            if self._discover is None:
                import keyring

                found = keyring.get_keyring()
            else:
                found = self._discover()
            chains = _is(found, "keyring.backends.chainer")
            chained: list[KeyringBackend] = (
                list(getattr(found, "backends", ())) if chains else [found]
            )
        except Exception as problem:  # noqa: BLE001 - discovery loads third parties' code
            why = type(problem).__name__
            raise self._unavailable(f"the keyring cannot be opened ({why})") from None
        if not chained:
            raise self._unavailable("this machine has no keyring")
        # The first is what would be used, so it must be good; weak ones after it are never asked.
        self._check(chained[0])
        return [chained[0], *(b for b in chained[1:] if _flaw(b) == "")]

    def _check(self, backend: KeyringBackend) -> None:
        for base in type(backend).__mro__:
            self._refuse(f"{base.__module__}.{base.__qualname__}", shown=_name(backend))

    def _refuse(self, name: str, shown: str = "") -> None:
        if name.startswith("keyring.backends.fail."):
            raise self._unavailable("this machine has no keyring")
        if flaw := _weakness(name):
            raise Refused(
                "insecure_keyring", f"the keyring {shown or name} is refused: {flaw}", self._way_on
            )

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
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _is(backend: KeyringBackend, module: str) -> bool:
    return any(base.__module__ == module for base in type(backend).__mro__)


def _weakness(name: str) -> str:
    """Why the backend class `name` must not hold a secret; empty if nothing is known."""
    if name.startswith("keyring.backends.null."):
        return "it keeps nothing"
    if name.startswith("keyrings.alt.") or "plaintext" in name.lower():
        return "it does not protect what it keeps"
    return ""


def _flaw(backend: KeyringBackend) -> str:
    names = [f"{base.__module__}.{base.__qualname__}" for base in type(backend).__mro__]
    failing = any(name.startswith("keyring.backends.fail.") for name in names)
    return "fails" if failing else next((w for n in names if (w := _weakness(n))), "")
