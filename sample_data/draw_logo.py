"""Draws the sample company's logo: `python sample_data/draw_logo.py`."""

from __future__ import annotations

import math
import struct
import sys
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent / "company"


def logo(size: int = 256) -> bytes:
    """A paddle wheel over two waves, as a PNG of `size` pixels squared."""
    fine = 3
    rows = []
    for y in range(size):
        row = bytearray([0])
        for x in range(size):
            inks = [
                _ink((x + (i + 0.5) / fine) / size, (y + (j + 0.5) / fine) / size)
                for i in range(fine)
                for j in range(fine)
            ]
            row += bytes(sum(ink[c] for ink in inks) // len(inks) for c in range(3))
        rows.append(bytes(row))
    data = zlib.compress(b"".join(rows), 9)
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


_PAPER, _DEEP, _LIGHT = (255, 255, 255), (15, 76, 92), (86, 166, 176)


def _ink(x: float, y: float) -> tuple[int, int, int]:
    """The colour at (x, y), each 0 to 1 from the top left."""
    wave = 0.76 + 0.025 * math.sin(x * 4 * math.pi)
    if y > wave + 0.115:
        return _PAPER
    if y > wave + 0.065:
        return _DEEP
    if y > wave + 0.05:
        return _PAPER
    if y > wave:
        return _LIGHT
    if y > wave - 0.02:
        return _PAPER
    dx, dy = x - 0.5, y - 0.46
    radius, angle = math.hypot(dx, dy), math.atan2(dy, dx)
    spoke = abs((angle / (math.pi / 4)) % 1 - 0.5) * (math.pi / 4) * radius
    at_spoke = math.pi / 8 * radius - spoke < 0.019
    if radius < 0.075 or 0.27 < radius < 0.325 or (radius < 0.40 and at_spoke):
        return _DEEP
    return _PAPER


def main(folder: Path = HERE) -> None:
    """Write logo.png into `folder`."""
    (folder / "logo.png").write_bytes(logo())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
