"""What is decided elsewhere between two steps of ours: the intent itself has the last word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from invoicepay.billing.errors import DoesNotTie, Refused
from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import IntentStatus
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.protocol.settle import settle
from invoicepay.operations.payments.quote import Quote
from tests.operations.payments.protocol.test_faults import sync
from tests.world.company import SmallCompany
from tests.world.scripted_gateway import Fault, ScriptedGateway


def test_a_confirm_that_is_refused_because_it_was_charged(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    def charged_elsewhere(call: str) -> None:
        if call == "confirm":
            (intent,) = gateway.found.values()
            gateway.found[intent.id] = replace(intent, status=IntentStatus.SUCCEEDED)

    gateway.before = charged_elsewhere
    payment = company.pay("INV-1", method="card")

    assert payment.status is PaymentStatus.SUCCEEDED
    assert company.invoice("INV-1").paid_minor == 10000


@pytest.mark.parametrize("returned", [False, True])
def test_an_answer_that_the_bank_has_overtaken_is_no_contradiction(
    company: SmallCompany, gateway: ScriptedGateway, returned: bool
) -> None:
    """`processing` arrives when the debit has settled, and somebody has recorded it."""

    def settled_meanwhile(call: str) -> None:
        if call == "confirm":
            gateway.after = lambda name: None
            (intent,) = gateway.charges
            gateway.bank_settles(intent, returned=returned)
            company.clock.move(minutes=5)
            sync(company)

    gateway.after = settled_meanwhile
    payment = company.pay("INV-1", method="ach")

    assert payment.status is (PaymentStatus.FAILED if returned else PaymentStatus.SUCCEEDED)


def test_a_late_confirm_that_overtakes_the_cancel_is_booked(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LATE)
    payment = company.pay("INV-1", method="card")

    gateway.before = lambda call: gateway.arrive_late() if call == "cancel" else None
    sync(company)

    assert "cancel" in gateway.calls
    assert gateway.charges == [payment.gateway_id]
    assert company.payment(payment.id).status is PaymentStatus.SUCCEEDED
    assert company.invoice("INV-1").paid_minor == 10000


@pytest.mark.parametrize("method", ["card", "ach"])
def test_the_second_of_two_settlers_finds_it_done_and_has_nothing_to_complain_of(
    company: SmallCompany, gateway: ScriptedGateway, method: str
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    payment = company.pay("INV-1", method=method)

    def other(call: str) -> None:
        if call == "retrieve":
            gateway.before = lambda name: None
            sync(company.another_process())

    gateway.before = other

    assert [(step.subject, step.error) for step in sync(company)] == [(payment.id, None)]
    assert company.payment(payment.id).receipt_number == ("R-000001" if method == "card" else "")
    assert len(company.mailer.sent) == 1


def test_a_gateway_that_contradicts_what_is_final_is_an_error_and_changes_nothing(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.NOT_SENT)
    unknown = company.pay("INV-1", method="card")
    sync(company)
    final = company.payment(unknown.id)
    assert final.status is PaymentStatus.CANCELED
    intent = gateway.found[unknown.gateway_id]
    gateway.found[intent.id] = replace(intent, status=IntentStatus.SUCCEEDED)

    with pytest.raises(DoesNotTie, match=intent.id):
        settle(unknown, company)

    assert company.payment(unknown.id) == final
    assert company.invoice("INV-1").payable_minor == 10000


def test_two_plans_under_one_key_are_not_the_same_payment(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Both were quoted before either was paid."""
    first, second = (
        company.call(Quote(numbers=(number,), method="card", key="october")).plan
        for number in ("INV-1", "INV-2")
    )
    assert first is not None
    assert second is not None
    payment = company.call(Pay(first))

    with pytest.raises(Refused) as refusal:
        company.call(Pay(second))

    assert refusal.value.code == "key_reused"
    assert gateway.charges == [payment.gateway_id]


@pytest.mark.parametrize("status", [IntentStatus.SUCCEEDED, IntentStatus.PROCESSING])
def test_a_decline_that_is_overtaken_by_a_charge_is_booked_as_the_charge(
    company: SmallCompany, gateway: ScriptedGateway, bad_card: str, status: IntentStatus
) -> None:
    """Somebody has confirmed it again at the gateway, between our confirm and our cancel."""

    def charged_elsewhere(call: str) -> None:
        if call == "cancel":
            (intent,) = gateway.found.values()
            gateway.found[intent.id] = replace(
                intent, status=status, failure_code="", failure_message=""
            )

    gateway.before = charged_elsewhere
    payment = company.pay("INV-1", method=bad_card)

    assert payment.status.value == status.value
    assert (payment.failure_code, payment.failure_message) == ("", "")
    assert company.invoice("INV-1").payable_minor == 0
