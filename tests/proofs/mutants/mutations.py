"""Every small change of a source file that this project's tests are measured by.

A mutation is found in the syntax tree, and known by its function and the text that it changes, so
that it stays the same one when lines move, or the function moves to another file.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.proofs.mutants import operators

SOURCE = Path(__file__).resolve().parents[3] / "src" / "invoicepay"
_LONGEST = 100
"""Characters of a text that is widened until one sees what it is about."""
_HEADS = {"test": "if ", "iter": "for … in "}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change. `file` is below src/invoicepay; `function` a qualified name, or the name of a
    constant of the module. `lines`: of the statement that it changes. `plant` puts it into the
    tree that it was found in, which `take_back` undoes."""

    file: str
    function: str
    before: str
    after: str
    nth: int
    """Which of those that read the same in this function, from 1."""
    lines: range
    change: operators.Change
    tree: ast.Module
    scope: range
    """The lines of the function."""
    is_constant: bool

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.function, self.before, self.after, self.nth

    def __str__(self) -> str:
        nth = f" (number {self.nth})" if self.nth > 1 else ""
        return f"{self.file}::{self.function}: {self.before}  →  {self.after}{nth}"


def mutations_of(file: str, text: str | None = None) -> list[Mutation]:
    """All mutations of `file` (below src/invoicepay), in the order they stand in it."""
    tree = ast.parse(text if text is not None else (SOURCE / file).read_text("utf-8"))
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for name, node, is_constant in places(tree):
        for change in operators.changes(node, parents):
            before, after = _texts(change, parents)
            if before == after:
                continue
            seen[name, before, after] += 1
            nth = seen[name, before, after]
            lines = _lines(change.node, parents)
            scope = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            found.append(
                Mutation(file, name, before, after, nth, lines, change, tree, scope, is_constant)
            )
    return found


def places(tree: ast.Module) -> Iterator[tuple[str, ast.stmt, bool]]:
    """The functions and methods of a module, and its constants."""
    for node in tree.body:
        if isinstance(node, _FUNCTIONS):
            yield node.name, node, False
        elif isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, _FUNCTIONS):
                    yield f"{node.name}.{member.name}", member, False
        elif name := constant_of(node):
            yield name, node, True


def constant_of(node: ast.stmt) -> str:
    """The name of the constant that a statement of a module defines; empty for none."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if (
        isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and not (isinstance(node.annotation, ast.Name) and node.annotation.id == "TypeAlias")
    ):
        return node.target.id
    return ""


def _texts(change: operators.Change, parents: dict[ast.AST, ast.AST]) -> tuple[str, str]:
    if change.texts:
        return change.texts
    shown: ast.AST = change.node
    while not isinstance(shown, ast.stmt):
        wider = parents[shown]
        if isinstance(wider, operators.COMPOUND | ast.arguments):
            break
        if not isinstance(wider, operators.NOT_ALONE) and len(ast.unparse(wider)) > _LONGEST:
            break
        shown = wider
    if isinstance(shown, ast.FormattedValue | ast.comprehension):
        shown = parents[shown]
    holder = parents.get(shown)
    head = next((h for name, h in _HEADS.items() if getattr(holder, name, None) is shown), "")
    if isinstance(shown, ast.keyword) and isinstance(holder, ast.Call):
        head = f"{ast.unparse(holder.func)}: "
    elif isinstance(holder, ast.Dict) and shown in holder.values:
        head = f"{ast.unparse(holder.keys[holder.values.index(shown)] or shown)}: "
    before = head + ast.unparse(shown)
    if shown is change.node:
        after = head + ast.unparse(change.new) if change.new else "(deleted)"
    else:
        change.plant()
        after = head + ast.unparse(shown)
        change.take_back()
    return _cut(before), "(deleted)" if after in ("pass", before) else _cut(after)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 2 * _LONGEST else line[: 2 * _LONGEST] + "…"


def _lines(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> range:
    """The lines of the statement that `node` is in; of a compound one, its head only."""
    while not isinstance(node, ast.stmt | ast.ExceptHandler):
        node = parents[node]
    last = node.end_lineno or node.lineno
    if isinstance(node, ast.FunctionDef):  # a default: every call is concerned
        return range(node.body[0].lineno, last + 1)
    if isinstance(node, operators.COMPOUND | ast.ExceptHandler):
        last = max(node.lineno, node.body[0].lineno - 1)
    return range(node.lineno, last + 1)
