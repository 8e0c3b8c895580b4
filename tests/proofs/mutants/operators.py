"""The ways in which a program is changed a little.

Among them what mutation tools do not do: a statement is left out, a half of a condition is, a
term of an SQL query is. Not changed: assertions, annotations, and text for people.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.proofs.mutants.sql import is_sql, sql_changes

COMPOUND = ast.If | ast.For | ast.While | ast.With | ast.Try | ast.FunctionDef | ast.ClassDef
NOT_ALONE = ast.FormattedValue | ast.JoinedStr | ast.Starred | ast.keyword | ast.comprehension
"""What does not read as something by itself."""
_ORDER: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
}
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
}
_SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
_SWAPPED |= {"reversed": "list"}
_ANY_ARGUMENT = ("min", "max", "suppress")
_FIGURES = ("_minor", "count", "amount", "left", "minimum", "maximum", "total")


@dataclass(slots=True)
class Change:
    """`node`, in a field of `parent` (at `index`, where that is a list), becomes `new`; is left
    out of the list where that is None. `texts`: before and after, where the tree says less."""

    node: ast.AST
    parent: ast.AST
    name: str
    index: int | None
    new: Any
    texts: tuple[str, str] | None = None
    _old: Any = field(default=None, repr=False)

    def plant(self) -> None:
        self._old = getattr(self.parent, self.name)
        value = self.new
        if self.index is not None:
            # In a list of its own: what other changes put in has this one, too.
            value = list(self._old)
            value[self.index : self.index + 1] = [] if self.new is None else [self.new]
            if self.new is None and isinstance(self.parent, ast.Dict):
                self._key = self.parent.keys.pop(self.index)
        setattr(self.parent, self.name, value)
        if isinstance(self.new, ast.AST):
            ast.copy_location(self.new, self.node)
            ast.fix_missing_locations(self.new)

    def take_back(self) -> None:
        setattr(self.parent, self.name, self._old)
        if isinstance(self.parent, ast.Dict) and self.new is None:
            assert self.index is not None
            self.parent.keys.insert(self.index, self._key)

    _key: Any = field(default=None, repr=False)


def changes(top: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[Change]:
    """All changes of what is in `top`, a function or the definition of a constant."""
    bound = _bound_twice(top)
    for parent, name, index, node in _fields(top):
        for new in _replacements(node, parent, name, parents):
            yield Change(node, parent, name, index, new)
        for words, new in _texts(node, parent):
            yield Change(node, parent, name, index, new, words)
        if index is not None and _may_go(node, parent, name, bound, top):
            alone = name in ("body", "finalbody") and len(getattr(parent, name)) == 1
            gone = ast.Pass() if alone or isinstance(node, ast.stmt) else None
            yield Change(node, parent, name, index, gone)


def _fields(top: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Each node that may be changed, with where it is."""
    for name, value in ast.iter_fields(top):
        if name in ("annotation", "returns", "decorator_list", "type_comment", "targets"):
            continue
        if name == "target" and not isinstance(top, ast.AugAssign):
            continue
        if name == "keys":
            continue  # an entry that is left out says the same
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or _is_left_alone(node, top):
                continue
            yield top, name, index, node
            yield from _fields(node)


def _is_left_alone(node: ast.AST, parent: ast.AST) -> bool:
    if isinstance(node, ast.Assert | ast.expr_context | ast.operator | ast.cmpop | ast.boolop):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring
    return isinstance(node, ast.Raise) and "AssertionError" in ast.unparse(node)


def _may_go(node: ast.AST, parent: ast.AST, name: str, bound: frozenset[str], top: ast.AST) -> bool:
    """Whether a node of a list can be left out, and that says more than another change."""
    if isinstance(node, ast.stmt):
        alone_in_if = (
            isinstance(parent, ast.If)
            and name == "body"
            and len(parent.body) == 1
            and not parent.orelse
        )
        if alone_in_if:
            return False  # the same as a condition that is never true
        if isinstance(node, ast.Return):
            return node is not getattr(top, "body", [None])[-1]
        if isinstance(node, ast.Assign):
            names = [t.id for t in node.targets if isinstance(t, ast.Name)]
            return len(names) < len(node.targets) or all(n in bound for n in names)
        return isinstance(node, ast.Expr | ast.AugAssign | ast.Raise | ast.Break | ast.Continue)
    if isinstance(parent, ast.Call):
        if name == "keywords":
            return isinstance(node, ast.keyword) and node.arg is not None
        function = parent.func.id if isinstance(parent.func, ast.Name) else ""
        several = len(parent.args) > 1 and not _is_for_people(node)
        return name == "args" and several and (function in _ANY_ARGUMENT or node is parent.args[-1])
    if isinstance(parent, ast.comprehension):
        return name == "ifs"
    if isinstance(parent, ast.Dict):
        return name == "values" and len(parent.values) > 1
    if isinstance(parent, ast.Tuple | ast.List | ast.Set):
        return len(parent.elts) > 1 and (isinstance(node, ast.Starred) or _is_a_choice(parent, top))
    return False


def _is_a_choice(container: ast.AST, top: ast.AST) -> bool:
    """Whether something is looked for in it."""
    for node in ast.walk(top):
        if isinstance(node, ast.Compare) and container in node.comparators:
            return isinstance(node.ops[0], ast.In | ast.NotIn)
        if isinstance(node, ast.ExceptHandler) and node.type is container:
            return True
        if isinstance(node, ast.Call) and container in node.args:
            return isinstance(node.func, ast.Name) and node.func.id in ("frozenset", "isinstance")
    return isinstance(top, ast.Assign | ast.AnnAssign) and top.value is container


