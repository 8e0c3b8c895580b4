"""Ids and secrets from the operating system's random source."""

from __future__ import annotations

# Crockford's base32 has no I, L, O or U: https://www.crockford.com/base32.html
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class RandomIds:
    """Implements ports.Ids."""

    def new(self) -> str:
        """A random UUID, e.g. `0b0f…-4…`."""
        import uuid

        return str(uuid.uuid4())

    def secret(self) -> str:
        """256 random bits, URL-safe."""
        import secrets

        return secrets.token_urlsafe(32)

    def code(self) -> str:
        """80 random bits to read out and type: `7K2M-9QXD-41AB-ZZ0T`."""
        import secrets

        letters = "".join(secrets.choice(CROCKFORD) for _ in range(16))
        return "-".join(letters[i : i + 4] for i in range(0, 16, 4))
