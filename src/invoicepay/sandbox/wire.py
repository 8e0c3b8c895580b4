"""How Stripe speaks: nested forms in, JSON documents and error bodies out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

API_VERSION = "2026-10-28.endive"

# A JSON document: one Stripe object.
Doc = dict[str, Any]
# What a form decodes to before anyone has said which types it should have.
Form = dict[str, Any]

MAX_FIELDS = 1000
MAX_DEPTH = 6
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


class StripeError(Exception):
    """An answer that is an error. `stands`: what was written before it is kept (a decline)."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        stands: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.stands = stands
        doc_url = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}" if code else None
        parts = {"code": code, "doc_url": doc_url, "message": message, "param": param, "type": kind}
        self.error: Doc = {k: v for k, v in {**parts, **more}.items() if v is not None}

    def body(self) -> Doc:
        return {"error": self.error}


@dataclass(frozen=True)
class Request:
    """One request as it arrived, the form still undecoded."""

    method: str
    path: str
    query: str
    body: bytes
    headers: dict[str, str]  # names in lower case
    id: str
    restricted: bool = False  # made with a key that may do less

    @property
    def idempotency_key(self) -> str | None:
        """The key, on the only method where Stripe heeds it."""
        return (self.headers.get("idempotency-key") or None) if self.method == "POST" else None


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)


def answer(status: int, document: Doc) -> Answer:
    return Answer(status, json.dumps(document, separators=(",", ":")))


def refuse(error: StripeError) -> Answer:
    return answer(error.status, error.body())


def server_error() -> Answer:
    return refuse(StripeError(500, "An unknown error occurred", kind="api_error"))


def form_of(request: Request) -> Form:
    """The parameters of a request: the query's, then the body's."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.body and content_type != "application/x-www-form-urlencoded":
        raise StripeError(
            400,
            "Invalid request (check that your POST content type is "
            "application/x-www-form-urlencoded).",
        )
    return {**decode(request.query), **decode(request.body)}


def decode(form: str | bytes) -> Form:
    """`a[b]=1&c[]=2&d[0]=3` → `{"a": {"b": "1"}, "c": {"0": "2"}, "d": {"0": "3"}}`.

    Lists stay dictionaries by index: only the parameter's reader knows that it wants a list.
    """
    try:
        text = form.decode("ascii") if isinstance(form, bytes) else form
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise StripeError(
            400, "Invalid request (the form is not valid UTF-8 form data)."
        ) from error
    decoded: Form = {}
    for name, value in pairs:
        _put(decoded, name, value)
    return decoded


def _put(decoded: Form, name: str, value: str) -> None:
    match = _NAME.fullmatch(name)
    keys = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])] if match else []
    if not keys or len(keys) > MAX_DEPTH:
        raise StripeError(400, f"Invalid parameter name: {name[:100]}", param=name[:100])
    here = decoded
    for key in keys[:-1]:
        here = here.setdefault(key or str(len(here)), {})
        if not isinstance(here, dict):
            raise StripeError(400, "Invalid object", param=name)
    last = keys[-1] or str(len(here))
    if isinstance(here.get(last), dict):
        raise StripeError(400, "Invalid object", param=name)
    here[last] = value
