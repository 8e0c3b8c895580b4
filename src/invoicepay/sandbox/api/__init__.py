"""The endpoints, one file for each resource."""

from __future__ import annotations

from urllib.parse import unquote

from invoicepay.sandbox.api import (
    account,
    charges,
    customers,
    events,
    payment_intents,
    payment_methods,
)
from invoicepay.sandbox.api.route import Route
from invoicepay.sandbox.wire import StripeError

_ROUTES = {
    (route.method, *route.path.split("/")): route
    for resource in (account, customers, payment_methods, payment_intents, charges, events)
    for route in resource.ROUTES
}


def find(method: str, path: str) -> tuple[Route, str]:
    """The endpoint and the id in the path; /v1/<resource>/<id>/<what> is as deep as paths go."""
    parts = path.split("/")
    if route := _ROUTES.get((method, *parts)):
        return route, ""
    if len(parts) > 3 and parts[3]:
        id, parts[3] = unquote(parts[3]), ":id"
        if route := _ROUTES.get((method, *parts)):
            return route, id
    raise StripeError(
        404,
        f"Unrecognized request URL ({method}: {path[:200]}). If you are trying to list objects, "
        "remove the trailing slash. If you are trying to retrieve an object, make sure you "
        "passed a valid (non-empty) identifier in your code.",
    )
