"""The live gateway's key: a file named by the environment, or the OS keyring."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from invoicepay.billing.errors import BadInput, Unreachable
from invoicepay.credentials import private_file
from invoicepay.credentials.keyring_store import KeyringSecrets

KEY_FILE_VARIABLE = "INVOICEPAY_STRIPE_KEY_FILE"
WAY_ON = (
    "Store it with `invoicepay config stripe`, or name a file of mode 0600 that holds it with "
    f"{KEY_FILE_VARIABLE}."
)


def gateway_key(
    folder: Path,
    ledger_id: str,
    environ: Mapping[str, str] = os.environ,
    keyring: KeyringSecrets | None = None,
) -> str:
    """The key, from the file that INVOICEPAY_STRIPE_KEY_FILE names, else from the keyring.

    Raises Unreachable (`key_missing`, `keyring_unavailable`, `secret_unreadable`) or Refused
    (`insecure_file`, `insecure_keyring`). Never falls back to anything else.
    """
    if name := environ.get(KEY_FILE_VARIABLE, ""):
        # Orchestrators mount secrets behind links, so those are followed.
        text = private_file.read(Path(name), follow=True)
        if text is None:
            raise Unreachable(
                "key_missing", f"{KEY_FILE_VARIABLE} names {name}, which is not there", WAY_ON
            )
        return _usable(text.strip(), f"{name} holds no key")
    store = keyring or KeyringSecrets(folder, WAY_ON)
    key = store.get(_user(ledger_id), discover=True) or ""
    return _usable(key, "this machine's keyring holds no gateway key for this ledger")


def set_gateway_key(
    folder: Path, ledger_id: str, key: str, keyring: KeyringSecrets | None = None
) -> None:
    """Keep the key in the keyring. Raises BadInput for what cannot be a key; see KeyringSecrets."""
    if not _is_key(key.strip()):
        raise BadInput("bad_text", "that is not a gateway key", "Paste the key as one word.")
    (keyring or KeyringSecrets(folder, WAY_ON)).set(_user(ledger_id), key.strip())


def delete_gateway_key(folder: Path, ledger_id: str, keyring: KeyringSecrets | None = None) -> None:
    """Forget the keyring's key; fine when there is none."""
    (keyring or KeyringSecrets(folder, WAY_ON)).delete(_user(ledger_id))


def _user(ledger_id: str) -> str:
    return f"{ledger_id}:gateway"


def _is_key(key: str) -> bool:
    """One printable ASCII word; anything else would end in an HTTP header."""
    return key.isascii() and key.isprintable() and " " not in key and key != ""


def _usable(key: str, missing: str) -> str:
    if not _is_key(key):
        raise Unreachable("key_missing", missing, WAY_ON)
    return key
