"""The table of states, and what follows from one."""

from __future__ import annotations

from datetime import UTC, date, datetime

from invoicepay.billing.invoice import Invoice, InvoiceStatus
from invoicepay.billing.method import Method, MethodStatus, MethodType
from invoicepay.billing.payment import (
    FINAL,
    TRANSITIONS,
    UNDER_WAY,
    Allocation,
    Payment,
    PaymentStatus,
    may_become,
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


def test_only_what_has_arrived_can_be_unapplied() -> None:
    payment = Payment(
        id="p",
        status=PaymentStatus.PROCESSING,
        customer="C-1",
        currency="USD",
        amount_minor=100,
        method_type=MethodType.ACH,
        method_label="",
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
        initiated_by="",
        livemode=False,
        allocations=(Allocation("INV-1", 60),),
    )

    assert payment.unapplied_minor == 0


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
