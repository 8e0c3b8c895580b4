"""Files that are whole or absent, and stay there after a power cut."""

from __future__ import annotations

import os
from errno import EINVAL, ENOTSUP
from pathlib import Path

from invoicepay.billing.errors import Unreachable


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` into `path`, whole or not at all, mode 0600, by a temporary file, fsync and
    rename. A link at `path` is replaced, not followed. Only with `sync_folder` after it does the
    new name survive a power cut. Raises OSError; no temporary file is left then."""
    import tempfile  # slow to import, and what reads files never needs it

    # mkstemp creates with O_EXCL and mode 0600. A name has 255 bytes at most, so not all of it.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:50]}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write `path` (0600), whole or not at all. A link at `path` is replaced, not followed; a
    device or a pipe is left alone. Raises Unreachable."""
    try:
        _check_replaceable(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)
    except OSError as error:
        raise Unreachable(
            "write_failed",
            f"{path} cannot be written: {error.strerror}",
            "Nothing was left there. Name another place, or check the folder and the disk.",
        ) from error


def _check_replaceable(path: Path) -> None:
    """Raises OSError for what is no file: as root, a rename would put one in /dev/null's place."""
    if path.exists() and not (path.is_symlink() or path.is_file() or path.is_dir()):
        raise OSError(EINVAL, "not a file")


def make_folder(folder: Path) -> None:
    """With those above it, each 0700 and durable. Raises OSError."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in it durable. Does nothing where a file system cannot. Raises OSError."""
    if os.name != "posix":
        return
    try:
        sync(folder)
    except OSError as problem:
        if problem.errno not in (EINVAL, ENOTSUP):
            raise


def sync(path: Path) -> None:
    """fsync what is at `path`. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
