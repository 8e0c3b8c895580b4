"""Charges of this ledger that the gateway tells so that they cannot be read. Each counts as perhaps
charged, and stands in the way of nothing but what it is for."""

from __future__ import annotations

from contextlib import suppress

import pytest

from invoicepay.billing.errors import InvoicepayError, OutcomeUnknown, Refused, Unreachable
from invoicepay.billing.invoice import InvoiceStatus
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import IntentStatus
from invoicepay.operations.books.health import Check, CheckHealth
from invoicepay.operations.methods import AttachTestMethod
from invoicepay.operations.payments.cancel import CancelPayment
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.sync import Settled
from tests.operations.payments.protocol.test_restored import (
    backed_up,
    copied,
    pay_as_another_customer,
    put_back,
    restored,
    sync,
)
from tests.world.company import SmallCompany
from tests.world.scripted_gateway import Fault, ScriptedGateway


def errors(steps: list[Settled]) -> dict[str, str]:
    return {step.subject: step.error.message for step in steps if step.error}


def charges(company: SmallCompany) -> Check:
    return next(c for c in company.finance.call(CheckHealth()).checks if c.name == "charges")


@pytest.fixture
def lost(company: SmallCompany, gateway: ScriptedGateway) -> Payment:
    """A payment of INV-1 that the restored ledger does not know; its charge cannot be read."""
    payment = restored(company, method="card")
    gateway.unreadable[payment.gateway_id] = True
    return payment


# --- A payment of ours ---


def test_a_payment_whose_charge_cannot_be_read_holds_its_own_invoices_only(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.UNREADABLE)
    payment = company.pay("INV-1", method="card")
    why = f"{payment.gateway_id} cannot be read: its status is requires_wonder"
    assert (payment.status, payment.failure_message) == (PaymentStatus.UNKNOWN, why)
    gateway.unreadable[payment.gateway_id] = True

    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card")
    assert refusal.value.code == "in_flight"
    assert company.pay("INV-2", method="card").status is PaymentStatus.SUCCEEDED
    assert errors(sync(company)) == {payment.id: f"the gateway's {why}"}
    assert company.payment(payment.id).status is PaymentStatus.UNKNOWN

    del gateway.unreadable[payment.gateway_id]
    assert errors(sync(company)) == {}
    assert company.payment(payment.id).status is PaymentStatus.SUCCEEDED
    assert len(gateway.charges) == 2


