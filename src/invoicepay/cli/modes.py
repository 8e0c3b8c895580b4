"""Whether anybody else may read or change what the program keeps."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from invoicepay.operations.books.health import Check
from invoicepay.settings import Settings

_WRITE = stat.S_IWGRP | stat.S_IWOTH
_ANY = stat.S_IRWXG | stat.S_IRWXO


def check_modes(settings: Settings) -> Check:
    """Files are made 0600, but copying and restoring can loosen them."""
    found = [f for path, bits in _to_be_closed(settings) if (f := _loose(path, bits))]
    detail = "only yours" if not found else found[0]
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return Check(
        "modes",
        not found,
        detail + more,
        "Use `chmod go= FILE`, and `chmod go-w` for a folder or the settings; whoever could read "
        "the ledger may have.",
    )


def _to_be_closed(settings: Settings) -> list[tuple[Path, int]]:
    """What others must not read or write, and which. A folder that others may write to lets them
    put another file in a file's place; settings that they may write name other files."""
    ledger, sandbox = settings.ledger, settings.sandbox
    mails: list[Path] = []
    with suppress(OSError):  # a folder that we may not even read is another check's
        mails = sorted(settings.outbox.glob("*.eml"))
    return [
        # SQLite makes the -wal and -shm of an open file with the mode of the file.
        *((file, _ANY) for file in (ledger, sandbox)),
        *((file, _ANY) for file in mails),
        (settings.config, _WRITE),
        *((folder, _WRITE) for folder in dict.fromkeys((ledger.parent, settings.secrets))),
    ]


def _loose(path: Path, bits: int) -> str:
    """What is wrong with `path`, empty when nothing is or it is not there."""
    if os.name != "posix":
        return ""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    if not mode & bits or (stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
        return ""
    may = "read or changed" if bits == _ANY else "changed"
    return f"{path} can be {may} by other users (mode {stat.S_IMODE(mode):04o})"
