"""What Stripe is asked, to the letter: a parameter that is left out, or another idempotency key,
charges somebody twice or somebody else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import stripe

from invoicepay.billing.customer import Customer
from invoicepay.billing.payment import Allocation
from invoicepay.billing.ports import ChargeOrder, NoAnswer, Rejected
from invoicepay.gateway.limited_adapter import LimitedAdapter
from invoicepay.gateway.route import Route
from invoicepay.gateway.stripe_gateway import (
    CONNECT_SECONDS,
    READ_SECONDS,
    StripeGateway,
    _Session,
)
from invoicepay.system.deadline import connect
from tests.gateway.conftest import LEDGER, Answering, Doc, Objects, listed, says
from tests.world.false_stripe import Answer, error, reset

ORDER = ChargeOrder(
    payment_id="payment-1",
    ledger_id=LEDGER,
    customer="cus_1",
    customer_number="C-1",
    method="pm_1",
    method_type="card",
    amount_minor=12345,
    currency="USD",
    description="Tidewheel: 2 invoices",
    allocations=(Allocation("INV-1", 10000), Allocation("INV 2", 2345)),
    request_digest="key:what",
)
METADATA = {
    "metadata[invoicepay_ledger]": LEDGER,
    "metadata[invoicepay_payment]": "payment-1",
    "metadata[invoicepay_customer]": "C-1",
    "metadata[invoicepay_method]": "card",
    "metadata[invoicepay_request]": "key:what",
    "metadata[invoicepay_allocations_0]": "INV-1=10000 INV%202=2345",
}
SINCE = datetime(2026, 11, 2, 15, 0, 0, 999_999, tzinfo=UTC)
SECONDS = str(int(SINCE.timestamp()))


class Request(NamedTuple):
    what: str
    fields: dict[str, str]
    key: str
    """Empty where there is none of ours: the SDK adds one of its own to what it sends again."""


class Case(NamedTuple):
    do: Callable[[StripeGateway], object]
    request: Request


def _cancel(reason: str) -> Request:
    return Request("POST /v1/payment_intents/pi_1/cancel", {"cancellation_reason": reason}, "")


CASES = {
    "create a customer": Case(
        lambda g: g.create_customer(Customer("C-1", "Harbor", ("h@example.com",)), LEDGER, "key-1"),
        Request(
            "POST /v1/customers",
            {
                "name": "Harbor",
                "email": "h@example.com",
                "metadata[invoicepay_ledger]": LEDGER,
                "metadata[invoicepay_customer]": "C-1",
            },
            "key-1:customer",
        ),
    ),
    "create": Case(
        lambda g: g.create(ORDER),
        Request(
            "POST /v1/payment_intents",
            {
                "amount": "12345",
                "currency": "usd",
                "customer": "cus_1",
                "payment_method": "pm_1",
                "automatic_payment_methods[enabled]": "true",
                "automatic_payment_methods[allow_redirects]": "never",
                "description": "Tidewheel: 2 invoices",
                **METADATA,
            },
            "payment-1:create",
        ),
    ),
    "confirm": Case(
        lambda g: g.confirm("pi_1", "payment-1"),
        Request(
            "POST /v1/payment_intents/pi_1/confirm", {"off_session": "true"}, "payment-1:confirm"
        ),
    ),
    "give up": Case(lambda g: g.cancel("pi_1"), _cancel("abandoned")),
    "cancel": Case(lambda g: g.cancel("pi_1", on_request=True), _cancel("requested_by_customer")),
    "retrieve": Case(lambda g: g.retrieve("pi_1"), Request("GET /v1/payment_intents/pi_1", {}, "")),
    "attach": Case(
        lambda g: g.attach_method("pm_1", "cus_1"),
        Request("POST /v1/payment_methods/pm_1/attach", {"customer": "cus_1"}, ""),
    ),
    "detach": Case(
        lambda g: g.detach_method("pm_1"), Request("POST /v1/payment_methods/pm_1/detach", {}, "")
    ),
    "account": Case(lambda g: g.account(), Request("GET /v1/account", {}, "")),
    "has an intent": Case(lambda g: g.has("pi_1"), Request("GET /v1/payment_intents/pi_1", {}, "")),
    "has a customer": Case(lambda g: g.has("cus_1"), Request("GET /v1/customers/cus_1", {}, "")),
    "customers": Case(
        lambda g: list(g.customers(since=SINCE)),
        Request("GET /v1/customers", {"limit": "100", "created[gte]": SECONDS}, ""),
    ),
    "intents": Case(
        lambda g: list(g.intents(LEDGER)), Request("GET /v1/payment_intents", {"limit": "100"}, "")
    ),
    "intents of a customer": Case(
        lambda g: list(g.intents(LEDGER, customer="cus_1", since=SINCE, until=SINCE)),
        Request(
            "GET /v1/payment_intents",
            {
                "limit": "100",
                "customer": "cus_1",
                "created[gte]": SECONDS,
                "created[lte]": SECONDS,
            },
            "",
        ),
    ),
}


def whole_answer(connection: Any, objects: Objects) -> Answer:
    path = urlsplit(connection.path).path
    if connection.command == "GET" and path in ("/v1/customers", "/v1/payment_intents"):
        return listed()
    kinds: dict[str, Doc] = {
        "payment_intents": objects.intents["created"],
        "customers": objects.customer,
        "payment_methods": objects.card,
        "account": objects.account,
    }
    return says(kinds[path.split("/")[2]])


def request_of(connection: Any) -> Request:
    path, query = urlsplit(connection.path)[2:4]
    fields = parse_qsl(query or connection.body.decode(), keep_blank_values=True)
    key = connection.headers.get("Idempotency-Key", "")
    return Request(f"{connection.command} {path}", dict(fields), key if ":" in key else "")


@pytest.mark.parametrize("name", CASES)
def test_what_is_asked(name: str, objects: Objects, answering: Answering) -> None:
    asked: list[Request] = []

    def answer(connection: Any) -> Answer:
        asked.append(request_of(connection))
        return whole_answer(connection, objects)

    CASES[name].do(answering(answer))

    assert asked == [CASES[name].request]


def test_a_lost_connection_is_tried_again_twice_with_the_same_key(
    objects: Objects, answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    asked: list[Request] = []

    def answer(connection: Any) -> Answer | None:
        asked.append(request_of(connection))
        if len(asked) != 3:
            reset(connection)
            return None
        return whole_answer(connection, objects)

    gateway = answering(answer)
    assert gateway.create(ORDER).id == objects.intents["created"]["id"]
    assert asked == [CASES["create"].request] * 3
    with pytest.raises(NoAnswer, match=r"^no answer from the gateway$"):
        gateway.create(ORDER)
    assert asked == [CASES["create"].request] * 6


def test_who_is_too_busy_all_the_time_is_asked_four_times(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    asked: list[Request] = []

    def answer(connection: Any) -> Answer:
        asked.append(request_of(connection))
        return error(429, "Too many requests", code="rate_limit")

    with pytest.raises(NoAnswer, match=r"^the gateway is busy \(429\)$"):
        answering(answer).confirm("pi_1", "payment-1")

    assert pauses == [0.5, 1.0, 2.0]
    assert asked == [CASES["confirm"].request] * 4


def test_only_what_the_account_does_not_have_is_not_there(answering: Answering) -> None:
    """Any other refusal says nothing about it."""
    codes = iter(("resource_missing", "something_else"))
    gateway = answering(lambda _: error(404, "No.", code=next(codes)))

    assert gateway.has("pi_1") is False
    with pytest.raises(Rejected) as refused:
        gateway.has("pi_1")
    assert refused.value.code == "something_else"


def test_only_customers_of_ledgers_in_this_mode_with_an_id_are_listed(
    objects: Objects, answering: Answering
) -> None:
    ours = objects.customer
    odd: list[Doc] = [
        {"livemode": True},
        {"livemode": None},
        {"id": None},
        {"metadata": {}},
        {"metadata": {"invoicepay_customer": "C-1"}},
    ]
    gateway = answering(lambda _: listed(*(ours | change for change in odd), ours))

    assert [each.id for each in gateway.customers(since=SINCE)] == [ours["id"]]


# --- How ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("livemode", [False, True])
def test_a_gateway_is_of_the_mode_that_it_was_made_for(livemode: bool) -> None:
    assert StripeGateway("sk_test_x", livemode=livemode).livemode is livemode


def test_stripe_is_where_it_is_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def request(self: object, method: str, url: str, *more: object, **named: object) -> Any:
        asked.append(url)
        return b'{"id": "acct_1", "object": "account"}', 200, {}

    monkeypatch.setattr("stripe.RequestsClient.request", request)
    StripeGateway("sk_test_x", livemode=False).account()
    StripeGateway("sk_test_x", livemode=False, base_address="http://127.0.0.1:9").account()

    assert asked == ["https://api.stripe.com/v1/account", "http://127.0.0.1:9/v1/account"]


def test_every_request_is_limited(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting, each read, and all of it."""
    session = _Session(Route())
    for address in ("https://api.stripe.com/v1/account", "http://127.0.0.1:9/v1/account"):
        assert isinstance(session.get_adapter(address), LimitedAdapter)
    limits: list[object] = []
    send = requests.Session.send

    def watched(self: Any, request: Any, **how: Any) -> Any:
        limits.append(how["timeout"])
        return send(self, request, **how)

    def connected(addresses: Any, own: float | None = None) -> Any:
        limits.append(own)
        return connect(addresses, own)

    monkeypatch.setattr("requests.Session.send", watched)
    monkeypatch.setattr("invoicepay.gateway.limited_adapter.connect", connected)
    answering(lambda _: says({"id": "acct_1", "object": "account"})).account()

    assert limits == [(CONNECT_SECONDS, READ_SECONDS), CONNECT_SECONDS]


def test_nothing_is_told_beside_what_is_asked(
    answering: Answering, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The SDK would send how long its last request took and an id that it keeps in a file, and log
    whole answers."""
    monkeypatch.setattr(stripe, "enable_telemetry", True)
    logger = logging.getLogger("stripe")
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    headers: list[dict[str, str]] = []

    def answer(connection: Any) -> Answer:
        headers.append(dict(connection.headers))
        found = says({"id": "acct_1", "object": "account"})
        return found._replace(headers=(*found.headers, ("Request-Id", "req_1")))

    gateway = answering(answer)
    with caplog.at_level(logging.DEBUG):
        for _ in range(2):
            gateway.account()

    assert not any("telemetry" in str(each).lower() for each in headers)
    assert [r for r in caplog.records if r.name.startswith("stripe")] == []
    assert not logger.isEnabledFor(logging.INFO)
