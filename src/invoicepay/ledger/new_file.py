"""A new file, whole or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from invoicepay.billing.errors import Refused, Unreachable


@contextmanager
def new_file(target: Path, *, in_new_folder: bool = False) -> Iterator[Path]:
    """A temporary file beside `target`, 0600 from its first byte (SQLite gives its -wal and -shm
    the same), put in its place durably when the block ends well.

    A link, unlike a rename, never replaces a file that has appeared meanwhile. Raises Refused
    when there is one, Unreachable when it cannot be written; nothing is left there then.
    """
    import tempfile  # slow to import, and only needed here

    from invoicepay.system.files import make_folder, sync, sync_folder

    exists = Refused("already_exists", f"{target} exists", "Use it, or name a new file.")
    part = None
    try:
        if target.exists():
            raise exists
        if in_new_folder:
            make_folder(target.parent)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
        part = Path(name)
        yield part
        sync(part)
        try:
            os.link(part, target)
        except FileExistsError:
            raise exists from None
        try:
            sync_folder(target.parent)
        except OSError:
            target.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Unreachable(
            "write_failed",
            f"{target} cannot be written: {error.strerror or error}",
            "Nothing was left there. Name another place, or check the folder and the disk.",
        ) from error
    finally:
        if part is not None:
            for name in (f"{part}", f"{part}-wal", f"{part}-shm", f"{part}-journal"):
                with suppress(OSError):  # what was asked for is done, or its own error is told
                    Path(name).unlink(missing_ok=True)
