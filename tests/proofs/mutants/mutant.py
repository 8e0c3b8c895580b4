"""A planted bug: one small change of the source that the tests must notice."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.proofs.mutants.edits import Edit
from tests.proofs.mutants.mutations import SOURCE, places


@dataclass(frozen=True, slots=True)
class Mutant:
    """`where`: the function, method or constant that `edit` changes, wherever it is defined
    (`Payments.get`); with its module where others have the same name (`protocol.charge:charge`).

    `hurts`: what would come of it. `first`: test files (or folders) that are tried before the
    whole suite, for speed only.
    """

    name: str
    hurts: str
    where: str
    edit: Edit
    first: str

    def applied(self, source: Path = SOURCE) -> tuple[Path, str]:
        """The file of the package in folder `source` that has the bug, and its text then. Raises
        ValueError when it does not fit."""
        file = self._file(source)
        tree = ast.parse(file.read_text("utf-8"))
        name = self.where.rpartition(":")[2]
        place = next(node for found, node, _ in places(tree) if found == name)
        try:
            self.edit(place)
        except ValueError as error:
            relative = file.relative_to(source)
            raise ValueError(f"{self.name}, in {name} of {relative}: {error}") from error
        return file, ast.unparse(ast.fix_missing_locations(tree))

    def plant(self, source: Path) -> None:
        """Put the bug into the package in folder `source`."""
        file, text = self.applied(source)
        file.write_text(text, "utf-8")

    def _file(self, source: Path) -> Path:
        module, _, name = self.where.rpartition(":")
        files = _definitions(source).get(name, [])
        if len(files) > 1 and module:
            end = "/" + module.replace(".", "/") + ".py"
            files = [file for file in files if file.as_posix().endswith(end)] or files
        if len(files) != 1:
            found = ", ".join(str(file.relative_to(source)) for file in files) or "no file"
            raise ValueError(f"{self.name}: {self.where} is defined in {found}, not in one")
        return files[0]


@cache
def _definitions(source: Path) -> dict[str, list[Path]]:
    """The files that define a function, method or constant, by its name."""
    found = defaultdict(list)
    for file in sorted(source.rglob("*.py")):
        for name, _, _ in places(ast.parse(file.read_text("utf-8"))):
            found[name].append(file)
    return found
