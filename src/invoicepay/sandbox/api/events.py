"""What happened, for 30 days. An event names an object; the object itself is the truth."""

from __future__ import annotations

from invoicepay.sandbox.api.route import Params, Route
from invoicepay.sandbox.params import strings, text
from invoicepay.sandbox.store import Unit
from invoicepay.sandbox.view import PAGING, page_where
from invoicepay.sandbox.wire import Doc, StripeError

KEPT_FOR = 30 * 24 * 3600  # seconds
_TYPE = "json_extract(body, '$.type')"


def _retrieve(unit: Unit, _: Params, id: str) -> Doc:
    event = unit.get("event", id, "id")
    if event["created"] < unit.at - KEPT_FOR:
        raise StripeError(404, f"No such event: '{id}'", code="resource_missing", param="id")
    return event


def _list(unit: Unit, params: Params, _: str) -> Doc:
    where, values = ["kind = ?", "created >= ?"], ["event", unit.at - KEPT_FOR]
    if "type" in params:  # Stripe takes * as a wildcard here: charge.*
        where.append(f"{_TYPE} GLOB ?")
        values.append(params["type"])
    if "types" in params:
        where.append(f"{_TYPE} IN ({', '.join('?' * len(params['types']))})")
        values.extend(params["types"])
    return page_where(unit, "event", "/v1/events", params, where, values)


def _check(params: Params) -> None:
    if len(params.get("types", [])) > 20:
        raise StripeError(400, "You can pass at most 20 event types.", param="types")


ROUTES = [
    Route("GET", "/v1/events/:id", "event", _retrieve),
    Route(
        "GET",
        "/v1/events",
        "event",
        _list,
        {**PAGING, "type": text, "types": strings},
        _check,
        listed=True,
    ),
]
