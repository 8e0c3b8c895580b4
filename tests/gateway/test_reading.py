"""What an answer of Stripe's is read as, field by field, and what its errors are in our words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from invoicepay.billing.payment import Allocation
from invoicepay.billing.ports import (
    AccountHidden,
    AttachedMethod,
    GatewayCustomer,
    Intent,
    IntentStatus,
    NoAnswer,
    Rejected,
    Unreadable,
    UnreadableIntent,
)
from invoicepay.gateway import reading
from invoicepay.gateway.stripe_gateway import StripeGateway
from tests.gateway.conftest import Answering, Doc, says
from tests.world.false_stripe import Answer

FULL: Doc = {
    "id": "pi_1",
    "object": "payment_intent",
    "livemode": False,
    "status": "canceled",
    "amount": 12345,
    "currency": "usd",
    "created": 1793631600,
    "customer": "cus_1",
    "cancellation_reason": "abandoned",
    "metadata": {
        "invoicepay_ledger": "ledger-1",
        "invoicepay_payment": "payment-1",
        "invoicepay_customer": "C-1",
        "invoicepay_method": "card",
        "invoicepay_request": "key:what",
        "invoicepay_allocations_0": "INV-1=10000 INV-2=2345",
    },
    "last_payment_error": {"code": "card_declined", "decline_code": "lost", "message": "No\nway."},
}
READ = Intent(
    id="pi_1",
    status=IntentStatus.CANCELED,
    amount_minor=12345,
    currency="USD",
    livemode=False,
    customer="cus_1",
    created_at=datetime(2026, 11, 2, 15, tzinfo=UTC),
    ledger_id="ledger-1",
    payment_id="payment-1",
    customer_number="C-1",
    method_type="card",
    allocations=(Allocation("INV-1", 10000), Allocation("INV-2", 2345)),
    request_digest="key:what",
    failure_code="lost",
    failure_message="No way.",
    abandoned=True,
)
BARE = {name: FULL[name] for name in ("id", "livemode", "status", "amount", "currency", "created")}
READ_BARE = Intent(
    id="pi_1",
    status=IntentStatus.CANCELED,
    amount_minor=12345,
    currency="USD",
    livemode=False,
    customer="",
    created_at=READ.created_at,
    ledger_id="",
    payment_id="",
)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (FULL, READ),
        (BARE, READ_BARE),
        (BARE | {"cancellation_reason": "requested_by_customer"}, READ_BARE),
        (BARE | {"amount": 1}, replace(READ_BARE, amount_minor=1)),
        (BARE | {"last_payment_error": {"x": 1}}, replace(READ_BARE, failure_code="declined")),
        (
            BARE | {"last_payment_error": {"code": "expired_card"}},
            replace(READ_BARE, failure_code="expired_card"),
        ),
        (
            BARE | {"created": 253402300799},
            replace(READ_BARE, created_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ),
        # Half of a surrogate pair.
        (
            BARE | {"metadata": {"invoicepay_payment": "p\ud800"}},
            replace(READ_BARE, payment_id="p?"),
        ),
    ],
)
def test_an_intent_is_read_as_it_stands(found: Doc, expected: Intent) -> None:
    assert reading.intent(found, livemode=False) == expected


def test_an_unreadable_intent_says_whose_it_is() -> None:
    for bare, whole in (
        (BARE, UnreadableIntent("pi_1", "", "", "", "", None, None, False)),
        (
            FULL,
            UnreadableIntent(
                "pi_1", "", "payment-1", "cus_1", "C-1", frozenset({"INV-1", "INV-2"}), None, False
            ),
        ),
    ):
        for odd, why in (
            ({"amount": 0}, "its amount is 0"),
            ({"created": 253402300800}, "it does not say when it was made"),
            ({"created": 0}, "it does not say when it was made"),
            ({"status": "processing?"}, "its status is processing?"),
        ):
            created = None if "created" in odd else READ.created_at
            assert reading.intent(bare | odd, livemode=False) == replace(
                whole, why=why, created_at=created
            )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            {"id": "cus_1", "created": 1793631600, "metadata": FULL["metadata"]},
            GatewayCustomer("cus_1", READ.created_at, "ledger-1", "C-1"),
        ),
        # One that does not say when it was made is taken for the oldest.
        ({"id": "cus_1"}, GatewayCustomer("cus_1", datetime(1970, 1, 1, tzinfo=UTC), "", "")),
    ],
)
def test_a_customer_is_read_as_it_stands(found: Doc, expected: GatewayCustomer) -> None:
    assert reading.customer(found) == expected


def a_page(*data: object, **more: object) -> Doc:
    return {"data": list(data), **more}


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (a_page(has_more=False), ([], "")),
        (a_page(has_more=True), ([], "")),
        (a_page(), ([], "")),
        (a_page({"id": "a"}, None, {}, has_more=False), ([{"id": "a"}, {}], "")),
        (a_page({"id": "a"}, {"id": "b"}, has_more=True), ([{"id": "a"}, {"id": "b"}], "b")),
        (a_page({}, 7, {"id": "b"}, {}, None, has_more=True), ([{}, {"id": "b"}], "b")),
        (a_page({"id": "a"}), ([{"id": "a"}], "a")),
    ],
)
def test_a_page_goes_on_after_the_last_that_has_an_id(listed: Doc, expected: Any) -> None:
    assert reading.page(listed) == expected


@pytest.mark.parametrize(
    "listed", [{}, {"data": None}, {"data": {}}, a_page({}, has_more=True), a_page(7, {"id": ""})]
)
def test_what_is_no_page_is_not_taken_for_an_empty_one(listed: Doc) -> None:
    with pytest.raises(ValueError, match=r"^(not a list|a page without ids)$"):
        reading.page(listed)


@pytest.mark.parametrize("answer", [None, [], {}, "word", 7])
def test_what_is_no_object_is_none(answer: object) -> None:
    with pytest.raises(ValueError, match="not an object"):
        reading.document(answer)


def test_an_intent_without_an_id_is_no_answer_rather_than_one_that_cannot_be_read(
    answering: Answering,
) -> None:
    """There is nothing that somebody could look up."""
    with pytest.raises(NoAnswer) as told:
        answering(lambda _: says(FULL | {"id": None})).retrieve("pi_1")

    assert not isinstance(told.value, Unreadable)


# --- Payment methods ----------------------------------------------------------------------------


def method(kind: object, **details: object) -> Doc:
    return {"id": "pm_1", "livemode": False, "type": kind, str(kind): details}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            method("card", brand="visa", last4="4242", exp_month=12, exp_year=9999),
            AttachedMethod("pm_1", "card", "Visa", "4242", 12, 9999),
        ),
        (
            method("card", brand="", last4="42424242 4242-4243", exp_month=13, exp_year=10000),
            AttachedMethod("pm_1", "card", "Card", "4243"),
        ),
        (method("card", exp_month=0), AttachedMethod("pm_1", "card", "Card", "")),
        (
            method("card", brand="a\nb" * 30, last4="é1٢-2"),
            AttachedMethod("pm_1", "card", ("A B" * 30)[:60].title(), "12"),
        ),
        (
            method("us_bank_account", bank_name="STRIPE TEST BANK", last4="67-89"),
            AttachedMethod("pm_1", "ach", "STRIPE TEST BANK", "6789"),
        ),
        (method("us_bank_account"), None),
        (
            method("us_bank_account", last4="6789"),
            AttachedMethod("pm_1", "ach", "Bank account", "6789"),
        ),
        (method("card"), None),
        (method("sepa_debit", last4="6789", brand="visa"), None),
    ],
)
def test_a_method_is_a_card_or_a_bank_account(
    found: Doc, expected: AttachedMethod | None, answering: Answering
) -> None:
    gateway = answering(lambda _: says(found))
    if expected is not None:
        assert gateway.attach_method("pm_1", "cus_1") == expected
        return
    with pytest.raises(Rejected) as refused:
        gateway.attach_method("pm_1", "cus_1")
    assert refused.value.code == "method_type"
    assert refused.value.message == f"a {found['type']} cannot be used here"


def test_a_method_without_a_type_is_named_so(answering: Answering) -> None:
    with pytest.raises(Rejected) as refused:
        answering(lambda _: says(method(None))).attach_method("pm_1", "cus_1")

    assert refused.value.message == "a nameless method cannot be used here"


# --- Errors -------------------------------------------------------------------------------------


def refusal(status: int, **error: object) -> Answer:
    return says({"error": error}, status)


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (refusal(400, code="a_code", type="a_type", message="No\nway."), "a_code", "No way."),
        (refusal(400, type="a_type", message="No."), "a_type", "No."),
        (refusal(400, code="", type="a_type"), "a_type", "a_type"),
        (refusal(400, code=7, type=["a"]), "", "it does not say why"),
        (refusal(400, message=f"{'long ' * 99}"), "", ("long " * 99)[:300]),
        (refusal(400, message="with sk_test_1é** it is"), "", "with (the key) it is"),
        (refusal(401, type="a_type", message="bad sk_"), "a_type", "it does not accept the key"),
        (refusal(403, code="a_code", message="No."), "a_code", "No."),
        (refusal(400, type="idempotency_error", message="No."), "idempotency_error", "No."),
    ],
)
def test_a_refusal_says_why(answer: Answer, code: str, message: str, answering: Answering) -> None:
    with pytest.raises(Rejected) as refused:
        answering(lambda _: answer).cancel("pi_1")

    assert (refused.value.code, refused.value.message) == (code, message)


def test_a_refusal_without_a_body_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    error = stripe.InvalidRequestError("No.", None)  # type: ignore[no-untyped-call]
    monkeypatch.setattr("stripe.RequestsClient.request_with_retries", raising(error))

    with pytest.raises(Rejected) as refused:
        StripeGateway("sk_test_x", livemode=False).cancel("pi_1")

    assert (refused.value.code, refused.value.message) == ("", "No.")


def test_an_account_is_named_in_words_of_any_script(answering: Answering) -> None:
    words = "アカウントacct_1Ab2は使えません"
    with pytest.raises(AccountHidden) as hidden:
        answering(lambda _: refusal(403, message=words)).account()

    assert hidden.value.named == "acct_1Ab2"


def raising(error: BaseException) -> Callable[..., Any]:
    def request(*_: object, **__: object) -> Any:
        asked.append(error)
        raise error

    asked: list[BaseException] = []
    request.asked = asked  # type: ignore[attr-defined]
    return request


ODD = "the gateway sent an answer that cannot be read"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("no route"), "no answer from the gateway"),
        (stripe.APIConnectionError("reset"), "no answer from the gateway"),  # type: ignore[no-untyped-call]
        (stripe.APIError("odd", http_status=502), "the gateway answered 502"),
        (stripe.APIError("odd"), ODD),
        *((kind("odd"), ODD) for kind in (AttributeError, LookupError, RecursionError)),
        *((kind("odd"), ODD) for kind in (TypeError, ValueError)),
    ],
)
def test_whatever_goes_wrong_is_no_answer_and_asked_once(
    error: BaseException, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it was carried out is not known: only the SDK tries again, under the same key."""
    request = raising(error)
    monkeypatch.setattr("stripe.RequestsClient.request_with_retries", request)

    with pytest.raises(NoAnswer) as told:
        StripeGateway("sk_test_x", livemode=False).confirm("pi_1", "payment-1")

    assert str(told.value) == said
    assert len(request.asked) == 1  # type: ignore[attr-defined]
