"""A long answer goes through a pager, as in git and gh."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess


def pager() -> list[str]:
    """The command that $PAGER names, else `less`. Empty with $NO_PAGER, where $PAGER is empty or
    `cat`, and where there is no such program."""
    if os.environ.get("NO_PAGER") or os.environ.get("TERM") == "dumb":
        return []
    try:
        command = shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:  # a quote that is not closed
        return []
    return command if command and command != ["cat"] and shutil.which(command[0]) else []


def page_through(command: list[str], text: str) -> bool:
    """Show `text`, and wait until whoever reads it is done; Ctrl-C is the pager's meanwhile.
    Returns whether the pager says that it went well. Raises OSError where it cannot be started."""
    # As git does: colours stay colours, what fits is only printed, and it stays on the screen.
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, env=environment, text=True, errors="backslashreplace"
    )
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.communicate(text)  # passes over a broken pipe: who has seen enough leaves
        return process.returncode == 0
    finally:
        signal.signal(signal.SIGINT, before)
