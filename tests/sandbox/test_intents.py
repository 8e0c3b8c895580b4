"""Payment intents: what is refused, and from which state to which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import stripe

if TYPE_CHECKING:
    from tests.sandbox.conftest import Bare

NEVER = {"enabled": True, "allow_redirects": "never"}


def test_a_card_payment_as_invoicepay_makes_it(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "ap@acme.example", "metadata": {"no": "7"}})
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    assert (method.type, method.customer) == ("card", customer.id)
    intent = client.v1.payment_intents.create(
        {
            "amount": 184250,
            "currency": "usd",
            "customer": customer.id,
            "payment_method": method.id,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": {"payment": "p-1"},
            "description": "Invoices 1 and 2",
        },
        {"idempotency_key": "p-1:create"},
    )
    assert (intent.status, intent.livemode) == ("requires_confirmation", False)
    assert str(intent.client_secret).startswith(f"{intent.id}_secret_")
    paid = client.v1.payment_intents.confirm(
        intent.id, {"off_session": True, "expand": ["latest_charge.balance_transaction"]}
    )
    assert (paid.status, paid.amount_received) == ("succeeded", 184250)
    assert paid.metadata.to_dict() == {"payment": "p-1"}
    charge = paid.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.status, charge.paid, charge.payment_intent) == ("succeeded", True, intent.id)
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert charge.payment_method_details.card.last4 == "4242"
    booked = charge.balance_transaction
    assert isinstance(booked, stripe.BalanceTransaction)
    # 2.9% of 1,842.50 is 53.4325, and 0.30 on top.
    assert (booked.amount, booked.fee, booked.net) == (184250, 5373, 178877)


def test_the_events_of_a_card_payment(bare: Bare) -> None:
    bare.confirm(bare.intent("pm_card_visa")["id"])
    assert bare.events() == [
        "customer.created",
        "payment_method.attached",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]
    event = bare.get("/v1/events", {"limit": 1})["data"][0]
    assert event["request"]["id"].startswith("req_")


def refused(bare: Bare, params: dict[str, Any]) -> Any:
    base = {"amount": 1234, "currency": "usd"}
    merged = {name: value for name, value in {**base, **params}.items() if value is not None}
    reply = bare("POST", "/v1/payment_intents", merged)
    assert reply.status == 400, reply.text
    assert bare.get("/v1/payment_intents")["data"] == []
    return reply.error


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"amount": None}, "parameter_missing", "amount"),
        ({"currency": None}, "parameter_missing", "currency"),
        ({"amount": "12.34"}, "parameter_invalid_integer", "amount"),
        ({"amount": "1_000"}, "parameter_invalid_integer", "amount"),
        ({"amount": "１２３"}, "parameter_invalid_integer", "amount"),
        ({"amount": "1e3"}, "parameter_invalid_integer", "amount"),
        ({"amount": "9" * 5000}, "parameter_invalid_integer", "amount"),
        ({"amount": ""}, "parameter_invalid_integer", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": -5}, "parameter_invalid_integer", "amount"),
        ({"amount": 49}, "amount_too_small", "amount"),
        ({"amount": 29, "currency": "gbp"}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"amount": 1235, "currency": "bhd"}, "parameter_invalid_integer", "amount"),
        ({"amount": 1250, "currency": "isk"}, "parameter_invalid_integer", "amount"),
        ({"currency": "xxx"}, None, "currency"),
        ({"currency": ""}, "parameter_invalid_empty", "currency"),
        ({"customer": ""}, "parameter_invalid_empty", "customer"),
        ({"customer": "cus_nope"}, "resource_missing", "customer"),
        ({"payment_method": "pm_nope"}, "resource_missing", "payment_method"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        (
            {"automatic_payment_methods": {"enabled": True, "maybe": 1}},
            "parameter_unknown",
            "automatic_payment_methods[maybe]",
        ),
        (
            {"automatic_payment_methods": {"allow_redirects": "never"}},
            "parameter_missing",
            "automatic_payment_methods[enabled]",
        ),
        (
            {"automatic_payment_methods": {"enabled": "yes"}},
            None,
            "automatic_payment_methods[enabled]",
        ),
        (
            {"payment_method_types": ["card"]},
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
        ({"off_session": True}, "payment_intent_invalid_parameter", "off_session"),
        ({"return_url": "http://a"}, "payment_intent_invalid_parameter", "return_url"),
        ({"mandate": "mandate_1"}, "payment_intent_invalid_parameter", "mandate"),
        (
            {"error_on_requires_action": True, "confirm": False},
            "payment_intent_invalid_parameter",
            "error_on_requires_action",
        ),
        (
            {"mandate_data": {"customer_acceptance": {"type": "online"}}},
            "payment_intent_invalid_parameter",
            "mandate_data",
        ),
        (
            {"currency": "eur", "payment_method": "pm_usBankAccount_success"},
            "payment_intent_invalid_parameter",
            "payment_method",
        ),
        ({"metadata": {"k" * 41: "v"}}, None, "metadata"),
        ({"metadata": {"k": "v" * 501}}, None, "metadata[k]"),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, None, "metadata"),
        ({"metadata": "text"}, None, "metadata"),
        ({"description": "d" * 5001}, None, "description"),
        ({"expand": "customer"}, None, "expand"),
    ],
)
def test_create_refuses(bare: Bare, params: dict[str, Any], code: str | None, param: str) -> None:
    error = refused(bare, params)
    assert (error["type"], error.get("code"), error["param"]) == (
        "invalid_request_error",
        code,
        param,
    )


@pytest.mark.parametrize(
    ("amount", "currency"), [(50, "usd"), (99_999_999, "usd"), (50, "jpy"), (500, "bhd")]
)
def test_the_smallest_and_the_largest_amount(bare: Bare, amount: int, currency: str) -> None:
    assert bare.intent(amount=amount, currency=currency.upper())["currency"] == currency


def test_metadata_is_merged_and_unset(bare: Bare) -> None:
    intent = bare.intent(metadata={"a": "1", "b": "2"})
    path = f"/v1/payment_intents/{intent['id']}"
    changed = bare.post(path, {"metadata": {"a": "", "c": "3"}, "description": "D"})
    assert (changed["metadata"], changed["description"]) == ({"b": "2", "c": "3"}, "D")
    cleared = bare.post(path, {"metadata": "", "description": ""})
    assert (cleared["metadata"], cleared["description"]) == ({}, None)


def test_a_method_of_another_customer_is_refused(bare: Bare) -> None:
    method = bare.method("pm_card_visa", bare.customer())
    mine = bare.intent()
    for reply in (
        bare.confirm(mine["id"], payment_method=method),
        bare("POST", f"/v1/payment_intents/{mine['id']}", {"payment_method": method}),
    ):
        assert (reply.status, reply.error["param"]) == (400, "payment_method")
        assert "must be attached to the customer" in reply.error["message"]
    assert bare.get("/v1/charges")["data"] == []


def test_a_detached_method_pays_nothing_more(bare: Bare) -> None:
    intent = bare.intent("pm_card_visa")
    method = intent["payment_method"]
    assert bare.post(f"/v1/payment_methods/{method}/detach")["customer"] is None
    reply = bare.confirm(intent["id"])
    assert (reply.status, reply.error["code"]) == (400, "payment_method_unexpected_state")
    customer = {"customer": intent["customer"]}
    assert bare("POST", f"/v1/payment_methods/{method}/attach", customer).status == 400
    assert bare("POST", f"/v1/payment_methods/{method}/detach").status == 400


def test_an_attached_method_is_attached_for_good(bare: Bare) -> None:
    customer = bare.customer()
    one, two = bare.method("pm_card_visa", customer), bare.method("pm_card_visa", customer)
    assert one != two
    reply = bare("POST", f"/v1/payment_methods/{one}/attach", {"customer": customer})
    assert "already been attached" in reply.error["message"]


def test_detaching_the_default_method_unsets_it(bare: Bare) -> None:
    customer = bare.customer()
    method = bare.method("pm_card_visa", customer)
    settings = {"invoice_settings": {"default_payment_method": method}}
    bare.post(f"/v1/customers/{customer}", settings)
    assert bare("POST", f"/v1/customers/{bare.customer()}", settings).status == 400
    bare.post(f"/v1/payment_methods/{method}/detach")
    shown = bare.get(f"/v1/customers/{customer}")
    assert shown["invoice_settings"]["default_payment_method"] is None


def test_a_token_can_pay_once_without_a_customer(bare: Bare) -> None:
    params = {"amount": 500, "currency": "eur", "automatic_payment_methods": NEVER}
    paid = bare.post(
        "/v1/payment_intents", params | {"payment_method": "pm_card_mastercard", "confirm": True}
    )
    assert (paid["status"], paid["customer"]) == ("succeeded", None)
    again = bare("POST", "/v1/payment_intents", params | {"payment_method": paid["payment_method"]})
    assert "may not be used again" in again.error["message"]


def test_an_intent_open_to_redirects_wants_a_return_url(bare: Bare) -> None:
    intent = bare.intent("pm_card_visa", automatic_payment_methods={"enabled": True})
    assert bare.confirm(intent["id"]).error["param"] == "return_url"
    assert bare.confirm(intent["id"], return_url="http://127.0.0.1/").json["status"] == "succeeded"


def test_without_a_method_there_is_nothing_to_confirm(bare: Bare) -> None:
    intent = bare.intent()
    assert intent["status"] == "requires_payment_method"
    reply = bare.confirm(intent["id"])
    assert (reply.status, reply.error["code"]) == (400, "payment_intent_unexpected_state")
    assert reply.error["payment_intent"]["id"] == intent["id"]


def state(bare: Bare, status: str) -> Any:
    """An intent in the given state."""
    if status == "requires_payment_method":
        return bare.intent()
    token = {"requires_action": "pm_card_authenticationRequired", "processing": "pm_usBankAccount"}
    name = token.get(status, "pm_card_visa").replace("BankAccount", "BankAccount_success")
    intent = bare.intent(name)
    if status == "canceled":
        return bare.post(f"/v1/payment_intents/{intent['id']}/cancel")
    return intent if status == "requires_confirmation" else bare.confirm(intent["id"]).json


STATES = [
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "succeeded",
    "canceled",
]


@pytest.mark.parametrize("status", STATES)
def test_what_can_be_done_in_which_state(bare: Bare, status: str) -> None:
    intent = state(bare, status)
    assert intent["status"] == status
    url = f"/v1/payment_intents/{intent['id']}"
    is_open = status.startswith("requires_")
    assert bare("POST", url, {"description": "any time"}).status == 200
    attempts = [bare("POST", url, {"amount": 999})]
    if not is_open:
        attempts.append(bare("POST", f"{url}/confirm"))
    attempts.append(bare("POST", f"{url}/cancel", {"cancellation_reason": "abandoned"}))
    for reply in attempts:
        assert reply.status == (200 if is_open else 400), reply.text
        if not is_open:
            assert reply.error["code"] == "payment_intent_unexpected_state"
            assert reply.error["payment_intent"]["status"] == status
    after = bare.get(url)
    assert after["status"] == ("canceled" if is_open else status)
    if is_open:
        assert after["cancellation_reason"] == "abandoned"
        assert after["canceled_at"] is not None
        assert bare.confirm(intent["id"]).status == 400


def test_a_declined_intent_lives_on(bare: Bare) -> None:
    intent = bare.intent("pm_card_chargeCustomerFail")
    assert bare.confirm(intent["id"]).status == 402
    good = bare.method("pm_card_visa", intent["customer"])
    paid = bare.confirm(intent["id"], payment_method=good).json
    assert (paid["status"], paid["last_payment_error"]) == ("succeeded", None)
    charges = bare.get("/v1/charges", {"payment_intent": intent["id"]})["data"]
    assert [charge["status"] for charge in charges] == ["succeeded", "failed"]


def test_create_and_confirm_in_one(bare: Bare) -> None:
    paid = bare.intent("pm_card_visa", confirm=True, off_session="recurring")
    assert paid["status"] == "succeeded"


def test_a_customer_is_updated_and_found_by_email(bare: Bare) -> None:
    customer = bare.customer()
    url = f"/v1/customers/{customer}"
    bare.post(url, {"email": "a@b.example", "address": {"city": "Graz", "country": "AT"}})
    shown = bare.post(url, {"address": {"city": ""}, "phone": "1"})
    assert (shown["address"]["city"], shown["address"]["country"]) == (None, "AT")
    bare.post(url, {"phone": "1"})  # no change, no event
    assert bare.events(type="customer.updated") == ["customer.updated"] * 2
    assert len(bare.get("/v1/customers", {"email": "a@b.example"})["data"]) == 1
    assert bare.get("/v1/customers", {"email": "a@b"})["data"] == []
