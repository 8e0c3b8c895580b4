"""The docstring of each verb names the families of errors that it raises, all of them and no other.

What it raises is read from the source: its own `raise`, those of what it calls in operations and
billing, less what is caught on the way, and what the docstrings of the ports' methods name. A call
by way of a variable is not followed; a function that a port's method is given to run is.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, TypeAlias

import pytest

import invoicepay
from invoicepay.billing import ports
from invoicepay.billing.dates import local_date
from invoicepay.billing.errors import FAMILIES, InvoicepayError, must_be_there
from invoicepay.billing.money import Money
from invoicepay.operations.app import Request, verb_of

Errors: TypeAlias = set[type[BaseException]]
SOURCE = Path(invoicepay.__file__).parent
FOLLOWED = ("invoicepay.operations.", "invoicepay.billing.")
ANY_VERB: set[Any] = {must_be_there, local_date, Money.__post_init__}
"""What is wrong with the ledger's own data, which any verb may raise: `Request` says so."""
for path in (SOURCE / "operations").rglob("*.py"):
    importlib.import_module(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts))


def subclasses(of: type[Any]) -> Iterator[type[Any]]:
    for each in of.__subclasses__():
        yield each
        yield from subclasses(each)


VERBS: list[Any] = sorted(
    {
        verb_of(request)
        for request in subclasses(Request)
        if request.__module__.startswith(FOLLOWED)
    },
    key=lambda verb: (verb.__module__, verb.__name__),
)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
def test_its_docstring_names_what_it_raises(verb: FunctionType) -> None:
    raised = {
        family for family in FAMILIES for error in raised_by(verb) if issubclass(error, family)
    }

    assert named_in(verb) == raised


def test_what_is_raised_is_found_on_each_way() -> None:
    def raised(name: str) -> set[str]:
        return {
            error.__name__ for verb in VERBS if verb.__name__ == name for error in raised_by(verb)
        }

    assert "NotFound" in raised("show_invoice")  # by a helper that makes the error
    assert "Refused" in raised("back_up")  # by a port
    assert "Refused" in raised("restore")  # by what a port runs
    assert "BadRows" in raised("import_records")  # by a method of an object that it makes
    assert "DoesNotTie" in raised("pay")  # by a call of a call
    assert "OutcomeUnknown" not in raised("quote")  # it catches that


def named_in(documented: Any) -> Errors:
    said = re.search(r"\braises\b.*", documented.__doc__ or "", re.DOTALL | re.IGNORECASE)
    text = said[0] if said else ""
    return {family for family in FAMILIES if re.search(rf"\b{family.__name__}\b", text)}


@cache
def names_of(module: str) -> dict[str, Any]:
    """What the names of a module stand for, those that its functions import included."""
    names = dict(vars(sys.modules[module]))
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(FOLLOWED):
            for alias in node.names:
                names[alias.name] = getattr(importlib.import_module(str(node.module)), alias.name)
    return names


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(sys.modules[module]))


@cache
def definition(function: FunctionType) -> ast.FunctionDef:
    found: Any = tree_of(function.__module__)
    for name in function.__qualname__.split("."):
        found = next(n for n in found.body if getattr(n, "name", "") == name)
    assert isinstance(found, ast.FunctionDef)
    return found


def raised_by(function: FunctionType, callers: tuple[FunctionType, ...] = ()) -> Errors:
    return _raised_by(function) if not callers else _Function(function, callers).raised


@cache
def _raised_by(function: FunctionType) -> Errors:
    return _Function(function, ()).raised


