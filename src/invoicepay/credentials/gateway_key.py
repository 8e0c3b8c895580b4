"""A test or live ledger's gateway key: from a file that the environment names, or the keyring."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from invoicepay.billing.errors import BadInput, Unreachable, Usage
from invoicepay.billing.identity import Mode
from invoicepay.credentials import private_file
from invoicepay.credentials.keyring_store import KeyringSecrets
from invoicepay.credentials.patience import GaveUp

KEY_FILE_VARIABLE = "INVOICEPAY_STRIPE_KEY_FILE"
WAY_ON = (
    "Store it with `invoicepay config stripe`, or name a file of mode 0600 that holds it with "
    f"{KEY_FILE_VARIABLE}."
)
WITHOUT_KEYRING = f"Name a file of mode 0600 that holds the key with {KEY_FILE_VARIABLE}."

BEGINNINGS: Mapping[Mode, tuple[str, str]] = {
    Mode.TEST: ("sk_test_", "rk_test_"),
    Mode.LIVE: ("sk_live_", "rk_live_"),
}
"""Of the keys that a ledger takes: secret, and restricted to some permissions."""


def gateway_key(
    folder: Path,
    ledger_id: str,
    mode: Mode,
    environ: Mapping[str, str] = os.environ,
    keyring: KeyringSecrets | None = None,
) -> str:
    """The key, from the file that INVOICEPAY_STRIPE_KEY_FILE names, else from the keyring. Waits
    for either no longer than the keyring's patience.

    Raises Unreachable (`key_missing`, `keyring_unavailable`, `secret_unreadable`, and
    `gateway_mismatch` for a key that is not of `mode`) or Refused (`insecure_file`,
    `insecure_keyring`). Never falls back to anything else.
    """
    key = _kept(folder, ledger_id, environ, keyring)
    if not key.startswith(BEGINNINGS[mode]):
        raise Unreachable("gateway_mismatch", *_not_of(mode, key))
    return key


def _kept(
    folder: Path, ledger_id: str, environ: Mapping[str, str], keyring: KeyringSecrets | None
) -> str:
    store = _store(folder, keyring)
    if name := environ.get(KEY_FILE_VARIABLE, ""):
        try:  # orchestrators mount secrets, over a network perhaps, and behind links
            text = store.patience.wait_for(
                KEY_FILE_VARIABLE, lambda: private_file.read(Path(name), follow=True)
            )
        except GaveUp:
            raise Unreachable(
                "secret_unreadable",
                f"cannot read {name}: it does not answer",
                "Check the disk or the mount that it is on.",
            ) from None
        if text is None:
            raise Unreachable(
                "key_missing", f"{KEY_FILE_VARIABLE} names {name}, which is not there", WAY_ON
            )
        return _usable(text.strip(), f"{name} holds no key")
    key = store.get(_user(ledger_id), discover=True) or ""
    return _usable(key, "this machine's keyring holds no gateway key for this ledger")


def set_gateway_key(
    folder: Path, ledger_id: str, mode: Mode, key: str, keyring: KeyringSecrets | None = None
) -> None:
    """Keep the key in the keyring. Raises BadInput for what cannot be a key, Usage for one that is
    not of `mode`; see KeyringSecrets."""
    key = key.strip()
    if not _is_key(key):
        raise BadInput("bad_text", "that is not a gateway key", "Paste the key as one word.")
    if not key.startswith(BEGINNINGS[mode]):
        raise Usage("usage", *_not_of(mode, key))
    _store(folder, keyring).set(_user(ledger_id), key)


def _store(folder: Path, keyring: KeyringSecrets | None) -> KeyringSecrets:
    return (keyring or KeyringSecrets(folder)).hinting(WITHOUT_KEYRING)


def _user(ledger_id: str) -> str:
    return f"{ledger_id}:gateway"


def _is_key(key: str) -> bool:
    """One printable ASCII word; anything else would end in an HTTP header."""
    return key.isascii() and key.isprintable() and " " not in key and key != ""


def _not_of(mode: Mode, key: str) -> tuple[str, str]:
    """What is wrong with a key of another mode than the ledger's, and what to do."""
    others = [other for other, names in BEGINNINGS.items() if key.startswith(names)]
    what = f"a {others[0]} key" if others else f"not a {mode} key"
    return (
        f"this is {what}, and the ledger is a {mode} ledger",
        f"Use the key of its account that starts with {' or '.join(BEGINNINGS[mode])}.",
    )


def _usable(key: str, missing: str) -> str:
    if not _is_key(key):
        raise Unreachable("key_missing", missing, WAY_ON)
    return key
