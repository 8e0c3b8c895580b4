"""Edits of one function's syntax tree, which planted bugs are made of.

The piece of source that an edit is about is written as source, and has to be in the function
exactly once, in whatever layout. In it `...` stands for any expression, and as the last of several
arguments or statements for all the rest.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TypeAlias, TypeVar

from tests.proofs.mutants.operators import Change

Edit: TypeAlias = Callable[[ast.stmt], None]
"""Changes the definition of a function or a constant. Raises ValueError when it does not fit."""


def replace(old: str, new: str) -> Edit:
    """The expression `old`, or the statements, becomes `new`."""
    olds, news = _parsed(old), _parsed(new)
    if not (_is_expression(olds) and _is_expression(news)):
        return _replace_statements(old, news)

    def edit(place: ast.stmt) -> None:
        expression = olds[0].value  # type: ignore[attr-defined]
        found = [it for it in _nodes(place) if _matches(expression, it[0])]
        node, parent, name, index = _only(found, old)
        Change(node, parent, name, index, news[0].value).plant()  # type: ignore[attr-defined]

    return edit


def remove(old: str) -> Edit:
    """The statement `old` is left out."""
    return _replace_statements(old, [ast.Pass()])


def never(condition: str) -> Edit:
    """What depends on `condition` is not done."""
    return _decide(condition, False)


def always(condition: str) -> Edit:
    """What depends on `condition` is always done."""
    return _decide(condition, True)


def insert_before(old: str, new: str) -> Edit:
    """The statements `new` come just before the statement `old`."""
    return _replace_statements(old, _parsed(new), kept=True)


def insert_first(new: str) -> Edit:
    """The statements `new` come first in the function."""

    def edit(place: ast.stmt) -> None:
        if not isinstance(place, ast.FunctionDef):
            raise ValueError("it is not a function")
        at = 1 if ast.get_docstring(place) is not None else 0
        place.body[at:at] = _parsed(new)

    return edit


def replace_text(old: str, new: str) -> Edit:
    """`old`, a part of a string, becomes `new`."""

    def edit(place: ast.stmt) -> None:
        texts = [n for n in ast.walk(place) if isinstance(n, ast.Constant)]
        found = [(n, n.value) for n in texts if isinstance(n.value, str) and old in n.value]
        node, text = _only(found * found[0][1].count(old) if found else [], old)
        node.value = text.replace(old, new)

    return edit


_Node: TypeAlias = tuple[ast.AST, ast.AST, str, int | None]
"""A node, its parent, the parent's field that it is in, and its index where that is a list."""


def _replace_statements(old: str, new: list[ast.stmt], *, kept: bool = False) -> Edit:
    olds = _parsed(old)

    def edit(place: ast.stmt) -> None:
        found = [
            (body, at)
            for _, parent, name, at in _nodes(place)
            if isinstance(body := getattr(parent, name), list)
            and at is not None
            and isinstance(body[at], ast.stmt)
            and len(piece := body[at : at + len(olds)]) == len(olds)
            and all(map(_matches, olds, piece))
        ]
        body, at = _only(found, old)
        body[at : at + (0 if kept else len(olds))] = new

    return edit


def _decide(condition: str, value: bool) -> Edit:
    expression = ast.parse(condition, mode="eval").body

    def edit(place: ast.stmt) -> None:
        found = [
            it
            for it in _nodes(place)
            if (it[2] == "test" or (isinstance(it[1], ast.comprehension) and it[2] == "ifs"))
            and _matches(expression, it[0])
        ]
        node, parent, name, index = _only(found, f"condition {condition}")
        Change(node, parent, name, index, ast.Constant(value)).plant()

    return edit


def _nodes(top: ast.AST) -> Iterator[_Node]:
    for name, value in ast.iter_fields(top):
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(node, ast.AST):
                yield node, top, name, index
                yield from _nodes(node)


_T = TypeVar("_T")


def _only(found: list[_T], what: str) -> _T:
    if len(found) != 1:
        raise ValueError(f"`{what}` is in it {len(found)} times, not once")
    return found[0]


def _parsed(source: str) -> list[ast.stmt]:
    return ast.parse(source).body


def _is_expression(statements: list[ast.stmt]) -> bool:
    return len(statements) == 1 and isinstance(statements[0], ast.Expr)


def _matches(pattern: object, node: object) -> bool:
    if _is_any(pattern):
        return True
    if isinstance(pattern, list) and isinstance(node, list):
        if _is_open(pattern):
            pattern, node = pattern[:-1], node[: len(pattern) - 1]
        return len(pattern) == len(node) and all(map(_matches, pattern, node))
    if type(pattern) is not type(node):
        return False
    if not isinstance(pattern, ast.AST):
        return pattern == node
    ignored = {"ctx", "kind", "type_comment"}
    if isinstance(pattern, ast.Call) and _is_open(pattern.args):
        ignored.add("keywords")
    if isinstance(pattern, ast.If | ast.For | ast.While) and _is_open(pattern.body):
        ignored.add("orelse")
    return all(
        _matches(value, getattr(node, name))
        for name, value in ast.iter_fields(pattern)
        if name not in ignored
    )


def _is_open(pattern: object) -> bool:
    return isinstance(pattern, list) and pattern != [] and _is_any(pattern[-1])


def _is_any(pattern: object) -> bool:
    if isinstance(pattern, ast.Expr):
        pattern = pattern.value
    return isinstance(pattern, ast.Constant) and pattern.value is ...
