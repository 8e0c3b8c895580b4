"""Which keyrings are good enough, judged by their names before any code of theirs is loaded.

The `keyring` package itself loads whatever its settings, PYTHON_KEYRING_BACKEND or any installed
package names, and asks each for its priority. So it is not asked which keyring to use.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

CHOICE_VARIABLE = "PYTHON_KEYRING_BACKEND"

_MACOS = ("keyring.backends.macOS.Keyring",)
_WINDOWS = ("keyring.backends.Windows.WinVaultKeyring",)
_DESKTOPS = (
    "keyring.backends.SecretService.Keyring",
    "keyring.backends.libsecret.Keyring",
    "keyring.backends.kwallet.DBusKeyring",
    "keyring.backends.kwallet.DBusKeyringKWallet4",
)
KNOWN = frozenset((*_MACOS, *_WINDOWS, *_DESKTOPS))
"""The operating systems' own, which the `keyring` package comes with."""

_ANY_OF_THEM = "keyring.backends.chainer.ChainerBackend"
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)


def is_name(name: str) -> bool:
    """Whether it can be the name of a class in a module."""
    return _DOTTED.fullmatch(name) is not None


def is_none(name: str) -> bool:
    """Whether it stands for having no keyring."""
    return name.startswith("keyring.backends.fail.")


def weakness(name: str) -> str:
    """Why the backend class `name` must not hold a secret; empty if nothing is known."""
    if name.startswith("keyring.backends.null."):
        return "it keeps nothing"
    if name.startswith("keyrings.alt.") or "plaintext" in name.lower():
        return "it does not protect what it keeps"
    return ""


def chosen(environ: Mapping[str, str] = os.environ) -> str:
    """The name in the `keyring` package's own settings: its variable, else its file; empty where
    they leave it open. Raises whatever a broken file of settings raises."""
    name = environ.get(CHOICE_VARIABLE, "") or _in_file()
    return "" if name == _ANY_OF_THEM else name


def _in_file() -> str:
    """`default-keyring` of keyringrc.cfg. Its `keyring-path`, a place to load code from, is not
    heeded."""
    import configparser

    from keyring.util import platform_

    settings = configparser.RawConfigParser()
    settings.read(platform_.config_root() / "keyringrc.cfg", "utf-8")
    return settings.get("backend", "default-keyring", fallback="").strip()


def load(name: str) -> KeyringBackend:
    """The backend `name`, which has been judged. Raises anything: its code runs."""
    module, _, attribute = name.rpartition(".")
    backend: KeyringBackend = getattr(importlib.import_module(module), attribute)()
    return backend


def machine() -> KeyringBackend | None:
    """The best of this machine's own."""
    names = {"darwin": _MACOS, "win32": _WINDOWS}.get(sys.platform, _DESKTOPS)
    usable: list[tuple[float, KeyringBackend]] = []
    for name in names:
        try:
            backend = load(name)
            usable.append((backend.priority, backend))
        except Exception:  # noqa: BLE001 - each says in its own way that it is not there
            continue
    return max(usable, key=lambda each: each[0])[1] if usable else None


def names(backend: KeyringBackend) -> list[str]:
    """The names of its class and of what that inherits from, its own first."""
    return [f"{base.__module__}.{base.__qualname__}" for base in type(backend).__mro__]
