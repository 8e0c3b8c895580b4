"""Files that only their owner may read: mode 0600 from the first byte, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from invoicepay.billing.errors import Refused, Unreachable

LARGEST = 16_384
"""Bytes. Tokens and keys are far smaller; what is larger is something else."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_POSIX = os.name == "posix"
# Never wait for the writer of a FIFO that stands where the file should.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


def read(path: Path, *, follow: bool = False) -> str | None:
    """The text of `path`, None when there is no such file.

    Raises Refused (`insecure_file`) for a symlink (unless `follow`), for what is not a regular
    file, and for what others than its owner may read or write; Unreachable when it cannot be
    read. No exception shows what is in it.
    """
    try:
        if not follow and path.is_symlink():
            raise _insecure(path, "is a symbolic link")
        descriptor = os.open(path, _READ | (0 if follow else _NO_FOLLOW))
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise _unreadable(path, problem) from None
    try:
        _check(path, os.fstat(descriptor))
        content = os.read(descriptor, LARGEST + 1)
    except OSError as problem:
        raise _unreadable(path, problem) from None
    finally:
        os.close(descriptor)
    if len(content) > LARGEST:
        raise _insecure(path, f"is larger than {LARGEST} bytes, so it is no secret of ours")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _insecure(path, "is not UTF-8 text, so it is no secret of ours") from None


def write(path: Path, text: str) -> None:
    """Put `text` into `path`, atomically and durably.

    Raises Refused (`insecure_file`) when a symlink, or a file that others may read, stands
    there; Unreachable (`write_failed`) when it cannot be written.
    """
    from invoicepay.durable import make_folder, replace_file, sync_folder

    try:
        with contextlib.suppress(FileNotFoundError):
            _check(path, path.lstat())
        make_folder(path.parent)
        replace_file(path, text.encode())
        sync_folder(path.parent)
    except OSError as problem:
        raise Unreachable(
            "write_failed",
            f"cannot write {path}: {problem.strerror or 'input/output error'}",
            "Check the folder's permissions and the free space.",
        ) from None


def delete(path: Path) -> None:
    """Remove `path` if it is there. Raises Unreachable (`write_failed`)."""
    try:
        path.unlink(missing_ok=True)
    except OSError as problem:
        raise Unreachable(
            "write_failed",
            f"cannot remove {path}: {problem.strerror or 'input/output error'}",
            "Remove it by hand.",
        ) from None


def _check(path: Path, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _insecure(path, "is a symbolic link")
    if not stat.S_ISREG(status.st_mode):
        raise _insecure(path, "is not a regular file")
    if _POSIX and status.st_mode & _OTHERS:
        mode = stat.S_IMODE(status.st_mode)
        raise _insecure(path, f"is open to other users (mode {mode:04o})")


def _insecure(path: Path, why: str) -> Refused:
    return Refused(
        "insecure_file",
        f"{path} {why}",
        "A secret's file must be a regular file of mode 0600; if others may have read it, "
        "replace the secret.",
    )


def _unreadable(path: Path, problem: OSError) -> Unreachable:
    return Unreachable(
        "secret_unreadable",
        f"cannot read {path}: {problem.strerror or 'input/output error'}",
        "Check that it is yours and readable.",
    )
