"""A key makes a POST happen once: the first answer is kept, and given again.

Stripe answers 409 to a request whose key belongs to one still under way. Here every POST is one
write transaction, so the second waits for the first to commit and then reads its answer; there is
no moment at which it could see it under way. To meet the 409, use the fault `conflict_409`.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3

from invoicepay.sandbox.wire import Answer, Form, Request, StripeError

KEPT_FOR = 24 * 3600  # seconds of the sandbox's clock
MAX_LENGTH = 255


def check(request: Request) -> None:
    key = request.idempotency_key
    if key is not None and len(key) > MAX_LENGTH:
        raise StripeError(
            400, f"Idempotency keys can be at most {MAX_LENGTH} characters; yours has {len(key)}."
        )


def recall(db: sqlite3.Connection, request: Request, form: Form, now: int) -> Answer | None:
    """The answer kept under the request's key; refuses a key that was used for something else."""
    db.execute("DELETE FROM idempotency WHERE created <= ?", (now - KEPT_FOR,))
    key = request.idempotency_key
    row = db.execute(
        "SELECT endpoint, parameters, request, status, body FROM idempotency WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        return None
    endpoint, parameters, original, status, body = row
    if endpoint != _endpoint(request):
        raise _reused(key, f"for the same endpoint they were first used for ('{endpoint}')")
    if parameters != _fingerprint(form):
        raise _reused(key, "with the same parameters they were first used with")
    return Answer(status, body, {"Idempotent-Replayed": "true", "Original-Request": original})


def keep(db: sqlite3.Connection, request: Request, form: Form, now: int, answer: Answer) -> None:
    db.execute(
        "INSERT INTO idempotency (key, created, endpoint, parameters, request, status, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            request.idempotency_key,
            now,
            _endpoint(request),
            _fingerprint(form),
            request.id,
            answer.status,
            answer.text,
        ),
    )


def _endpoint(request: Request) -> str:
    return f"{request.method} {request.path}"


def _fingerprint(form: Form) -> str:
    return hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()


def _reused(key: str | None, rule: str) -> StripeError:
    return StripeError(
        400,
        f"Keys for idempotent requests can only be used {rule}. Try using a key other than "
        f"'{key}' if you meant to execute a different request.",
        kind="idempotency_error",
    )