def test_a_payer_who_died_in_the_confirm_left_what_cannot_be_read(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Submitted: whoever settles it says why it is unknown now."""

    def die(call: str) -> None:
        if call == "confirm":
            raise KeyboardInterrupt

    gateway.after = die
    with pytest.raises(KeyboardInterrupt):
        company.pay("INV-1", method="card")
    gateway.after = lambda call: None
    (intent,) = gateway.found.values()
    gateway.unreadable[intent.id] = True
    company.clock.time += LEASE

    sync(company)

    left = company.payment(intent.payment_id)
    assert left.status is PaymentStatus.UNKNOWN
    assert left.failure_message.startswith(f"{intent.id} cannot be read")
    with pytest.raises(OutcomeUnknown, match=f"{intent.id} cannot be read"):
        company.call(CancelPayment(left.id))


def test_a_claim_whose_charge_cannot_be_read_is_not_given_up(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    def die(call: str) -> None:
        if call == "create":
            raise KeyboardInterrupt

    gateway.after = die
    with pytest.raises(KeyboardInterrupt):
        company.pay("INV-1", method="card")
    gateway.after = lambda call: None
    (intent,) = gateway.found.values()
    gateway.unreadable[intent.id] = True
    company.clock.time += LEASE

    assert list(errors(sync(company))) == [intent.payment_id]
    assert company.payment(intent.payment_id).status is PaymentStatus.CLAIMED
    assert company.pay("INV-2", method="card").status is PaymentStatus.SUCCEEDED

    del gateway.unreadable[intent.id]
    sync(company)
    assert company.payment(intent.payment_id).status is PaymentStatus.CANCELED
    assert company.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED


def test_what_was_read_when_it_ended_stands_in_nobodys_way(
    company: SmallCompany, gateway: ScriptedGateway, bad_card: str
) -> None:
    part = (("INV-1", "40.00"),)
    for method in ("card", bad_card):
        ended = company.pay("INV-1", method=method, amounts=part)
        gateway.unreadable[ended.gateway_id] = True

    assert company.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED
    assert errors(sync(company)) == {}
    assert charges(company).ok


def test_an_intent_that_cannot_be_read_when_it_is_made_is_not_confirmed(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("create", Fault.UNREADABLE)

    with pytest.raises(Unreachable) as refusal:
        company.pay("INV-1", method="card")

    assert refusal.value.code == "gateway_unreadable"
    assert "Nothing was charged." in refusal.value.hint
    assert [i.status for i in gateway.found.values()] == [IntentStatus.CANCELED]
    assert company.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED


# --- A charge that the ledger does not know ---


def test_a_lost_charge_that_cannot_be_read_refuses_only_what_it_is_for(
    company: SmallCompany, gateway: ScriptedGateway, lost: Payment
) -> None:
    for numbers in (("INV-1",), ("INV-2", "INV-1")):
        with pytest.raises(Refused) as refusal:
            company.pay(*numbers, method="card")
        assert refusal.value.code == "in_flight"
        assert refusal.value.message == (
            f"INV-1 may have been charged already: the gateway's {lost.gateway_id} cannot be read: "
            "its status is requires_wonder"
        )
    assert company.pay("INV-2", "INV-3", method="card").status is PaymentStatus.SUCCEEDED
    assert company.invoice("INV-1").payable_minor == 10000
    assert len(gateway.charges) == 2


def test_where_its_invoices_cannot_be_read_either_it_is_the_customers(
    company: SmallCompany, gateway: ScriptedGateway, lost: Payment
) -> None:
    gateway.unreadable[lost.gateway_id] = False

    for number in ("INV-1", "INV-2"):
        with pytest.raises(Refused) as refusal:
            company.pay(number, method="card")
        assert refusal.value.code == "in_flight"

    assert pay_as_another_customer(company).status is PaymentStatus.SUCCEEDED


def test_it_is_reported_until_it_can_be_read_and_then_taken_in(
    company: SmallCompany, gateway: ScriptedGateway, lost: Payment
) -> None:
    for _ in range(2):
        assert errors(sync(company)) == {
            lost.gateway_id: f"the gateway's {lost.gateway_id} cannot be read: its status is "
            "requires_wonder"
        }
    found = charges(company)
    assert (found.ok, found.detail) == (
        False,
        f"{lost.gateway_id} cannot be read: its status is requires_wonder",
    )

    del gateway.unreadable[lost.gateway_id]
    assert charges(company).detail == (
        f"1 at the gateway that this ledger does not know: {lost.gateway_id}"
    )
    assert errors(sync(company)) == {}
    assert charges(company).ok
    assert company.payment(lost.id).allocations == lost.allocations


def test_it_is_found_again_however_much_later(
    company: SmallCompany, gateway: ScriptedGateway, lost: Payment
) -> None:
    for _ in range(3):
        company.clock.move(days=30)
        company.pay("INV-3", method="card", amounts=(("INV-3", "5.00"),))
        assert list(errors(sync(company))) == [lost.gateway_id]

    del gateway.unreadable[lost.gateway_id]
    sync(company)

    assert company.invoice("INV-1").status is InvoiceStatus.PAID


def test_canceled_by_hand_it_is_out_of_the_way(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """What the hint says."""
    copy = backed_up(company)
    gateway.fail_next("confirm", Fault.NOT_SENT)
    lost = company.pay("INV-1", method="card")
    put_back(company, copy)
    gateway.unreadable[lost.gateway_id] = True
    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card")
    assert "cancel it there" in refusal.value.hint

    del gateway.unreadable[lost.gateway_id]
    gateway.cancel(lost.gateway_id)

    assert company.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED
    assert errors(sync(company)) == {}


def test_a_copy_does_not_pay_what_the_other_may_have_charged(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    other = copied(company)
    gateway.fail_next("confirm", Fault.UNREADABLE)
    charged = company.pay("INV-1", method="card")
    gateway.unreadable[charged.gateway_id] = True

    with pytest.raises(Refused):
        other.pay("INV-1", method="card")
    assert other.pay("INV-2", method="card").status is PaymentStatus.SUCCEEDED

    assert len(gateway.charges) == 2


def test_only_its_own_customer_is_not_made_at_the_gateway_again(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    copy = backed_up(company)  # C-2 is not at the gateway yet
    lost = pay_as_another_customer(company)
    put_back(company, copy)
    gateway.unreadable[lost.gateway_id] = True

    with pytest.raises(Refused) as refusal:
        company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))
    assert refusal.value.code == "ledger_behind_gateway"
    assert lost.gateway_id in refusal.value.message
    assert company.call(AttachTestMethod("C-1", "pm_card_visa")).customer == "C-1"


@pytest.mark.parametrize("call", ["create", "confirm", "retrieve", "cancel", "intents"])
def test_any_answer_may_be_unreadable_once(
    company: SmallCompany, gateway: ScriptedGateway, call: str, bad_card: str
) -> None:
    gateway.fail_next(call, Fault.UNREADABLE)
    for method in (bad_card, "card", "card"):
        with suppress(InvoicepayError):
            company.pay("INV-1", method=method)
    company.clock.time += LEASE
    sync(company)
    sync(company)

    with suppress(Refused):
        company.pay("INV-1", method="card")

    assert company.invoice("INV-1").status is InvoiceStatus.PAID
    assert len(gateway.charges) == 1
