"""What the ledger keeps of a secret: its SHA-256.

A plain hash is enough here, and only here: these secrets are 80 or more random bits, so there
is nothing to guess. Passwords go through argon2.
"""

from __future__ import annotations

import hashlib

# Crockford's base32 reads these as digits: https://www.crockford.com/base32.html
_ALIKE = str.maketrans("OIL", "011", " -")


def secret_hash(secret: str) -> str:
    """SHA-256 (hex) of a session's or token's secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def code_hash(code: str) -> str:
    """SHA-256 (hex) of a one-time code however it was typed: case, spaces, dashes, `O` for 0."""
    return secret_hash(code.strip().upper().translate(_ALIKE))
