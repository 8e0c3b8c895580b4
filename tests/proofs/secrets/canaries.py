"""Looking for secrets in whatever the program has left behind, in every form they may take."""

from __future__ import annotations

import email
import re
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus


def forms(secret: str) -> dict[str, bytes]:
    """How `secret` looks in plain text, hex, URLs, and Base64 of a longer text."""
    raw = secret.encode()
    found = {
        "plain": secret,
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
        "URL": quote(secret, safe=""),
        "path": quote(secret),
        "form": quote_plus(secret),
        "repr": repr(secret)[1:-1],
    }
    for before in range(3):
        # Only the characters that do not depend on what stands before and after.
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        for name, encode in (("Base64", b64encode), ("URL-safe Base64", urlsafe_b64encode)):
            found[f"{name}+{before}"] = encode(bytes(before) + raw)[first:last].decode()
    return {name: form.encode() for name, form in found.items()}


def leaks(secrets: Mapping[str, str], content: bytes) -> list[str]:
    """Which of `secrets` (by name) stand in `content`, and in which form."""
    return [
        f"{name} ({form})"
        for name, secret in secrets.items()
        for form, text in forms(secret).items()
        if text in content
    ]


def contents(path: Path) -> Iterator[bytes]:
    """The file as it is, what its compressed parts hold, and for an e-mail its parts as well."""
    raw = path.read_bytes()
    pieces = [raw]
    if path.suffix == ".eml":
        parts = (p.get_payload(decode=True) for p in email.message_from_bytes(raw).walk())
        pieces += [part for part in parts if isinstance(part, bytes)]
    for piece in pieces:
        yield piece
        for start in re.finditer(rb"stream\r?\n", piece):
            try:
                yield zlib.decompressobj().decompress(piece[start.end() :])
            except zlib.error:
                continue
