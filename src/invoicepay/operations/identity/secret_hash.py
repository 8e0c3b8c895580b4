"""What the ledger keeps of a secret: its SHA-256.

A plain hash is enough here, and only here: these secrets are 80 or more random bits, so there
is nothing to guess. Passwords go through argon2.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

# Crockford's base32 reads these as digits: https://www.crockford.com/base32.html
_ALIKE = str.maketrans("OIL", "011", " -")


def secret_hash(secret: str) -> str:
    """SHA-256 (hex) of a session's or token's secret."""
    digest: str = _sha256()(secret.encode("utf-8", "replace")).hexdigest()
    return digest


def code_hash(code: str) -> str:
    """SHA-256 (hex) of a one-time code however it was typed: case, spaces, dashes, `O` for 0."""
    return secret_hash(code.strip().upper().translate(_ALIKE))


@cache
def _sha256() -> Callable[[bytes], Any]:
    """The module that CPython's own `random` uses: hashlib loads OpenSSL, which is 4 ms of every
    command."""
    for name in ("_sha2", "_sha256"):  # Python 3.12 and later; before
        with suppress(ImportError):
            own: Callable[[bytes], Any] = importlib.import_module(name).sha256
            return own
    import hashlib

    return hashlib.sha256
