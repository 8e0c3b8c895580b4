"""What is wrong with a file, line by line."""

from __future__ import annotations

from dataclasses import dataclass, replace

from invoicepay.billing.errors import BadInput

MOST = 100
"""Bad lines that are reported one by one; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad line. `line` is the physical line on which its record begins, from 1; `column`
    is the file's own name for it, empty where the line as a whole is wrong."""

    line: int
    column: str
    reason: str
    code: str = "bad_rows"

    def __str__(self) -> str:
        where = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{where}: {self.reason}"


class BadRows(BadInput):
    """Nothing was imported. `problems` has the first MOST bad lines that were found, in the
    file's order; `count` says how many there are."""

    def __init__(self, file: str, problems: tuple[Problem, ...], count: int) -> None:
        changed = all(p.code == "changed_record" for p in problems)
        lines = "1 bad line:" if count == 1 else f"{count} bad lines; first:"
        super().__init__(
            "changed_record" if changed else "bad_rows",
            f"{file}: {lines} {problems[0]}",
            "Import it with --update to replace what the ledger has."
            if changed
            else "Nothing was imported. Correct the file, then import it again.",
        )
        self.file, self.problems, self.count = file, problems, count


class CellError(Exception):
    """A record that cannot be imported. `field` is our name of the column, or empty; `line` the
    physical line where that is not the record's first, else 0."""

    def __init__(self, field: str, reason: str, code: str = "bad_rows", *, line: int = 0) -> None:
        super().__init__(reason)
        self.field, self.reason, self.code, self.line = field, reason, code, line


class Problems:
    """Collects bad lines; a line counts once."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._kept: list[Problem] = []
        self.count = 0

    def add(self, problem: Problem) -> None:
        self.count += 1
        if len(self._kept) < MOST:
            column, reason = visible(problem.column), visible(problem.reason)
            self._kept.append(replace(problem, column=column, reason=reason))

    def raise_any(self) -> None:
        """Raises BadRows when there is any."""
        if self.count:
            kept = tuple(sorted(self._kept, key=lambda p: p.line))
            raise BadRows(self._file, kept, self.count)


def bad_file(file: str, reason: str, hint: str = "") -> BadInput:
    """The file as a whole cannot be read."""
    return BadInput("bad_file", visible(f"{file}: {reason}"), hint)


def visible(text: str) -> str:
    """`text` with what does not show written as `\\u202e`: half a surrogate pair could not even
    be printed."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