class _Function:
    """What one function raises, followed through its calls. `callers` are not followed again."""

    def __init__(self, function: FunctionType, callers: tuple[FunctionType, ...]) -> None:
        self._names, self._callers = names_of(function.__module__), (*callers, function)
        node = definition(function)
        self._types: dict[str, Any] = {}
        """Classes of the arguments and variables, where the source says them."""
        for argument in (*node.args.args, *node.args.kwonlyargs):
            self._types[argument.arg] = self._class(argument.annotation)
        if "." in function.__qualname__:
            self._types["self"] = self._names.get(function.__qualname__.split(".")[0])
        for each in ast.walk(node):
            if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
                self._types.setdefault(each.targets[0].id, self._type(each.value))
            if isinstance(each, ast.withitem) and isinstance(each.optional_vars, ast.Name):
                self._types.setdefault(each.optional_vars.id, self._type(each.context_expr))
        self.raised = self._all(node.body)

    def _class(self, annotation: ast.expr | None) -> Any:
        found = (
            [n.id for n in ast.walk(annotation) if isinstance(n, ast.Name)] if annotation else []
        )
        known = (self._names.get(name) or getattr(ports, name, None) for name in found)
        return next((each for each in known if isinstance(each, type)), None)

    def _type(self, node: ast.expr) -> Any:
        """The class of what an expression is."""
        if isinstance(node, ast.Name):
            return self._types.get(node.id)
        if isinstance(node, ast.Attribute):
            found = inspect.getattr_static(self._type(node.value), node.attr, None)
            if isinstance(found, property):
                return getattr(ports, str(found.fget.__annotations__.get("return")), None)
        if isinstance(node, ast.Call):
            called = self._called(node)
            if isinstance(called, FunctionType) and called.__module__.startswith(FOLLOWED):
                return _returned(called)
            return called
        return None

    def _called(self, call: ast.Call) -> Any:
        if isinstance(call.func, ast.Name):
            return self._names.get(call.func.id)
        if isinstance(call.func, ast.Attribute):
            found = inspect.getattr_static(self._type(call.func.value), call.func.attr, None)
            if found is None and isinstance(call.func.value, ast.Name):
                found = getattr(self._names.get(call.func.value.id), call.func.attr, None)
            return found
        return None

    def _all(self, nodes: Iterable[ast.AST]) -> Errors:
        return {error for node in nodes for error in self._in(node)}

    def _in(self, node: ast.AST) -> Errors:
        if isinstance(node, ast.Try):
            handlers = node.handlers
            passed_on = [h for h in handlers if any(map(_raises_again, ast.walk(h)))]
            caught = self._caught(h.type for h in handlers if h not in passed_on)
            tried = {error for error in self._all(node.body) if not issubclass(error, caught)}
            return tried | self._all((*handlers, *node.orelse, *node.finalbody))
        if isinstance(node, ast.With):
            calls = [i.context_expr for i in node.items if isinstance(i.context_expr, ast.Call)]
            caught = self._caught(a for c in calls if self._called(c) is suppress for a in c.args)
            inside = {error for error in self._all(node.body) if not issubclass(error, caught)}
            return inside | self._all(i.context_expr for i in node.items)
        if isinstance(node, ast.Lambda):
            return set()  # whoever runs it may catch what it raises
        found = self._all(ast.iter_child_nodes(node))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            error = self._type(node.exc)
            if isinstance(error, type) and issubclass(error, InvoicepayError):
                found.add(error)
        if isinstance(node, ast.Call):
            found |= self._by_call(node)
        return found

    def _caught(self, types: Iterable[ast.expr | None]) -> tuple[type[BaseException], ...]:
        names = [n.id for t in types if t for n in ast.walk(t) if isinstance(n, ast.Name)]
        found = (self._names.get(name) for name in names)
        return tuple(each for each in found if isinstance(each, type))

    def _by_call(self, call: ast.Call) -> Errors:
        called: Any = self._called(call)
        if isinstance(called, classmethod):
            called = called.__func__
        if isinstance(called, type):
            made = (vars(called).get(name) for name in ("__init__", "__post_init__"))
            return {error for each in made for error in self._follow(each)}
        if (getattr(called, "__module__", "") or "").startswith("invoicepay.billing.ports."):
            port = getattr(ports, called.__qualname__.split(".")[0])
            given = [n for argument in call.args for n in ast.walk(argument)]
            run = [self._names.get(n.id) for n in given if isinstance(n, ast.Name)]
            by_run = {error for each in run for error in self._follow(each)}
            by_lambda = self._all(n.body for n in given if isinstance(n, ast.Lambda))
            return named_in(called) | named_in(port) | by_run | by_lambda
        return self._follow(called)

    def _follow(self, called: Any) -> Errors:
        if not isinstance(called, FunctionType) or called in ANY_VERB or called in self._callers:
            return set()
        here = called.__module__.startswith(FOLLOWED) and called.__code__.co_filename != "<string>"
        return raised_by(called, self._callers) if here else set()


def _raises_again(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise) and node.exc is None


def _returned(function: FunctionType) -> Any:
    """The class that a function's annotation says it returns, or yields."""
    names = re.findall(r"\w+", str(function.__annotations__.get("return", "")))
    known = (names_of(function.__module__).get(n) or getattr(ports, n, None) for n in names)
    return next((each for each in known if isinstance(each, type)), None)
