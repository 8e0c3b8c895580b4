"""Transcripts: what a person types and what comes back, as text files that are run.

    A sentence or two on what this shows.

    $ invoicepay pay INV-1042 --yes
    < a line for stdin
    what it prints on stdout
    ! what it prints on stderr
    [exit 7]

    -- rows.csv --
    a file that is there from the start

A run starts in a copy of the demo company's folder, logged in as the customer's contact; with the
line `[empty folder]` it starts with nothing. Exit code 0 goes without saying. `NAME=value` before
the program is its environment. `| ` stands before a line of stdout that looks like one of the
others; `...` on a line of its own is any number of lines. What varies has a placeholder: `{uuid}`
is any UUID (KINDS has the others), `{uuid payment}` is one to be remembered as `{payment}`, in what
is expected and in commands.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.world.program import DemoCompany, Desk, Result

KINDS = {
    "uuid": "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "hex": "[0-9a-f]+",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "month": "[0-9]{4}-[0-9]{2}",
    "time": r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(?::[0-9]{2})? [A-Z]{3,4}",
    "instant": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|\+00:00)",
    "intent": "pi_[A-Za-z0-9]+",
    "method": "(?:card|ach)-[0-9]{4}-[0-9a-f]{8}",
    "code": "[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}",
    "token": "invoicepay_[A-Za-z0-9_-]{43}",
    "days": "[0-9]+d",
    "number": "[0-9]+",
    "size": "[0-9][0-9,]*",
    "gap": " +",
    "any": ".*?",
}
_PLACEHOLDER = re.compile(r"\{([a-z_]+)(?: ([a-z_]+))?\}")
_FILE = re.compile(r"^-- (\S+) --\n", re.MULTILINE)
_EXIT = re.compile(r"\[exit ([0-9]+)\]")
EMPTY_FOLDER = "[empty folder]"


@dataclass
class Step:
    """A command and what is expected of it."""

    line: int
    command: str
    stdin: str = ""
    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0


@dataclass(frozen=True)
class Transcript:
    starts_empty: bool
    steps: tuple[Step, ...]
    files: Mapping[str, str] = field(default_factory=dict)


def read_transcript(path: Path) -> Transcript:
    text, *files = _FILE.split(path.read_text("utf-8"))
    steps: list[Step] = []
    starts_empty = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("$ "):
            steps.append(Step(number, line.removeprefix("$ ")))
        elif line == EMPTY_FOLDER:
            starts_empty = True
        elif not steps:
            continue  # the sentences it begins with
        elif ended := _EXIT.fullmatch(line):
            steps[-1].exit_code = int(ended[1])
        elif line.startswith("< "):
            steps[-1].stdin += line.removeprefix("< ") + "\n"
        elif line.startswith("!"):
            steps[-1].stderr += line.removeprefix("!").removeprefix(" ") + "\n"
        else:
            steps[-1].stdout += line.removeprefix("| ") + "\n"
    for step in steps:  # an empty line separates it from the next command
        step.stdout = step.stdout.rstrip("\n") + "\n" if step.stdout.strip() else ""
    return Transcript(starts_empty, tuple(steps), dict(zip(files[::2], files[1::2], strict=True)))


def run_transcript(path: Path, desk: Desk) -> None:
    """Raises AssertionError, naming the line, where something else comes back."""
    transcript = read_transcript(path)
    for name, content in transcript.files.items():
        (desk.folder / name).write_text(content, "utf-8")
    values = {"folder": str(desk.folder), "home": str(desk.home)}
    if isinstance(desk, DemoCompany):
        values |= {f"{role}_password": text for role, text in desk.passwords.items()}
    for step in transcript.steps:
        result = _run(step, desk, values)
        where = f"{path.name}:{step.line}: $ {step.command}"
        _compare("stdout", step.stdout, result.stdout, values, where, result)
        _compare("stderr", step.stderr, result.stderr, values, where, result)
        assert result.exit_code == step.exit_code, f"{where}\nexit {result.exit_code}\n{result}"


def match(expected: str, actual: str, values: Mapping[str, str]) -> dict[str, str] | None:
    """What the placeholders of `expected` stand for in `actual`, None if the two differ.
    `values` stand for themselves."""
    remembered: list[str] = []

    def pattern_of(found: re.Match[str]) -> str:
        kind, name = found[1], found[2] or ""
        if not name and kind in values:
            return re.escape(values[kind])
        if (name or kind) in remembered:
            return f"(?P={name or kind})"
        if not name:
            return KINDS[kind]
        remembered.append(name)
        return f"(?P<{name}>{KINDS[kind]})"

    pieces, end = [], 0
    for found in _PLACEHOLDER.finditer(expected):
        pieces += [re.escape(expected[end : found.start()]), pattern_of(found)]
        end = found.end()
    pattern = "".join([*pieces, re.escape(expected[end:])])
    pattern = re.sub(r"(^|(?<=\n))\\\.\\\.\\\.\\?\n", r"(?:.*\n)*?", pattern)
    matched = re.fullmatch(pattern, actual)
    return None if matched is None else matched.groupdict()


def _run(step: Step, desk: Desk, values: Mapping[str, str]) -> Result:
    words = shlex.split(_PLACEHOLDER.sub(lambda found: values[found[1]], step.command))
    at = words.index("invoicepay")
    variables = dict(word.split("=", 1) for word in words[:at])
    stdin = _PLACEHOLDER.sub(lambda found: values[found[1]], step.stdin)
    return desk.run(words[at + 1 :], stdin, **variables)


def _compare(
    what: str, expected: str, actual: str, values: dict[str, str], where: str, result: Result
) -> None:
    found = match(expected, actual, values)
    if found is None:
        other = result.stderr if what == "stdout" else result.stdout
        raise AssertionError(
            f"{where}\n--- expected on {what}\n{expected}+++ came\n{actual}"
            f"=== beside it (exit {result.exit_code})\n{other}"
        )
    values.update(found)
