"""Faults on demand: what the client meets, and whether money moved."""

from __future__ import annotations

import http.client
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from invoicepay.sandbox.faults import KINDS, FaultKind, add_fault, clear_faults
from invoicepay.sandbox.store import connect

if TYPE_CHECKING:
    from tests.sandbox.conftest import Bare

CONFIRM = "POST /v1/payment_intents/*/confirm"


def status(bare: Bare, intent: Any) -> str:
    return str(bare.get(f"/v1/payment_intents/{intent['id']}")["status"])


def waiting(path: Path) -> bool:
    """Whether a fault is there that nothing has met."""
    with closing(connect(path)) as db:
        return db.execute("SELECT 1 FROM faults").fetchone() is not None


SDK_MEETS: list[tuple[FaultKind, type[stripe.StripeError] | None, bool]] = [
    ("lose_answer", stripe.APIConnectionError, True),
    ("reset_before", stripe.APIConnectionError, False),
    ("cut_body", stripe.APIConnectionError, True),
    ("delay", None, True),
    ("delay_before", None, True),
    ("status_500", stripe.APIError, False),
    ("status_500_after", stripe.APIError, True),
    ("conflict_409", stripe.APIError, False),
    ("rate_limit_429", stripe.RateLimitError, False),
    ("not_json", stripe.APIError, True),
    ("redirect_307", None, True),  # the SDK follows it, and the second request is a good one
]


@pytest.mark.parametrize("kind", ["status_500", "status_500_after"])
def test_reading_fails_too(bare: Bare, path: Path, kind: FaultKind) -> None:
    add_fault(path, "GET /v1/customers", kind)

    assert [bare("GET", "/v1/customers").status for _ in range(2)] == [500, 200]


def test_each_kind_is_tried() -> None:
    assert sorted(kind for kind, _, _ in SDK_MEETS) == sorted(KINDS)


@pytest.mark.parametrize(("kind", "raised", "executed"), SDK_MEETS)
def test_what_the_sdk_meets(
    client: stripe.StripeClient,
    bare: Bare,
    path: Path,
    kind: FaultKind,
    raised: type[stripe.StripeError] | None,
    executed: bool,
) -> None:
    intent = bare.intent("pm_card_visa")
    add_fault(path, CONFIRM, kind, seconds=0.01)
    if raised is None:
        assert client.v1.payment_intents.confirm(intent["id"]).status == "succeeded"
    else:
        with pytest.raises(raised):
            client.v1.payment_intents.confirm(intent["id"])
    assert status(bare, intent) == ("succeeded" if executed else "requires_confirmation")
    assert not waiting(path)


def test_the_codes_of_409_and_429(client: stripe.StripeClient, path: Path) -> None:
    codes: dict[FaultKind, str] = {
        "conflict_409": "idempotency_key_in_use",
        "rate_limit_429": "rate_limit",
    }
    for kind, code in codes.items():
        add_fault(path, "POST /v1/customers", kind)
        with pytest.raises(stripe.StripeError) as caught:
            client.v1.customers.create({})
        assert caught.value.error is not None
        assert caught.value.error.code == code


def test_on_the_wire(bare: Bare, path: Path) -> None:
    add_fault(path, "**", "reset_before")
    with pytest.raises(ConnectionResetError):
        bare.customer()
    add_fault(path, "**", "lose_answer")
    with pytest.raises(http.client.RemoteDisconnected):
        bare.customer()
    add_fault(path, "**", "cut_body")
    with pytest.raises(http.client.IncompleteRead):
        bare.customer()
    add_fault(path, "**", "redirect_307")
    reply = bare("POST", "/v1/customers?name=a")
    assert (reply.status, reply.headers["Location"]) == (307, "/v1/customers?name=a")
    add_fault(path, "**", "not_json")
    assert "<html>" in bare("POST", "/v1/customers").text
    assert len(bare.get("/v1/customers")["data"]) == 3


def test_a_lost_answer_is_found_again_under_the_same_key(bare: Bare, path: Path) -> None:
    intent = bare.intent("pm_card_visa")
    add_fault(path, CONFIRM, "lose_answer")
    url = f"/v1/payment_intents/{intent['id']}/confirm"
    with pytest.raises(http.client.RemoteDisconnected):
        bare("POST", url, key="k")
    again = bare("POST", url, key="k")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(bare.get("/v1/charges")["data"]) == 1


def test_skip_and_times(bare: Bare, path: Path) -> None:
    add_fault(path, "POST /v1/customers", "rate_limit_429", skip=2, times=3)
    met = [bare("POST", "/v1/customers").status for _ in range(7)]
    assert met == [200, 200, 429, 429, 429, 200, 200]


def test_a_fault_meets_only_what_it_matches(bare: Bare, path: Path) -> None:
    customer = bare.customer()
    add_fault(path, "GET /v1/customers/*", "rate_limit_429")
    assert bare("GET", "/v1/customers").status == 200
    assert bare("POST", f"/v1/customers/{customer}").status == 200
    assert bare("GET", f"/v1/customers/{customer}/payment_methods").status == 200
    assert bare("GET", f"/v1/customers/{customer}").status == 429
    add_fault(path, "GET /v1/**", "rate_limit_429")
    assert bare("GET", f"/v1/customers/{customer}/payment_methods").status == 429


def test_those_that_nothing_has_met_are_taken_back(path: Path) -> None:
    add_fault(path, "**", "lose_answer")
    assert waiting(path)
    clear_faults(path)
    assert not waiting(path)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "explode"},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "seconds": float("nan")},
        {"kind": "delay", "times": 0},
        {"kind": "delay", "skip": -1},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(path: Path, fault: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        add_fault(path, "**", **fault)