def _is_for_people(node: ast.AST) -> bool:
    """Whether it is a text in words."""
    parts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)]
    return any(isinstance(part, str) and " " in part and not is_sql(part) for part in parts) and (
        isinstance(node, ast.Constant | ast.JoinedStr)
    )


def _bound_twice(top: ast.AST) -> frozenset[str]:
    names = [
        n.id for n in ast.walk(top) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]
    names += [n.arg for n in ast.walk(top) if isinstance(n, ast.arg)]
    return frozenset(name for name in names if names.count(name) > 1)


def _replacements(
    node: ast.AST, parent: ast.AST, name: str, parents: dict[ast.AST, ast.AST]
) -> Iterator[ast.AST]:
    decides = name == "test" or isinstance(parent, ast.BoolOp)
    if name == "test":
        yield ast.Constant(False)
        if not isinstance(parent, ast.While):
            yield ast.Constant(True)
    if isinstance(parent, ast.Return) and _says_whether(parent, parents):
        for constant in (True, False):
            if not (isinstance(node, ast.Constant) and node.value is constant):
                yield ast.Constant(constant)
        decides = True
    if name == "iter" and isinstance(parent, ast.For):
        yield ast.Tuple([], ast.Load())
    if isinstance(node, ast.BoolOp):
        for index in range(len(node.values)):
            rest = [value for at, value in enumerate(node.values) if at != index]
            yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.USub) or (isinstance(node.op, ast.Not) and not decides):
            yield node.operand
    elif isinstance(node, ast.Compare):
        yield from _comparisons(node, decides)
    elif isinstance(node, ast.BinOp):
        yield from _arithmetic(node)
    elif isinstance(node, ast.AugAssign) and type(node.op) in _ARITHMETIC:
        yield ast.AugAssign(node.target, _ARITHMETIC[type(node.op)](), node.value)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in _SWAPPED:
            kept = [] if _SWAPPED[node.func.id] == "list" else node.keywords
            yield ast.Call(ast.Name(_SWAPPED[node.func.id], ast.Load()), node.args, kept)
    elif isinstance(node, ast.ExceptHandler):
        if not (len(node.body) == 1 and isinstance(node.body[0], ast.Raise)):
            changed = copy.copy(node)
            changed.body = [ast.Raise()]
            yield changed
    elif isinstance(node, ast.Constant):
        yield from _constants(node, parent)


def _says_whether(returns: ast.Return, parents: dict[ast.AST, ast.AST]) -> bool:
    node: ast.AST = returns
    while not isinstance(node, ast.FunctionDef):
        node = parents[node]
    return isinstance(node.returns, ast.Name) and node.returns.id == "bool"


def _comparisons(node: ast.Compare, decides: bool) -> Iterator[ast.AST]:
    for at, op in enumerate(node.ops):
        others = list(_ORDER.get(type(op), ()))
        if type(op) in _OPPOSITE and not decides:
            others.append(_OPPOSITE[type(op)])
        if isinstance(op, ast.Eq | ast.NotEq) and _compares_figures(node):
            others += (ast.LtE, ast.GtE) if isinstance(op, ast.Eq) else (ast.Lt, ast.Gt)
        for other in others:
            ops = [*node.ops[:at], other(), *node.ops[at + 1 :]]
            yield ast.Compare(node.left, ops, node.comparators)


def _compares_figures(node: ast.Compare) -> bool:
    for side in (node.left, *node.comparators):
        text = ast.unparse(side)
        if text.isdigit() or text.startswith("len(") or text.endswith(_FIGURES):
            return True
    return False


def _arithmetic(node: ast.BinOp) -> Iterator[ast.AST]:
    sides = (node.left, node.right)
    texts = any(isinstance(side, ast.JoinedStr) for side in sides) or any(
        isinstance(side, ast.Constant) and isinstance(side.value, str) for side in sides
    )
    several = any(isinstance(s, ast.List | ast.ListComp | ast.Tuple | ast.Set) for s in sides)
    if isinstance(node.op, ast.BitOr) or (isinstance(node.op, ast.Add) and several):
        yield from sides
    elif type(node.op) in _ARITHMETIC and not texts:
        yield ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)


def _constants(node: ast.Constant, parent: ast.AST) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and " " not in value and not isinstance(parent, ast.JoinedStr):
        yield ast.Constant("mutated" if value else "mutated too")


def _texts(node: ast.AST, parent: ast.AST) -> Iterator[tuple[tuple[str, str] | None, ast.AST]]:
    """Changes of SQL, and of text that is put together and not for people."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        whole = ast.unparse(parent) if isinstance(parent, ast.JoinedStr) else node.value
        if is_sql(whole):
            for before, after, text in sql_changes(node.value):
                yield (before, after), ast.Constant(text)
        elif isinstance(parent, ast.JoinedStr) and node.value and " " not in _said(parent):
            yield None, ast.Constant("mutated")
    elif (
        isinstance(node, ast.FormattedValue)
        and isinstance(parent, ast.JoinedStr)
        and " " not in _said(parent)
        and not is_sql(ast.unparse(parent))
    ):
        yield None, ast.Constant("")


def _said(text: ast.JoinedStr) -> str:
    return "".join(str(part.value) for part in text.values if isinstance(part, ast.Constant))
