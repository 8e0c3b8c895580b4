"""How objects are shown: `expand`, and lists in pages."""

from __future__ import annotations

import json
from typing import Any

from invoicepay.sandbox.params import Spec, between, strings, text, timestamp_range
from invoicepay.sandbox.store import Unit, public
from invoicepay.sandbox.wire import Doc, StripeError

# kind → property → kind. A kind with a dot is a hash inside an object.
_EXPANDABLE = {
    "payment_intent": {
        "customer": "customer",
        "latest_charge": "charge",
        "payment_method": "payment_method",
    },
    "charge": {
        "balance_transaction": "balance_transaction",
        "customer": "customer",
        "payment_intent": "payment_intent",
    },
    "balance_transaction": {"source": "charge"},
    "payment_method": {"customer": "customer"},
    "customer": {"invoice_settings": "customer.invoice_settings"},
    "customer.invoice_settings": {"default_payment_method": "payment_method"},
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
}

PAGING: Spec = {
    "created": timestamp_range,
    "ending_before": text,
    "limit": between(1, 100),
    "starting_after": text,
}


def expand_paths(value: Any, kind: str, listed: bool) -> list[list[str]]:
    """The `expand` parameter, checked before anything is executed."""
    paths = [path.split(".") for path in strings(value, "expand")]
    for path in paths:
        here: str | None = kind
        for name in path[1:] if listed and path[0] == "data" else path:
            here = _EXPANDABLE.get(here or "", {}).get(name)
        if here is None or (listed and path[0] != "data") or len(path) > 4 + listed:
            raise StripeError(
                400, f"This property cannot be expanded ({'.'.join(path)}).", param="expand"
            )
    return paths


def show(unit: Unit, document: Doc, paths: list[list[str]]) -> Doc:
    if document.get("object") == "list":
        inner = [path[1:] for path in paths if len(path) > 1]
        return {**document, "data": [show(unit, item, inner) for item in document["data"]]}
    shown = public(document)
    if shown.get("object") == "balance_transaction" and shown["available_on"] <= unit.at:
        shown["status"] = "available"
    for path in paths:
        _expand(unit, shown, path)
    return shown


def _expand(unit: Unit, shown: Doc, path: list[str]) -> None:
    name, rest = path[0], path[1:]
    value = shown.get(name)
    if isinstance(value, str):
        row = unit.db.execute("SELECT body FROM objects WHERE id = ?", (value,)).fetchone()
        value = shown[name] = show(unit, json.loads(row[0]), []) if row else value
    if rest and isinstance(value, dict):
        _expand(unit, value, rest)


def page(unit: Unit, kind: str, url: str, params: Doc, filters: dict[str, str]) -> Doc:
    """One page, newest first. `filters`: parameter → the property it must equal."""
    where, values = ["kind = ?"], [kind]
    for name, value in params.items():
        if name in filters:
            where.append(f"json_extract(body, '$.{filters[name]}') = ?")
            values.append(value)
    return page_where(unit, kind, url, params, where, values)


def page_where(
    unit: Unit, kind: str, url: str, params: Doc, where: list[str], values: list[Any]
) -> Doc:
    """As `page`, with conditions in SQL that hold no text of the request's."""
    operators = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
    for bound, seconds in params.get("created", {}).items():
        where = [*where, f"created {operators[bound]} ?"]
        values = [*values, seconds]
    newer = "ending_before" in params
    for cursor, operator in (("starting_after", "<"), ("ending_before", ">")):
        if cursor in params:
            where = [*where, f"seq {operator} ?"]
            values = [*values, _position(unit, kind, params[cursor], cursor)]
    limit = params.get("limit", 10)
    rows = unit.db.execute(
        f"SELECT body FROM objects WHERE {' AND '.join(where)} "
        f"ORDER BY seq {'ASC' if newer else 'DESC'} LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    data = [json.loads(body) for (body,) in rows[:limit]]
    return {
        "object": "list",
        "data": data[::-1] if newer else data,
        "has_more": len(rows) > limit,
        "url": url,
    }


def _position(unit: Unit, kind: str, id: str, param: str) -> int:
    unit.get(kind, id, param, status=400)
    (seq,) = unit.db.execute("SELECT seq FROM objects WHERE id = ?", (id,)).fetchone()
    return int(seq)
