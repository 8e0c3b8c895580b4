"""Password hashes: argon2id."""

from __future__ import annotations

import base64
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LARGEST = 1024
"""Bytes of UTF-8. A longer password is no password of ours; hashing it would only cost time."""


class Argon2Passwords:
    """Implements ports.Passwords.

    Defaults are RFC 9106's second recommended option (section 4): t=3, 64 MiB, 4 lanes; a
    16-byte salt and a 32-byte tag. `memory_cost` is in KiB. Text is normalised with NFKC, so
    that the same password typed on another keyboard or system is the same.
    """

    def __init__(
        self, *, time_cost: int = 3, memory_cost: int = 65_536, parallelism: int = 4
    ) -> None:
        self._parameters = (time_cost, memory_cost, parallelism)
        self._made: PasswordHasher | None = None

    def hash(self, password: str) -> str:
        """A hash with its parameters and a fresh salt. Raises ValueError for what cannot be a
        password: more than 1024 bytes, or not valid text."""
        text = _bytes(password)
        if text is None:
            raise ValueError("not a password: too long, or not valid text")
        return self._hasher.hash(text)

    def verify(self, password_hash: str, password: str) -> bool:
        """Whether `password` is the one. One full computation whatever the answer: also for an
        empty hash (no such contact), so that time does not tell who exists."""
        from argon2.exceptions import InvalidHashError, VerificationError

        text = _bytes(password)
        known = bool(password_hash) and text is not None
        try:
            matches = self._hasher.verify(password_hash if known else self._nobody, text or b"")
        except (InvalidHashError, VerificationError):
            return False
        return known and matches

    @property
    def _hasher(self) -> PasswordHasher:
        if self._made is None:
            from argon2 import PasswordHasher

            time_cost, memory_cost, parallelism = self._parameters
            self._made = PasswordHasher(time_cost, memory_cost, parallelism)
        return self._made

    @property
    def _nobody(self) -> str:
        """A well-formed hash of the same cost that no password has."""
        time_cost, memory_cost, parallelism = self._parameters
        salt, tag = (base64.b64encode(bytes(n)).decode().rstrip("=") for n in (16, 32))
        costs = f"m={memory_cost},t={time_cost},p={parallelism}"
        return f"$argon2id$v=19${costs}${salt}${tag}"


def _bytes(password: str) -> bytes | None:
    """NFKC in UTF-8; None for what cannot be a password."""
    if len(password) > LARGEST:
        return None
    try:
        text = unicodedata.normalize("NFKC", password).encode()
    except UnicodeEncodeError:  # lone surrogates: bytes that were not UTF-8
        return None
    return text if len(text) <= LARGEST else None
