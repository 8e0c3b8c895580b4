"""A planted bug: one small change of the source that the tests must notice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mutant:
    """`file` is below src/invoicepay; `old` stands in it exactly once and becomes `new`.

    `hurts`: what would come of it. `first`: test files (or folders) that are tried before the
    whole suite, for speed only.
    """

    name: str
    hurts: str
    file: str
    old: str
    new: str
    first: str

    def applied_to(self, text: str) -> str:
        """`text` of the file with the bug in it. Raises ValueError when it does not fit."""
        count = text.count(self.old)
        if count != 1:
            raise ValueError(f"{self.name}: the old text stands {count} times in {self.file}")
        return text.replace(self.old, self.new)

    def plant(self, source: Path) -> None:
        """Put the bug into the package in folder `source`."""
        path = source / self.file
        path.write_text(self.applied_to(path.read_text("utf-8")), "utf-8")
