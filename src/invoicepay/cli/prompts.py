"""Questions to a person. Without a terminal on stdin nothing is asked."""

from __future__ import annotations

import sys

from invoicepay.billing.errors import Usage
from invoicepay.cli.text import clean


def can_ask() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def confirm(question: str, option: str) -> bool:
    """Ask on stderr; no is the default. Raises Usage naming `option` without a terminal."""
    if not can_ask():
        raise Usage(
            "input_needed", "this needs an answer, and there is no terminal", f"Say {option}."
        )
    return _answer(f"{clean(question)} [y/N] ").lower() in ("y", "yes")


def ask(question: str, option: str) -> str:
    """A line from the person. Raises Usage naming `option` without a terminal."""
    if not can_ask():
        raise Usage("input_needed", f"{clean(question)} is needed", f"Say {option}.")
    return _answer(f"{clean(question)}: ")


def _answer(prompt: str) -> str:
    """Raises KeyboardInterrupt for Ctrl-C and Ctrl-D, which leave the line unfinished."""
    line = ""
    try:
        print(prompt, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise KeyboardInterrupt
    finally:
        if not line.endswith("\n"):
            print(file=sys.stderr)
    return line.strip()


class Secrets:
    """Passwords and codes: from prompts that do not echo, or, with --password-stdin, the lines
    of stdin in the order they are asked for. Never from argv."""

    def __init__(self, from_stdin: bool) -> None:
        self._from_stdin = from_stdin

    def check_askable(self, what: str) -> None:
        """Raises Usage where there is no terminal, and stdin was not named instead."""
        if not (self._from_stdin or can_ask()):
            raise Usage(
                "input_needed",
                f"{what} is needed, and there is no terminal to ask on",
                "Pipe it in with --password-stdin.",
            )

    def get(self, what: str) -> str:
        """Raises Usage where there is neither a terminal nor a line."""
        if self._from_stdin:
            line = sys.stdin.readline()
            if not line:
                raise Usage("input_needed", f"{what} is missing on stdin", "Give one a line.")
            return line.rstrip("\r\n")
        self.check_askable(what)
        from getpass import getpass

        try:
            return getpass(f"{what}: ", stream=sys.stderr)
        except (EOFError, KeyboardInterrupt):  # Ctrl-D and Ctrl-C
            print(file=sys.stderr)
            raise KeyboardInterrupt from None

    def new(self, what: str) -> str:
        """A new one, asked twice on a terminal."""
        first = self.get(what)
        if not self._from_stdin and self.get(f"{what} again") != first:
            raise Usage("usage", "the two are not the same", "Run it again, and type it twice.")
        return first
