"""One key, one execution."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import stripe

from invoicepay.sandbox.advance import advance
from invoicepay.sandbox.faults import FaultKind, add_fault

if TYPE_CHECKING:
    from tests.sandbox.conftest import Bare


def test_the_same_request_is_executed_once_and_answered_alike(bare: Bare) -> None:
    first = bare("POST", "/v1/customers", {"name": "A"}, key="k")
    again = bare("POST", "/v1/customers", {"name": "A"}, key="k")
    assert again.text == first.text
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert again.headers["Request-Id"] != first.headers["Request-Id"]
    assert again.headers["Idempotency-Key"] == "k"
    assert len(bare.get("/v1/customers")["data"]) == 1


def test_order_of_parameters_does_not_matter(bare: Bare) -> None:
    first = bare("POST", "/v1/customers", "name=A&email=b", key="k")
    assert bare("POST", "/v1/customers", "email=b&name=A", key="k").text == first.text


def test_other_parameters_are_an_error(client: stripe.StripeClient) -> None:
    client.v1.customers.create({"name": "A"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as caught:
        client.v1.customers.create({"name": "B"}, {"idempotency_key": "k"})
    assert caught.value.http_status == 400


def test_another_endpoint_is_an_error(bare: Bare) -> None:
    one, two = bare.intent("pm_card_visa"), bare.intent("pm_card_visa")
    path = "/v1/payment_intents/{}/confirm"
    assert bare("POST", path.format(one["id"]), key="k").status == 200
    reply = bare("POST", path.format(two["id"]), key="k")
    assert (reply.status, reply.error["type"]) == (400, "idempotency_error")
    assert "same endpoint" in reply.error["message"]


def test_a_decline_is_kept(bare: Bare) -> None:
    intent = bare.intent("pm_card_chargeCustomerFail")
    path = f"/v1/payment_intents/{intent['id']}/confirm"
    first = bare("POST", path, key="k")
    again = bare("POST", path, key="k")
    assert (first.status, again.status, again.text) == (402, 402, first.text)
    assert len(bare.get("/v1/charges")["data"]) == 1


def test_an_error_of_the_execution_is_kept(bare: Bare) -> None:
    """The customer exists by the second time, but the execution was the first."""
    intent = bare.intent()
    path = f"/v1/payment_intents/{intent['id']}/confirm"
    first = bare("POST", path, {"off_session": True}, key="k")
    method = bare.method("pm_card_visa", intent["customer"])
    bare.post(f"/v1/payment_intents/{intent['id']}", {"payment_method": method})
    again = bare("POST", path, {"off_session": True}, key="k")
    assert first.error["code"] == "payment_intent_unexpected_state"
    assert again.text == first.text


def test_refused_parameters_are_not_kept(bare: Bare) -> None:
    params = {"amount": 1234, "currency": "usd"}
    refused = bare("POST", "/v1/payment_intents", {**params, "colour": "red"}, key="k")
    assert refused.status == 400
    assert bare("POST", "/v1/payment_intents", params, key="k").status == 200


def test_keys_are_forgotten_after_24_hours(bare: Bare, path: Path) -> None:
    first = bare("POST", "/v1/customers", {"name": "A"}, key="k").json["id"]
    advance(path, timedelta(hours=23, minutes=59))
    assert bare("POST", "/v1/customers", {"name": "A"}, key="k").json["id"] == first
    advance(path, timedelta(minutes=2))
    assert bare("POST", "/v1/customers", {"name": "A"}, key="k").json["id"] != first


def test_keys_are_for_posts(bare: Bare) -> None:
    assert bare("GET", "/v1/customers", key="k").status == 200
    assert bare("POST", "/v1/customers", key="k").status == 200


def test_a_key_has_at_most_255_characters(bare: Bare) -> None:
    assert bare("POST", "/v1/customers", key="k" * 255).status == 200
    assert bare("POST", "/v1/customers", key="k" * 256).status == 400


def test_without_a_key_each_request_is_its_own(bare: Bare) -> None:
    assert bare.customer() != bare.customer()


def test_a_500_is_kept_whether_or_not_it_was_executed(bare: Bare, path: Path) -> None:
    kinds: tuple[FaultKind, ...] = ("status_500", "status_500_after")
    for customers, kind in enumerate(kinds):
        add_fault(path, "POST /v1/customers", kind)
        first = bare("POST", "/v1/customers", key=kind)
        again = bare("POST", "/v1/customers", key=kind)
        assert (first.status, again.status) == (500, 500)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len(bare.get("/v1/customers")["data"]) == customers


@pytest.mark.parametrize(("kind", "status"), [("conflict_409", 409), ("rate_limit_429", 429)])
def test_409_and_429_are_not_kept(bare: Bare, path: Path, kind: FaultKind, status: int) -> None:
    add_fault(path, "POST /v1/customers", kind)
    assert bare("POST", "/v1/customers", key="k").status == status
    assert bare("POST", "/v1/customers", key="k").status == 200
    assert len(bare.get("/v1/customers")["data"]) == 1


def test_a_bug_is_a_500_that_changes_nothing_and_is_kept(
    bare: Bare, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from invoicepay.sandbox import store

    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(store.Unit, "emit", fail)
        assert bare("POST", "/v1/customers", key="k").status == 500
    assert "a bug" in caplog.text
    assert bare("POST", "/v1/customers", key="k").status == 500
    assert bare.get("/v1/customers")["data"] == []
