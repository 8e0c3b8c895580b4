"""One request to one answer."""

from __future__ import annotations

import logging
import sqlite3

from invoicepay.sandbox import api, faults, idempotency
from invoicepay.sandbox.api.route import Params, Route
from invoicepay.sandbox.clock import unix_now
from invoicepay.sandbox.settlement import is_due, settle_due
from invoicepay.sandbox.store import Unit, immediate
from invoicepay.sandbox.view import show
from invoicepay.sandbox.wire import (
    API_VERSION,
    Answer,
    Form,
    Request,
    StripeError,
    answer,
    form_of,
    refuse,
    server_error,
)

logger = logging.getLogger(__name__)


def handle(db: sqlite3.Connection, request: Request, fault: str | None = None) -> Answer:
    """The answer to a request of Stripe's API by whoever may ask. `fault`: the kind of fault it has
    met, if any."""
    try:
        if (version := request.headers.get("stripe-version", API_VERSION)) != API_VERSION:
            raise StripeError(
                400, f"This sandbox speaks {API_VERSION} and not {version[:40]}.", param="version"
            )
        route, id = api.find(request.method, request.path)
        if route.permission and request.restricted:
            raise _not_permitted(db, route.permission)
        if instead := faults.answer_instead(fault or ""):
            return instead
        form = form_of(request)
        if request.method == "GET":
            failed = fault in ("status_500", "status_500_after")
            return server_error() if failed else _read(db, request, route, form, id)
        return _write(db, request, route, form, id, fault)
    except StripeError as error:
        return refuse(error)
    except sqlite3.Error:  # a full disk, say: nothing that a traceback would explain
        return server_error()
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        return server_error()


def _not_permitted(db: sqlite3.Connection, permission: str) -> StripeError:
    """In Stripe's words, which name the account, and show the ends of the key: we keep these."""
    (account,) = db.execute("SELECT id FROM account").fetchone()
    return StripeError(
        403,
        f"The provided key 'rk_test_{'*' * 24}' does not have the required permissions "
        f"for this endpoint on account '{account}'. Having the '{permission}' permission would "
        "allow this request to continue.",
    )


def _read(db: sqlite3.Connection, request: Request, route: Route, form: Form, id: str) -> Answer:
    params, paths = route.read(form)
    if is_due(db, unix_now(db)):
        with immediate(db):
            settle_due(db, unix_now(db))
    db.execute("BEGIN")  # one snapshot for everything in the answer
    try:
        unit = Unit(db, unix_now(db), request.id)
        return answer(200, show(unit, route.run(unit, params, id), paths))
    finally:
        db.execute("ROLLBACK")


def _write(
    db: sqlite3.Connection,
    request: Request,
    route: Route,
    form: Form,
    id: str,
    fault: str | None,
) -> Answer:
    """All of a POST is one transaction, with the answer kept under its key."""
    idempotency.check(request)
    params, paths = route.read(form)
    key = request.idempotency_key
    with immediate(db):
        now = unix_now(db)
        settle_due(db, now)
        if key and (kept := idempotency.recall(db, request, form, now)):
            return kept
        if fault == "status_500":
            result = server_error()
        else:
            unit = Unit(db, now, request.id, key)
            result = _execute(unit, request, route, params, paths, id)
        if fault == "status_500_after":
            result = server_error()
        if key:
            idempotency.keep(db, request, form, now, result)
        return result


def _execute(
    unit: Unit,
    request: Request,
    route: Route,
    params: Params,
    paths: list[list[str]],
    id: str,
) -> Answer:
    """Run the endpoint. From here on errors are answers, which the key keeps like any other."""
    unit.db.execute("SAVEPOINT execution")
    try:
        return answer(200, show(unit, route.run(unit, params, id), paths))
    except StripeError as error:
        if not error.stands:
            unit.db.execute("ROLLBACK TO execution")
        return refuse(error)
    except sqlite3.Error:
        raise  # nothing can be kept where nothing can be written
    except Exception:
        unit.db.execute("ROLLBACK TO execution")
        logger.exception("%s %s failed", request.method, request.path)
        return server_error()
