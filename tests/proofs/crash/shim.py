"""shim.c from Python: compiled, given its plan, and its traces read."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
COMPILER = shutil.which("cc") if sys.platform == "linux" else None
"""The shim reads /proc and is loaded with LD_PRELOAD: Linux only."""
BANK = ".sandbox"
"""The practice bank's own file is no file of ours; its calls are left alone."""
_HEAD = struct.Struct("<IIIIQQq")


class Fault(IntEnum):
    """What one call meets. A full disk cuts a write short, and stays full."""

    NOTHING = 0
    EIO = 1
    ENOSPC = 2
    DISK_FULL = 3
    KILL_BEFORE = 4
    KILL_AFTER = 5


KILLS = (Fault.KILL_BEFORE, Fault.KILL_AFTER)


class Op(IntEnum):
    WRITE = 1
    TRUNCATE = 2
    SYNC = 3
    SYNC_FOLDER = 4
    RENAME = 5
    LINK = 6
    UNLINK = 7
    CREATE = 8
    MKDIR = 9
    SAID = 10


@dataclass(frozen=True)
class Call:
    """One call that changed something, or that wrote to stdout (SAID), in a trace."""

    op: Op
    path: str
    other: str
    inode: int
    offset: int
    data: bytes


def build(folder: Path) -> Path:
    """The compiled shim."""
    assert COMPILER
    library = folder / "shim.so"
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    subprocess.run([COMPILER, *flags, "-o", library, SOURCE, "-ldl"], check=True)
    return library


class Shim:
    """The shim in this process, which was started with it."""

    def __init__(self) -> None:
        library = ctypes.CDLL(None)
        self._count, self._plan = library.shim_count, library.shim_plan
        self._count.restype = ctypes.POINTER(ctypes.c_long)
        self._shared = self._count()

    @property
    def calls(self) -> int:
        """How many calls the last process with a plan has made."""
        return int(self._shared[0])

    def plan(self, root: str, at: int, fault: int, trace: str) -> None:
        """In a forked process: call `at` (from 1) under `root` meets `fault`."""
        into = os.open(trace, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if trace else -1
        shared = self._shared
        self._plan(root.encode(), BANK.encode(), ctypes.c_long(at), fault, into, shared)


def loaded() -> bool:
    return "shim.so" in os.environ.get("LD_PRELOAD", "")


def read_trace(path: Path) -> Iterator[Call]:
    content = path.read_bytes()
    at = 0
    while at < len(content):
        op, path_length, other_length, _, inode, size, offset = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        fields = []
        for length in (path_length, other_length, size):
            fields.append(content[at : at + length])
            at += length
        yield Call(Op(op), fields[0].decode(), fields[1].decode(), inode, offset, fields[2])
