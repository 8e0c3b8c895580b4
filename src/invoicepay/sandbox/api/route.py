"""One row of the table of endpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from invoicepay.sandbox import params
from invoicepay.sandbox.params import Spec
from invoicepay.sandbox.store import Unit
from invoicepay.sandbox.view import PAGING, expand_paths, page
from invoicepay.sandbox.wire import Doc, Form

Params = dict[str, Any]
# The parameters as read, and the `:id` of the path ("" where it has none).
Run = Callable[[Unit, Params, str], Doc]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    kind: str  # of the object, or of the list's objects, in the answer
    run: Run
    spec: Spec = field(default_factory=dict)
    check: Callable[[Params], None] | None = None  # rules across parameters
    listed: bool = False
    permission: str = ""  # that a restricted key lacks here; these have all others

    def read(self, form: Form) -> tuple[Params, list[list[str]]]:
        """The parameters and what to expand, or a refusal before anything is executed."""

        def expand(value: Any, name: str) -> list[list[str]]:
            return expand_paths(value, self.kind, self.listed)

        values = params.read(form, {**self.spec, "expand": expand})
        paths = values.pop("expand", [])
        if self.check:
            self.check(values)
        return values, paths


def retrieve(path: str, kind: str, param: str = "id") -> Route:
    def run(unit: Unit, _: Params, id: str) -> Doc:
        return unit.get(kind, id, param)

    return Route("GET", path, kind, run)


def listing(path: str, kind: str, filters: dict[str, str], readers: Spec | None = None) -> Route:
    """A list endpoint. `filters`: parameter → the property it must equal."""

    def run(unit: Unit, values: Params, _: str) -> Doc:
        return page(unit, kind, path, values, filters)

    spec: Spec = {**PAGING, **dict.fromkeys(filters, params.text), **(readers or {})}
    return Route("GET", path, kind, run, spec, listed=True)
