"""What becomes of a payment with each of the test methods."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stripe

from invoicepay.sandbox.advance import advance
from invoicepay.sandbox.bank import TOKENS

if TYPE_CHECKING:
    from tests.sandbox.conftest import Bare

FOUR_DAYS = timedelta(hours=96)


def read(bare: Bare, intent: Any) -> Any:
    return bare.get(f"/v1/payment_intents/{intent['id']}", {"expand": ["latest_charge"]})


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_can_be_looked_at(client: stripe.StripeClient, token: str) -> None:
    method = client.v1.payment_methods.retrieve(token)
    assert (method.id, method.customer) == (token, None)
    assert method.type == ("card" if token.startswith("pm_card") else "us_bank_account")


@pytest.mark.parametrize(
    ("token", "brand", "last4"),
    [("pm_card_visa", "visa", "4242"), ("pm_card_mastercard", "mastercard", "4444")],
)
def test_cards_that_pay(bare: Bare, token: str, brand: str, last4: str) -> None:
    intent = bare.intent(token)
    assert bare.confirm(intent["id"], off_session=True).json["status"] == "succeeded"
    card = read(bare, intent)["latest_charge"]["payment_method_details"]["card"]
    assert (card["brand"], card["last4"]) == (brand, last4)


@pytest.mark.parametrize(
    ("token", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
    ],
)
def test_cards_that_cannot_be_attached(bare: Bare, token: str, decline_code: str) -> None:
    customer = bare.customer()
    reply = bare("POST", f"/v1/payment_methods/{token}/attach", {"customer": customer})
    assert (reply.status, reply.error["type"]) == (402, "card_error")
    assert (reply.error["code"], reply.error["decline_code"]) == ("card_declined", decline_code)
    assert bare.get(f"/v1/customers/{customer}/payment_methods")["data"] == []
    # Charged directly, they are declined as well.
    intent = bare.intent(customer=customer)
    declined = bare.confirm(intent["id"], payment_method=token)
    assert (declined.status, declined.error["decline_code"]) == (402, decline_code)


def test_a_card_declined_when_charged(client: stripe.StripeClient, bare: Bare) -> None:
    intent = bare.intent("pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_intents.confirm(intent["id"], {"off_session": True})
    error = caught.value.error
    assert error is not None
    assert (error.code, error.decline_code) == ("card_declined", "generic_decline")
    assert error.payment_intent is not None
    assert error.payment_intent.id == intent["id"]
    after = read(bare, intent)
    assert (after["status"], after["payment_method"]) == ("requires_payment_method", None)
    assert after["last_payment_error"]["payment_method"]["id"] == intent["payment_method"]
    charge = after["latest_charge"]
    assert after["last_payment_error"]["charge"] == charge["id"] == error.charge
    assert (charge["status"], charge["paid"]) == ("failed", False)
    assert charge["failure_code"] == "card_declined"
    assert bare.get("/v1/balance_transactions")["data"] == []
    assert bare.events()[-2:] == ["charge.failed", "payment_intent.payment_failed"]


def test_authentication_off_session_is_a_decline(bare: Bare) -> None:
    intent = bare.intent("pm_card_authenticationRequired")
    reply = bare.confirm(intent["id"], off_session=True, error_on_requires_action=True)
    assert reply.status == 402
    assert reply.error["code"] == reply.error["decline_code"] == "authentication_required"
    assert reply.error["payment_intent"]["status"] == "requires_payment_method"
    assert read(bare, intent)["last_payment_error"]["code"] == "authentication_required"


def test_authentication_that_the_request_will_not_wait_for(bare: Bare) -> None:
    intent = bare.intent("pm_card_authenticationRequired")
    reply = bare.confirm(intent["id"], error_on_requires_action=True)
    assert (reply.status, reply.error["decline_code"]) == (402, "authentication_not_handled")
    assert read(bare, intent)["latest_charge"] is None


def test_authentication_on_session_is_an_action(bare: Bare) -> None:
    intent = bare.intent("pm_card_authenticationRequired")
    asked = bare.confirm(intent["id"]).json
    assert asked["status"] == "requires_action"
    assert asked["next_action"]["type"] == "use_stripe_sdk"
    asked = bare.confirm(intent["id"], return_url="http://127.0.0.1/back").json
    assert asked["next_action"]["redirect_to_url"]["return_url"] == "http://127.0.0.1/back"
    canceled = bare.post(f"/v1/payment_intents/{intent['id']}/cancel")
    assert (canceled["status"], canceled["next_action"]) == ("canceled", None)


def test_a_debit_that_succeeds(bare: Bare, path: Path) -> None:
    intent = bare.intent("pm_usBankAccount_success", amount=10_000)
    assert bare.confirm(intent["id"], off_session=True).json["status"] == "processing"
    waiting = read(bare, intent)
    charge = waiting["latest_charge"]
    assert (waiting["amount_received"], charge["status"], charge["paid"]) == (0, "pending", False)
    assert charge["balance_transaction"] is None
    assert charge["payment_method_details"]["us_bank_account"]["bank_name"] == "STRIPE TEST BANK"
    advance(path, FOUR_DAYS - timedelta(minutes=1))
    assert read(bare, intent)["status"] == "processing"
    advance(path, timedelta(minutes=1))
    after = read(bare, intent)
    assert (after["status"], after["amount_received"]) == ("succeeded", 10_000)
    assert (after["latest_charge"]["status"], after["latest_charge"]["paid"]) == ("succeeded", True)
    (booked,) = bare.get("/v1/balance_transactions")["data"]
    assert (booked["fee"], booked["net"], booked["status"]) == (80, 9_920, "available")
    assert (booked["type"], booked["source"]) == ("payment", charge["id"])
    assert bare.events()[3:] == [
        "charge.pending",
        "payment_intent.processing",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]
    event = bare.get("/v1/events", {"limit": 1})["data"][0]
    assert event["created"] == charge["created"] + 96 * 3600
    assert event["request"] == {"id": None, "idempotency_key": None}


def test_a_debit_names_its_mandate(bare: Bare) -> None:
    intent = bare.intent("pm_usBankAccount_success")
    expand = ["latest_charge"]
    debit = bare.confirm(intent["id"], mandate="mandate_1", expand=expand).json["latest_charge"]
    assert debit["payment_method_details"]["us_bank_account"]["mandate"] == "mandate_1"
    assert debit["id"].startswith("py_")


def test_the_fee_of_a_debit_is_capped(bare: Bare, path: Path) -> None:
    bare.confirm(bare.intent("pm_usBankAccount_success", amount=9_000_000)["id"])
    advance(path, FOUR_DAYS)
    assert bare.get("/v1/balance_transactions")["data"][0]["fee"] == 500


FAILURES = [
    ("pm_usBankAccount_accountClosed", "account_closed", "bank_account_closed", "R02"),
    ("pm_usBankAccount_noAccount", "no_account", "bank_account_invalid_details", "R03"),
    ("pm_usBankAccount_insufficientFunds", "insufficient_funds", "insufficient_funds", "R01"),
    ("pm_usBankAccount_debitNotAuthorized", "debit_not_authorized", "debit_not_authorized", "R10"),
]


@pytest.mark.parametrize(("token", "code", "reason", "network_code"), FAILURES)
def test_debits_that_fail(
    bare: Bare, path: Path, token: str, code: str, reason: str, network_code: str
) -> None:
    intent = bare.intent(token)
    assert bare.confirm(intent["id"]).json["status"] == "processing"
    advance(path, FOUR_DAYS)
    after = read(bare, intent)
    assert (after["status"], after["payment_method"]) == ("requires_payment_method", None)
    error = after["last_payment_error"]
    assert (error["code"], error["network_decline_code"]) == (code, network_code)
    assert "decline_code" not in error  # of card issuers only
    assert error["payment_method"]["id"] == intent["payment_method"]
    assert (after["latest_charge"]["status"], after["latest_charge"]["failure_code"]) == (
        "failed",
        code,
    )
    assert bare.get("/v1/balance_transactions")["data"] == []
    assert bare.events()[-2:] == ["charge.failed", "payment_intent.payment_failed"]


@pytest.mark.parametrize(("token", "code", "reason", "network_code"), FAILURES)
def test_only_a_lack_of_funds_can_be_tried_again(
    bare: Bare, path: Path, token: str, code: str, reason: str, network_code: str
) -> None:
    intent = bare.intent(token)
    bare.confirm(intent["id"])
    advance(path, FOUR_DAYS)
    again = bare.confirm(intent["id"], payment_method=intent["payment_method"])
    method = bare.get(f"/v1/payment_methods/{intent['payment_method']}")
    if code == "insufficient_funds":
        assert again.json["status"] == "processing"
        assert method["us_bank_account"]["status_details"] == {}
        return
    assert again.error["code"] == "payment_method_bank_account_blocked"
    assert again.error["payment_intent"]["status"] == "requires_payment_method"
    assert method["us_bank_account"]["status_details"]["blocked"] == {
        "network_code": network_code,
        "reason": reason,
    }


def test_a_debit_that_never_settles(bare: Bare, path: Path) -> None:
    intent = bare.intent("pm_usBankAccount_processing")
    bare.confirm(intent["id"])
    advance(path, timedelta(days=400))
    assert read(bare, intent)["status"] == "processing"


def test_a_debit_that_is_disputed(bare: Bare, path: Path) -> None:
    intent = bare.intent("pm_usBankAccount_dispute", amount=10_000)
    bare.confirm(intent["id"])
    advance(path, FOUR_DAYS)
    assert read(bare, intent)["status"] == "succeeded"
    assert bare.get("/v1/disputes")["data"] == []
    advance(path, timedelta(days=5))
    after = read(bare, intent)
    # The payment stays what it was; the dispute stands beside it.
    assert (after["status"], after["latest_charge"]["disputed"]) == ("succeeded", True)
    (dispute,) = bare.get("/v1/disputes", {"payment_intent": intent["id"]})["data"]
    assert bare.get(f"/v1/disputes/{dispute['id']}") == dispute
    assert (dispute["status"], dispute["amount"]) == ("lost", 10_000)
    assert dispute["balance_transactions"][0]["status"] == "available"
    assert dispute["charge"] == after["latest_charge"]["id"]
    booked = bare.get("/v1/balance_transactions", {"source": dispute["id"]})["data"][0]
    assert (booked["type"], booked["amount"], booked["net"]) == ("adjustment", -10_000, -11_500)
    assert bare.events()[-3:] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ]
    again = bare.intent(customer=intent["customer"], payment_method=intent["payment_method"])
    assert bare.confirm(again["id"]).error["code"] == "payment_method_bank_account_blocked"


def test_microdeposits_that_fail(bare: Bare, path: Path) -> None:
    intent = bare.intent("pm_usBankAccount_failMicrodeposits")
    asked = bare.confirm(intent["id"]).json
    assert asked["status"] == "requires_action"
    assert asked["next_action"]["type"] == "verify_with_microdeposits"
    advance(path, timedelta(days=2))
    after = read(bare, intent)
    assert after["status"] == "requires_payment_method"
    assert after["last_payment_error"]["code"] == "payment_method_microdeposit_failed"
    assert after["latest_charge"] is None


def test_an_intent_canceled_before_its_microdeposits_fail_stays_canceled(
    bare: Bare, path: Path
) -> None:
    intent = bare.intent("pm_usBankAccount_failMicrodeposits")
    bare.confirm(intent["id"])
    bare.post(f"/v1/payment_intents/{intent['id']}/cancel")
    advance(path, timedelta(days=3))
    assert read(bare, intent)["status"] == "canceled"


@pytest.mark.parametrize("how", ["off_session", "error_on_requires_action"])
def test_an_unverified_account_cannot_be_debited_off_session(bare: Bare, how: str) -> None:
    intent = bare.intent("pm_usBankAccount_failMicrodeposits")
    reply = bare.confirm(intent["id"], **{how: True})
    assert (reply.status, reply.error["code"]) == (402, "payment_intent_action_required")
    assert read(bare, intent)["status"] == "requires_payment_method"
