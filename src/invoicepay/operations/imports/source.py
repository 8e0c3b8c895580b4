"""The file itself: opened safely, decoded strictly, handed out line by line in constant memory."""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import TracebackType

from invoicepay.billing.errors import NotFound
from invoicepay.operations.imports.problems import bad_file, visible

BLOCK = 1 << 18
"""Bytes read at once."""
LONGEST_LINE = 4 << 20
"""Bytes. A longer line is no line: it would have to be held in memory as a whole."""

ENCODINGS = {
    "utf-8": "utf-8",
    "latin-1": "latin-1",
    "iso-8859-1": "latin-1",
    "iso-8859-15": "iso8859-15",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1252": "cp1252",
    "windows-1252": "cp1252",
    "cp1253": "cp1253",
}
"""All have ASCII's line ends as single bytes, so that a file can be cut at them undecoded."""
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Source:
    """An open file. `name` is for messages; `digest` is complete once all lines are read."""

    def __init__(self, path: Path, encoding: str = "utf-8") -> None:
        """Raises NotFound or BadInput; never waits for a pipe or a device."""
        self.name = visible(path.name)
        self.path = path
        self._encoding = ENCODINGS[encoding]
        self._hash = hashlib.sha256()
        self._file = _open(path)
        self.size = os.fstat(self._file.fileno()).st_size
        if self.size == 0:
            self._file.close()
            raise bad_file(self.name, "the file is empty", "Export it again.")

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def digest(self) -> str:
        """SHA-256 of what has been read, in hex."""
        return self._hash.hexdigest()

    def lines(self) -> Iterator[str]:
        """Physical lines with their ends, from the file's start. Raises BadInput."""
        return chain.from_iterable(self.texts())

    def texts(self) -> Iterator[io.StringIO]:
        """The same in pieces of whole lines, on average of BLOCK bytes."""
        self._hash = hashlib.sha256()
        line, offset = 1, 0
        for piece in self._pieces():
            if offset == 0:
                whole, piece = piece, self._without_mark(piece)
                offset = len(whole) - len(piece)
            if b"\0" in piece:
                raise self._nul(piece, line)
            try:
                text = piece.decode(self._encoding)
            except UnicodeDecodeError as error:
                raise self._not_text(piece, line, offset, error) from None
            yield io.StringIO(text, newline="")
            line += _line_ends(piece)
            offset += len(piece)

    def _pieces(self) -> Iterator[bytes]:
        """Bytes cut after line ends; the last piece may lack one."""
        rest, lines = b"", 1
        self._file.seek(0)
        while block := self._block():
            block = rest + block
            # A carriage return at the very end may be the half of a pair.
            cut = block.rfind(b"\n") + 1 or block.rfind(b"\r", 0, -1) + 1
            piece, rest = block[:cut], block[cut:]
            if piece:
                yield piece
                lines += _line_ends(piece)
            if len(rest) > LONGEST_LINE:
                raise bad_file(
                    self.name, f"line {lines} is longer than {LONGEST_LINE >> 20} MiB", _EXPORT
                )
        if rest:
            yield rest

    def _block(self) -> bytes:
        try:
            block = self._file.read(BLOCK)
        except OSError as error:
            raise bad_file(self.name, f"cannot be read: {error.strerror}") from None
        self._hash.update(block)
        return block

    def _without_mark(self, first: bytes) -> bytes:
        if first.startswith(_UTF_16):
            raise bad_file(self.name, "the file is UTF-16, not UTF-8", _EXPORT)
        if first.startswith(codecs.BOM_UTF8) and self._encoding != "utf-8":
            raise bad_file(
                self.name,
                f"line 1 begins with the mark of UTF-8, so it is not {self._encoding.upper()}",
                "Take `encoding` out of the mapping file.",
            )
        return first.removeprefix(codecs.BOM_UTF8)

    def _nul(self, piece: bytes, line: int) -> Exception:
        at = piece.index(b"\0")
        halves = (piece[:64:2].count(0), piece[1:64:2].count(0))
        if line == 1 and min(halves) == 0 and max(halves) > len(piece[:64]) // 3:
            return bad_file(self.name, "the file is UTF-16, not UTF-8", _EXPORT)
        line += _line_ends(piece[:at])
        return bad_file(self.name, f"line {line} has a NUL byte; this is not a text file", _EXPORT)

    def _not_text(
        self, piece: bytes, line: int, offset: int, error: UnicodeDecodeError
    ) -> Exception:
        line += _line_ends(piece[: error.start])
        byte = piece[error.start]
        return bad_file(
            self.name,
            f"line {line} is not {self._encoding.upper()}: byte 0x{byte:02x} at offset "
            f"{offset + error.start}",
            'If it is an older Windows export, say encoding = "cp1252" (or "latin-1") in the '
            "mapping file."
            if self._encoding == "utf-8"
            else "Say the file's own encoding in the mapping file.",
        )


_EXPORT = "Export it again as CSV UTF-8 or as JSON lines."


def _open(path: Path) -> io.BufferedReader:
    """Checks that it is a file before opening it: opening a pipe would wait for its writer."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise bad_file(path.name or str(path), f"this is {what}", "Name a file of records.")
        # Not blocking, should it have become a pipe meanwhile.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        return os.fdopen(os.open(path, flags), "rb")
    except FileNotFoundError:
        raise NotFound("not_found", visible(f"no file {path}"), "Check its name.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise bad_file(path.name, f"cannot be read: {reason}") from None


def _line_ends(piece: bytes) -> int:
    """Line ends of any kind: LF, CR LF, or CR alone."""
    return piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
