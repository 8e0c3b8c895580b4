"""The program in a child of the test's own process: everything is imported already, and yet it
has its own streams, folder, environment and end. Subprocesses would take twenty times as long."""

from __future__ import annotations

import fcntl
import importlib
import os
import pty
import struct
import sys
import termios
import threading
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pkgutil import walk_packages
from tempfile import TemporaryFile
from typing import IO

import invoicepay
from invoicepay.cli.main import main
from tests.world.program import Desk

ROWS, COLUMNS = 50, 160
IN_COLOUR = {"TERM": "xterm-256color", "NO_PAGER": "1"}
WITHOUT_COLOUR = {**IN_COLOUR, "NO_COLOR": "1"}

# Imported here once, or else by every child.
for _module in walk_packages(invoicepay.__path__, "invoicepay."):
    importlib.import_module(_module.name)
for _name in ("csv", "difflib", "rich.progress", "tomllib", "traceback", "zoneinfo"):
    importlib.import_module(_name)


@dataclass(frozen=True)
class Said:
    """What a run of the program wrote, and how it ended."""

    command: Sequence[str]
    exit_code: int
    stdout: str
    stderr: str


def run(desk: Desk, *command: str, **more: str) -> Said:
    """`invoicepay COMMAND` as `desk` would run it, its output in files."""
    return run_each(desk, [command], more)[0]


def run_each(
    desk: Desk, commands: Iterable[Sequence[str]], more: Mapping[str, str] | None = None
) -> list[Said]:
    """Each command in turn, in one child."""
    commands = list(commands)
    with TemporaryFile() as out, TemporaryFile() as err, TemporaryFile() as ends:

        def each() -> None:
            _become(desk, more or {}, (out.fileno(), err.fileno()))
            for command in commands:
                code = _exit_code_of(command)
                ends.write(struct.pack("qqq", code, *map(_written_to, (out, err))))
            ends.flush()

        _in_a_child(each)
        texts = [_all_of(file) for file in (out, err)]
        said, starts = [], [0, 0]
        for command, (code, *stops) in zip(
            commands, struct.iter_unpack("qqq", _all_of(ends)), strict=True
        ):
            spoken = [t[a:b].decode() for t, a, b in zip(texts, starts, stops, strict=True)]
            said.append(Said(command, code, *spoken))
            starts = stops
        return said


def run_at_terminal(
    desk: Desk,
    commands: Iterable[Sequence[str]],
    more: Mapping[str, str] = IN_COLOUR,
    *,
    answers: str = "",
    rows: int = ROWS,
    columns: int = COLUMNS,
) -> tuple[str, list[int]]:
    """All that the commands, in one child, wrote to a terminal of their own; their exit codes.
    `answers`: what somebody has typed ahead."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    modes = termios.tcgetattr(theirs)
    modes[1] &= ~termios.OPOST  # it would make CR LF of each LF
    modes[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, modes)
    os.write(ours, answers.encode())
    with TemporaryFile() as codes:

        def each() -> None:
            os.close(ours)
            _become(desk, more, (theirs, theirs), stdin=theirs)
            codes.write(bytes(_exit_code_of(command) for command in commands))
            codes.flush()

        written = _in_a_child(each, lambda: _drained(ours, theirs))
        return written.decode(), list(_all_of(codes))


def _drained(ours: int, theirs: int) -> bytes:
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:  # Linux's way of saying that the other side has closed
            piece = b""
        if not piece:
            os.close(ours)
            return written
        written += piece


def _in_a_child(act: Callable[[], None], meanwhile: Callable[[], bytes] = bytes) -> bytes:
    # A bank in this process may still be closing the last child's connection: a lock of SQLite that
    # its thread holds now would be held in the child for good.
    for thread in threading.enumerate():
        if thread.name == "sandbox connection":
            thread.join(10.0)  # seconds
    with warnings.catch_warnings():
        # Of threads that other tests have left behind; the child uses none of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException:  # noqa: BLE001 - nothing of pytest may go on in the child
            os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
            os._exit(99)
        os._exit(0)
    heard = meanwhile()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"the child ended with {status}; it said {heard!r}"
    return heard


def _become(
    desk: Desk, more: Mapping[str, str], out_and_err: tuple[int, int], stdin: int | None = None
) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY) if stdin is None else stdin, 0)
    os.dup2(out_and_err[0], 1)
    os.dup2(out_and_err[1], 2)
    os.chdir(desk.folder)
    os.environ.clear()
    os.environ.update(desk.environment(more))


def _exit_code_of(command: Sequence[str]) -> int:
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
        for number, mode in enumerate(("r", "w", "w"))
    )
    try:
        main(list(command))
        code: object = 0
    except SystemExit as ended:
        code = ended.code
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 1 if code else 0


def _written_to(file: IO[bytes]) -> int:
    return os.lseek(file.fileno(), 0, os.SEEK_CUR)


def _all_of(file: IO[bytes]) -> bytes:
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    with os.fdopen(os.dup(file.fileno()), "rb") as copy:
        return copy.read()
