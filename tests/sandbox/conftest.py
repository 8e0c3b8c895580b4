"""A sandbox server for each test, and two ways to talk to it: the real SDK, and bare HTTP."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

import pytest
import stripe

from invoicepay.sandbox.server import SandboxServer


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> Any:
        return self.json["error"]


@dataclass
class Bare:
    """Stripe over bare HTTP, so that nothing rests on what one SDK makes of an answer."""

    url: str
    key: str = field(repr=False)

    def __call__(
        self,
        method: str,
        path: str,
        params: dict[str, Any] | str | None = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        body = params if isinstance(params, str) else encode(params or {})
        sent = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        if key is not None:
            sent["Idempotency-Key"] = key
        if method == "GET" and body:
            path, body = f"{path}?{body}", ""
        elif body:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.headers.items()), answer.read().decode())
        finally:
            connection.close()

    def get(self, path: str, params: dict[str, Any] | None = None) -> Any:
        reply = self("GET", path, params)
        assert reply.status == 200, reply.text
        return reply.json

    def post(self, path: str, params: dict[str, Any] | None = None, key: str | None = None) -> Any:
        reply = self("POST", path, params, key)
        assert reply.status == 200, reply.text
        return reply.json

    # What most tests need before they come to their point.

    def customer(self) -> str:
        return str(self.post("/v1/customers")["id"])

    def method(self, token: str, customer: str) -> str:
        return str(self.post(f"/v1/payment_methods/{token}/attach", {"customer": customer})["id"])

    def intent(self, token: str | None = None, customer: str | None = None, **more: Any) -> Any:
        """An unconfirmed intent of 12.34 USD for a customer whose method is attached."""
        customer = customer or self.customer()
        params = {
            "amount": 1234,
            "currency": "usd",
            "customer": customer,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
        if token:
            params["payment_method"] = self.method(token, customer)
        return self.post("/v1/payment_intents", params | more)

    def confirm(self, intent: str, **params: Any) -> Reply:
        return self("POST", f"/v1/payment_intents/{intent}/confirm", params)

    def events(self, **params: Any) -> list[str]:
        """Types of the newest 100 events, oldest first."""
        page = self.get("/v1/events", {"limit": 100, **params})
        return [event["type"] for event in reversed(page["data"])]


def encode(params: dict[str, Any], prefix: str = "") -> str:
    pairs = []
    for name, value in params.items():
        full = f"{prefix}[{name}]" if prefix else name
        if isinstance(value, list):
            value = dict(enumerate(value))
        if isinstance(value, dict):
            pairs.append(encode(value, full))
        else:
            word = str(value).lower() if isinstance(value, bool) else str(value)
            pairs.append(f"{quote_plus(full)}={quote_plus(word)}")
    return "&".join(pairs)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sandbox.db"


@pytest.fixture
def server(path: Path) -> Iterator[SandboxServer]:
    with SandboxServer(path) as running:
        yield running


@pytest.fixture
def bare(server: SandboxServer) -> Bare:
    return Bare(server.url, server.key)


@pytest.fixture
def client(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[stripe.StripeClient]:
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    http_client = stripe.RequestsClient(timeout=30)
    yield stripe.StripeClient(
        server.key,
        base_addresses={"api": server.url},
        max_network_retries=0,
        http_client=http_client,
    )
    http_client.close()  # type: ignore[no-untyped-call]
