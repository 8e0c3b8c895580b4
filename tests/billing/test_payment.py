"""The table of states, and what follows from one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from invoicepay.billing.invoice import Invoice, InvoiceStatus
from invoicepay.billing.method import Method, MethodStatus, MethodType
from invoicepay.billing.payment import (
    CANCELED_ON_REQUEST,
    FINAL,
    TRANSITIONS,
    UNDER_WAY,
    Allocation,
    Payment,
    PaymentStatus,
    Reversal,
    ReversalKind,
    key_in,
    may_become,
    sync_finds_out,
)

TODAY = date(2026, 11, 30)


def test_every_state_has_a_row_and_final_ones_lead_nowhere() -> None:
    assert TRANSITIONS.keys() == set(PaymentStatus)
    assert {s for s, onward in TRANSITIONS.items() if not onward} == FINAL
    assert set(PaymentStatus) == FINAL | UNDER_WAY


def test_every_state_can_come_to_an_end() -> None:
    for status in UNDER_WAY:
        reached, onward = {status}, set(TRANSITIONS[status])
        while onward - reached:
            reached |= onward
            onward = {after for s in reached for after in TRANSITIONS[s]}
        assert reached & FINAL


def test_nothing_goes_back_to_a_state_that_could_be_confirmed() -> None:
    for status in PaymentStatus:
        assert not may_become(status, PaymentStatus.CLAIMED)
        if status is not PaymentStatus.CLAIMED:
            assert not may_become(status, PaymentStatus.SUBMITTED)


def test_a_payment_is_charged_by_the_intent_that_is_stored_with_it() -> None:
    assert TRANSITIONS[PaymentStatus.CLAIMED] == {PaymentStatus.SUBMITTED, PaymentStatus.CANCELED}


def payment(status: PaymentStatus = PaymentStatus.PROCESSING, **more: Any) -> Payment:
    usual: dict[str, Any] = {"id": "p", "customer": "C-1", "currency": "USD", "amount_minor": 100}
    usual |= {"method_type": MethodType.ACH, "method_label": "", "initiated_by": ""}
    usual |= {"created_at": datetime(2026, 11, 1, tzinfo=UTC), "livemode": False}
    return Payment(status=status, **{**usual, **more})


def test_only_what_has_arrived_can_be_unapplied() -> None:
    for status in PaymentStatus:
        found = payment(status, allocations=(Allocation("INV-1", 60), Allocation("INV-2", 15)))
        assert found.unapplied_minor == (25 if status is PaymentStatus.SUCCEEDED else 0)


def test_only_a_cancellation_that_nobody_wanted_gives_a_payment_up() -> None:
    """The words are in ledgers; the gateway's own codes may be any."""
    codes = ("given_up", "canceled_on_request", "generic_decline", "")
    given_up = [(s, c) for s in PaymentStatus for c in codes if payment(s, failure_code=c).given_up]

    assert given_up == [(PaymentStatus.CANCELED, "given_up")]
    assert CANCELED_ON_REQUEST in codes


def test_what_went_back_is_told_by_its_kind() -> None:
    kinds = (ReversalKind.RETURN, ReversalKind.REFUND, ReversalKind.REFUND, ReversalKind.DISPUTE)
    back = [Reversal(kind, 10**n, TODAY, "") for n, kind in enumerate(kinds)]
    all_, no_dispute, return_ = (
        payment(reversals=tuple(some)) for some in (back, back[:3], back[:1])
    )

    assert [p.refunded_minor for p in (payment(), return_, no_dispute, all_)] == [0, 0, 110, 110]
    assert [p.disputed for p in (payment(), return_, no_dispute, all_)] == [False] * 3 + [True]


def test_a_key_is_named_before_the_colon_of_a_digest() -> None:
    assert [key_in(text) for text in ("key:content", "content", "", "key:")] == [
        "key",
        "",
        "",
        "key",
    ]


def test_sync_finds_out_at_once_except_what_its_payer_may_still_be_at() -> None:
    at_once = "`invoicepay sync` finds out"
    until = datetime(2026, 11, 1, 15, 4, 5, tzinfo=UTC)

    for status in UNDER_WAY:
        leased = status in (PaymentStatus.CLAIMED, PaymentStatus.SUBMITTED)
        assert sync_finds_out(payment(status, lease_until=until)) == (
            f"{at_once} in two minutes" if leased else at_once
        )
        assert sync_finds_out(payment(status)) == at_once


def test_an_invoices_status_is_the_first_that_fits() -> None:
    def status(**more: object) -> InvoiceStatus:
        base = {"number": "I", "customer": "C", "issued_on": TODAY, "due_on": TODAY}
        return Invoice(**base, currency="USD", total_minor=100, **more).status  # type: ignore[arg-type]

    assert status() is InvoiceStatus.OPEN
    assert status(paid_minor=40) is InvoiceStatus.PARTIAL
    assert status(paid_minor=40, reserved_minor=60) is InvoiceStatus.PROCESSING
    assert status(paid_minor=100) is InvoiceStatus.PAID
    assert status(paid_minor=40, voided_on=TODAY) is InvoiceStatus.VOID


def test_a_card_is_good_through_the_last_day_of_its_month() -> None:
    def card(month: int, year: int) -> MethodStatus:
        method = Method("m", "C", MethodType.CARD, "", "Visa", "4242", "pm", month, year)
        return method.status(TODAY)

    assert card(11, 2026) is MethodStatus.ACTIVE
    assert card(10, 2026) is MethodStatus.EXPIRED
    assert card(1, 2027) is MethodStatus.ACTIVE


def test_each_state_completes_a_sentence() -> None:
    assert {str(status): status.in_words for status in PaymentStatus} == {
        "claimed": "is claimed",
        "submitted": "is submitted",
        "processing": "is processing",
        "unknown": "has an unknown outcome",
        "succeeded": "has succeeded",
        "failed": "has failed",
        "canceled": "was canceled",
    }
