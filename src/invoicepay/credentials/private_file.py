"""Files that only their owner may read: mode 0600 from the first byte, whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from invoicepay.billing.errors import Refused, Unreachable

LARGEST = 16_384
"""Bytes. Tokens and keys are far smaller; what is larger is something else."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_POSIX = os.name == "posix"
# Never wait for the writer of a FIFO that stands where the file should.
_READ = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
# O_PATH: a folder may be one that its user may search and not list.
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", os.O_RDONLY)
_LINK_REFUSED = (errno.ELOOP, errno.EMLINK)  # by O_NOFOLLOW; EMLINK on FreeBSD
_MOST_LINKS = 40  # as Linux
_IF_READ = "if others may have read or changed it, replace the secret."


def read(path: Path, *, follow: bool = False) -> str | None:
    """The text of `path`, None when there is no such file.

    Raises Refused (`insecure_file`) for a symlink (unless `follow`), for what is not a regular
    file, for what others than its owner may read or write, and where others may change the
    folder, or file or folder are neither this user's nor root's; Unreachable when it cannot be
    read. No exception shows what is in it.
    """
    try:
        with _opened(path, follow) as descriptor:
            _check(path, os.fstat(descriptor))
            content = os.read(descriptor, LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise _unreadable(path, problem) from None
    if len(content) > LARGEST:
        raise _no_secret(path, f"is larger than {LARGEST} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _no_secret(path, "is not UTF-8 text") from None


def write(path: Path, text: str) -> None:
    """Put `text` into `path`, atomically and durably.

    Raises Refused (`insecure_file`) for what `read` would refuse to read from there; Unreachable
    (`write_failed`) when it cannot be written.
    """
    from invoicepay.system.files import replace_file, sync_folder

    try:
        _make_place(path)
        replace_file(path, text.encode())
        sync_folder(path.parent)
    except OSError as problem:
        raise _not_written(path, problem) from None


def check_place(path: Path) -> None:
    """Raises what `write` would, as far as that can be seen without writing; makes the folder."""
    try:
        _make_place(path)
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as problem:
        raise _not_written(path, problem) from None


def _make_place(path: Path) -> None:
    """Raises Refused for a folder, or a file there already, that is not the user's alone."""
    from invoicepay.system.files import make_folder

    make_folder(path.parent)
    # By path: whoever could put another folder there meanwhile gets a file that is not theirs
    # and closed to them.
    _check_folder(path, path.parent, path.parent.stat())
    with contextlib.suppress(FileNotFoundError):
        _check(path, path.lstat())


def _not_written(path: Path, problem: OSError) -> Unreachable:
    return Unreachable(
        "write_failed",
        f"cannot write {path}: {problem.strerror or 'input/output error'}",
        "Check the folder's permissions and the free space.",
    )


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


@contextlib.contextmanager
def _opened(path: Path, follow: bool) -> Iterator[int]:
    """The file's descriptor, opened within a folder that was looked at by its own descriptor, so
    that nothing can be put in their place in between; with `follow`, each link's folder as well.
    Raises OSError and Refused."""
    with contextlib.ExitStack() as stack:

        def opened(name: str | Path, flags: int, within: int | None = None) -> int:
            descriptor = os.open(name, flags, dir_fd=within)
            stack.callback(os.close, descriptor)
            return descriptor

        if not _POSIX:
            yield opened(path, _READ)
            return
        here, within = path, None  # `here`: as the last link named it, in the folder `within`
        folder = Path()
        for _ in range(_MOST_LINKS):
            within, folder = opened(here.parent, _FOLDER, within), folder / here.parent
            try:
                descriptor = opened(here.name, _READ | _NO_FOLLOW, within)
            except OSError as problem:
                if problem.errno not in _LINK_REFUSED:
                    raise
                if not follow:
                    raise _link(path) from None
                _check_folder(path, folder, os.fstat(within))
                here = Path(os.readlink(here.name, dir_fd=within))
            else:
                _check_folder(path, folder, os.fstat(within))
                yield descriptor
                return
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _check(path: Path, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise _link(path)
    if not stat.S_ISREG(status.st_mode):
        raise _insecure(path, "is not a regular file", "Put a file of mode 0600 there.")
    _check_owner(path, "", status)
    if _POSIX and status.st_mode & _OTHERS:
        raise _insecure(
            path,
            f"is open to other users (mode {stat.S_IMODE(status.st_mode):04o})",
            f"Use `chmod 600 {path}`; {_IF_READ}",
        )


def _check_folder(path: Path, folder: Path, status: os.stat_result) -> None:
    _check_owner(path, f"is in the folder {folder}, which ", status)
    sticky = status.st_mode & stat.S_ISVTX  # there nobody renames or removes another's file
    if _POSIX and status.st_mode & _OTHERS_WRITE and not sticky:
        raise _insecure(
            path,
            f"is in the folder {folder}, which others can change "
            f"(mode {stat.S_IMODE(status.st_mode):04o})",
            f"Use `chmod go-w {folder}`; {_IF_READ}",
        )


def _check_owner(path: Path, what: str, status: os.stat_result) -> None:
    """Root may be the owner: it could read and change whatever this user has."""
    if _POSIX and status.st_uid not in (os.geteuid(), 0):
        raise _insecure(
            path,
            f"{what}belongs to another user (uid {status.st_uid})",
            "Run this as that user, or keep the secret in a file and folder of your own; "
            f"{_IF_READ}",
        )


def _link(path: Path) -> Refused:
    return _insecure(path, "is a symbolic link", "Put the file itself there.")


def _no_secret(path: Path, why: str) -> Refused:
    return _insecure(path, f"{why}, so it is no secret of ours", "Move it away.")


def _insecure(path: Path, why: str, way_on: str) -> Refused:
    return Refused("insecure_file", f"{path} {why}", way_on)


def _unreadable(path: Path, problem: OSError) -> Unreachable:
    return Unreachable(
        "secret_unreadable",
        f"cannot read {path}: {problem.strerror or 'input/output error'}",
        "Check that it is yours and readable.",
    )
