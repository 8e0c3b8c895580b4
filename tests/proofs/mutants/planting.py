"""Puts a mutation into the running program: its functions get other code, its constants other
values. So one process imports the project and its tests once, and each mutant is a fork of it."""

from __future__ import annotations

import ast
import functools
import gc
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

from tests.proofs.mutants.mutations import SOURCE, Mutation, constant_of


class CannotPlant(Exception):
    """The change is no program, or not one that can be put in while it runs."""


def plant(mutation: Mutation) -> None:
    """Change the running program. Raises CannotPlant."""
    mutation.change.plant()
    try:
        if mutation.is_constant:
            _replace_constant(mutation)
        else:
            _replace_code(mutation)
    except (SyntaxError, ValueError) as error:
        raise CannotPlant(str(error)) from error
    for kept in gc.get_objects():
        if isinstance(kept, functools._lru_cache_wrapper) and kept.__module__.startswith(
            "invoicepay"
        ):
            kept.cache_clear()


def _replace_code(mutation: Mutation) -> None:
    path = str(SOURCE / mutation.file)
    ast.fix_missing_locations(mutation.tree)
    new = _code_of(compile(mutation.tree, path, "exec"), mutation.function)
    live = [
        found
        for found in gc.get_objects()
        if isinstance(found, FunctionType)
        and found.__code__.co_filename == path
        and found.__code__.co_qualname == mutation.function
        and found.__code__.co_firstlineno == new.co_firstlineno
    ]
    if not live:
        raise CannotPlant("it is not loaded")
    for function in live:
        function.__code__ = new
    if mutation.change.name in ("defaults", "kw_defaults"):
        scope: dict[str, object] = {}
        for function in live:
            scope = {}
            definition = _definition(mutation)
            definition.decorator_list, definition.body = [], [ast.Pass()]
            alone = ast.Module([*_FUTURE, definition], [])
            exec(
                compile(ast.fix_missing_locations(alone), path, "exec"), function.__globals__, scope
            )
            made = scope[definition.name]
            assert isinstance(made, FunctionType)
            function.__defaults__, function.__kwdefaults__ = made.__defaults__, made.__kwdefaults__


_FUTURE = ast.parse("from __future__ import annotations").body


def _definition(mutation: Mutation) -> ast.FunctionDef:
    *_, name = mutation.function.split(".")
    for node in ast.walk(mutation.tree):
        if (
            isinstance(node, ast.FunctionDef)
            and node.name == name
            and node.lineno <= mutation.lines.start <= (node.end_lineno or 0)
        ):
            return node
    raise CannotPlant("its definition is not found")


def _code_of(code: CodeType, name: str) -> CodeType:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == name:
                return constant
            if name.startswith(constant.co_qualname + "."):
                return _code_of(constant, name)
    raise CannotPlant("its code is not found")


def _replace_constant(mutation: Mutation) -> None:
    """Evaluate the definition anew, and those of the module that are made of it."""
    module = _module(mutation.file)
    changed = {mutation.function}
    for node in mutation.tree.body:
        name = constant_of(node)
        if name and (name in changed or changed & names_in(node)):
            changed.add(name)
            old = module.__dict__.get(name)
            alone = ast.fix_missing_locations(ast.Module([*_FUTURE, node], []))
            exec(compile(alone, mutation.file, "exec"), module.__dict__)
            _replace_elsewhere(name, old, module.__dict__[name])


def _replace_elsewhere(name: str, old: object, new: object) -> None:
    for module in list(sys.modules.values()):
        ours = module.__name__.startswith(("invoicepay", "tests"))
        if ours and old is not None and module.__dict__.get(name) is old:
            module.__dict__[name] = new


def names_in(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}


def _module(file: str) -> ModuleType:
    name = "invoicepay." + file.removesuffix(".py").replace("/", ".")
    try:
        return sys.modules[name]
    except KeyError:
        raise CannotPlant("it is not loaded") from None


def users_of(mutation: Mutation) -> Iterator[range]:
    """The lines of the functions that a constant is used in."""
    used = {mutation.function}
    for node in mutation.tree.body:
        if (name := constant_of(node)) and used & names_in(node):
            used.add(name)
    for user in ast.walk(mutation.tree):
        if isinstance(user, ast.FunctionDef) and used & names_in(user):
            yield range(user.body[0].lineno, (user.end_lineno or user.lineno) + 1)
