"""What the gateway is asked for, and what is said where it cannot be had."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from invoicepay.billing.errors import DoesNotTie, OutcomeUnknown, Refused, Unreachable
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus
from invoicepay.billing.ports import (
    ChargeOrder,
    Intent,
    IntentStatus,
    NoAnswer,
    PaymentFilter,
    Rejected,
    Unreadable,
    UnreadableIntent,
)
from invoicepay.ledger.unit import SqliteUnit
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.protocol.reconcile import LOOK_IT_UP
from invoicepay.operations.payments.protocol.record import give_up_claims
from invoicepay.operations.payments.protocol.submit import unreachable
from tests.operations.payments.protocol.test_explained import OPEN, known
from tests.operations.payments.protocol.test_restored import restored, stranger_intent, sync
from tests.world.company import EVERYTHING, SmallCompany
from tests.world.halfway import halfway
from tests.world.scripted_gateway import Fault, ScriptedGateway

ODD = UnreadableIntent("pi_1", "its status is odd", "p", "", "", None, datetime.now(UTC), False)


@pytest.mark.parametrize(
    ("numbers", "amount", "what"),
    [
        (("INV-1",), 10000, "INV-1, 100.00 USD"),
        (("INV-1", "INV-2"), 35050, "2 invoices, 350.50 USD"),
    ],
)
def test_the_gateway_is_asked_for_exactly_what_was_planned(
    company: SmallCompany,
    gateway: ScriptedGateway,
    numbers: tuple[str, ...],
    amount: int,
    what: str,
) -> None:
    payment = company.pay(*numbers, method="card")

    with company.ledger.read() as unit:
        ledger_id = unit.company.identity().id
        customer = unit.customers.get("C-1", EVERYTHING)
        method = unit.methods.get(payment.method_id, EVERYTHING)
    assert customer is not None
    assert method is not None
    assert gateway._orders[payment.gateway_id] == ChargeOrder(
        payment_id=payment.id,
        ledger_id=ledger_id,
        customer=customer.gateway_id,
        customer_number="C-1",
        method=method.gateway_id,
        method_type="card",
        amount_minor=amount,
        currency="USD",
        description=f"Tidewheel Supply Co.: {what}",
        allocations=tuple(Allocation(n, company.invoice(n).total_minor) for n in numbers),
    )


@pytest.mark.parametrize(
    ("trouble", "code", "says", "hint", "uncertain"),
    [
        (
            NoAnswer("no route"),
            "gateway_unreachable",
            "the gateway cannot be reached: no route",
            "Nothing was charged. Try again later.",
            "Perhaps.",
        ),
        (
            NoAnswer("no proxy", "Check [gateway] proxy."),
            "gateway_unreachable",
            "the gateway cannot be reached: no proxy",
            "Nothing was charged. Try again later. Check [gateway] proxy.",
            "Perhaps. Check [gateway] proxy.",
        ),
        (
            Rejected("bad", "not now"),
            "gateway_refused",
            "the gateway refused: not now",
            "Nothing was charged. Change what it names, or show finance this line.",
            "Perhaps.",
        ),
        (
            Unreadable(ODD),
            "gateway_unreadable",
            f"the gateway's {ODD}",
            f"Nothing was charged. {LOOK_IT_UP}",
            f"Perhaps. {LOOK_IT_UP}",
        ),
    ],
)
def test_the_gateways_trouble_is_one_line_that_says_whether_anything_was_charged(
    trouble: NoAnswer | Rejected, code: str, says: str, hint: str, uncertain: str
) -> None:
    error = unreachable(trouble)
    where_uncertain = unreachable(trouble, "Perhaps.")

    assert (error.code, error.message, error.hint) == (code, says, hint)
    assert (where_uncertain.code, where_uncertain.message) == (code, says)
    assert where_uncertain.hint == uncertain


@pytest.mark.parametrize("fault", [Fault.NOT_SENT, Fault.REFUSED, Fault.UNREADABLE])
@pytest.mark.parametrize("call", ["create", "intents"])
def test_what_was_made_and_is_confirmed_by_nobody_is_canceled(
    company: SmallCompany, gateway: ScriptedGateway, call: str, fault: Fault
) -> None:
    gateway.fail_next(call, fault)
    if call == "intents" and fault is Fault.UNREADABLE:
        company.pay("INV-1", method="card")
        return  # its own claim explains what cannot be read

    with pytest.raises(Unreachable):
        company.pay("INV-1", method="card")

    assert {i.status for i in gateway.found.values()} <= {IntentStatus.CANCELED}
    assert gateway.charges == []
    (given_up,) = payments(company)
    assert given_up.given_up
    assert call in given_up.failure_message or "cannot be read" in given_up.failure_message
    assert company.invoice("INV-1").reserved_minor == 0


def test_a_payment_that_is_refused_by_a_lost_charge_leaves_no_intent(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    lost = restored(company, method="card")

    with pytest.raises(Refused):
        company.pay("INV-2", method="card")

    left = {i.status for i in gateway.found.values() if i.payment_id != lost.id}
    assert left == {IntentStatus.CANCELED}


def test_whoever_loses_the_payment_after_the_look_cancels_what_was_made_for_it(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the gateway and the submission."""
    real = company.ledger.write

    def sooner() -> AbstractContextManager[SqliteUnit]:
        if gateway.calls[-1:] == ["intents"]:
            monkeypatch.undo()
            with real() as unit:
                customer = unit.customers.get("C-1", EVERYTHING)
                assert customer is not None
                give_up_claims(customer, "test", unit, company)
        return real()

    monkeypatch.setattr(company.ledger, "write", sooner)
    payment = company.pay("INV-1", method="card")

    assert (payment.status, payment.failure_message) == (PaymentStatus.CANCELED, "test")
    assert [i.status for i in gateway.found.values()] == [IntentStatus.CANCELED]
    assert gateway.calls == ["create", "intents", "cancel"]


def test_whoever_loses_the_payment_during_the_look_cancels_what_was_made_for_it(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """The look itself finds that its own claim has been given up."""
    payer = halfway(gateway, "intents", lambda: company.pay("INV-1", method="card"))
    payer.switch()
    (claimed,) = payments(company)
    with company.ledger.write() as unit:
        customer = unit.customers.get("C-1", EVERYTHING)
        assert customer is not None
        give_up_claims(customer, "test", unit, company)
    payer.switch()

    assert [i.status for i in gateway.found.values()] == [IntentStatus.CANCELED]
    assert "confirm" not in gateway.calls
    assert company.payment(claimed.id).failure_message == "test"
    assert gateway.charges == []


def test_a_ledger_that_cannot_be_written_after_the_confirm_names_the_payment(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> object:
        raise Unreachable("ledger_unusable", "the disk is full")

    gateway.after = lambda call: (
        monkeypatch.setattr(company.ledger, "write", full) if call == "confirm" else None
    )
    with pytest.raises(OutcomeUnknown) as unknown:
        company.pay("INV-1", method="card")
    monkeypatch.undo()

    (payment,) = payments(company)
    assert unknown.value.payment == payment.id
    assert unknown.value.code == "outcome_unknown"
    assert unknown.value.message.startswith(f"payment {payment.id} may have been charged")
    assert unknown.value.message.endswith("the disk is full")


@pytest.mark.parametrize(
    "changed", [{"amount_minor": 1}, {"currency": "EUR"}, {"payment_id": "another"}]
)
def test_what_was_made_otherwise_than_it_was_asked_for_is_not_confirmed(
    company: SmallCompany, gateway: ScriptedGateway, changed: dict[str, object]
) -> None:
    real = gateway.create

    def make_another(order: ChargeOrder) -> Intent:
        made = replace(real(order), **changed)  # type: ignore[arg-type]
        gateway.found[made.id] = made
        return made

    gateway.create = make_another  # type: ignore[method-assign]
    with pytest.raises((DoesNotTie, Refused)):
        company.pay("INV-1", method="card")

    assert "confirm" not in gateway.calls
    assert gateway.charges == []
    company.clock.time += LEASE
    sync(company)
    assert {intent.status for intent in gateway.found.values()} == {IntentStatus.CANCELED}
    assert company.invoice("INV-1").payable_minor == 10000


def test_a_confirm_that_answers_with_what_was_not_asked_for_names_the_payment(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Who is told that their books differ would not know that money may have moved."""
    intent_becomes(gateway, status=IntentStatus.SUCCEEDED, amount_minor=1)

    with pytest.raises(OutcomeUnknown) as unknown:
        company.pay("INV-1", method="card")

    (payment,) = payments(company)
    assert (unknown.value.code, unknown.value.payment) == ("outcome_unknown", payment.id)
    assert "is not what payment" in unknown.value.message
    assert payment.status is PaymentStatus.SUBMITTED
    assert company.invoice("INV-1").payable_minor == 0


@pytest.mark.parametrize("call", ["confirm", "cancel"])
def test_a_refusal_of_which_the_gateway_does_not_say_what_came_is_unknown(
    company: SmallCompany, gateway: ScriptedGateway, bad_card: str, call: str
) -> None:
    """It refuses to tell the intent, too: a key that was replaced in between."""
    gateway.fail_next(call, Fault.REFUSED)
    gateway.fail_next("retrieve", Fault.REFUSED)

    payment = company.pay("INV-1", method="card" if call == "confirm" else bad_card)

    assert payment.status is PaymentStatus.UNKNOWN
    assert payment.failure_message == "account_invalid: retrieve is not allowed now"
    assert company.invoice("INV-1").payable_minor == 0


@pytest.mark.parametrize("call", ["create", "intents"])
def test_a_gateway_that_cannot_be_used_any_more_charges_nothing_and_holds_nothing(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Nor can what was made be canceled: what is told is what came first."""

    def another_mode(*_: object, **__: object) -> None:
        raise Unreachable("gateway_mismatch", "it answers in live mode")

    def still(*_: object, **__: object) -> None:
        raise Unreachable("gateway_mismatch", "it still does")

    monkeypatch.setattr(gateway, call, another_mode)
    monkeypatch.setattr(gateway, "cancel", still)
    with pytest.raises(Unreachable) as error:
        company.pay("INV-1", method="card")

    assert error.value.message == "it answers in live mode"
    (payment,) = payments(company)
    assert payment.given_up
    assert "it answers in live mode" in payment.failure_message
    assert company.invoice("INV-1").payable_minor == 10000


def test_what_the_gateway_leaves_undecided_is_unknown_and_says_why(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """A cancel that is refused, of an intent that stays as it was."""
    gateway.fail_next("confirm", Fault.REFUSED)
    gateway.fail_next("cancel", Fault.REFUSED)

    payment = company.pay("INV-1", method="card")

    assert payment.status is PaymentStatus.UNKNOWN
    assert payment.failure_message == "the gateway left it requires_confirmation"
    assert company.invoice("INV-1").payable_minor == 0


def intent_becomes(gateway: ScriptedGateway, **changed: object) -> None:
    """At the gateway, before the confirm is carried out."""

    def become(call: str) -> None:
        if call == "confirm":
            for intent in list(gateway.found.values()):
                gateway.found[intent.id] = replace(intent, **changed)  # type: ignore[arg-type]
                gateway._confirmed.add(intent.id)

    gateway.before = become


def test_what_a_confirm_left_unconfirmed_is_given_up(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    intent_becomes(gateway)

    payment = company.pay("INV-1", method="card")

    assert payment.status is PaymentStatus.CANCELED
    assert payment.given_up
    assert gateway.found[payment.gateway_id].abandoned


def test_a_cancel_without_an_answer_says_so(
    company: SmallCompany, gateway: ScriptedGateway, bad_card: str
) -> None:
    gateway.fail_next("cancel", Fault.NOT_SENT)

    payment = company.pay("INV-1", method=bad_card)

    assert payment.status is PaymentStatus.UNKNOWN
    assert payment.failure_message == "no answer to cancel (not sent)"


def test_what_was_declined_and_then_canceled_by_others_is_a_decline(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    intent_becomes(
        gateway, status=IntentStatus.CANCELED, failure_code="expired_card", failure_message="Old."
    )

    payment = company.pay("INV-1", method="card")

    assert payment.status is PaymentStatus.FAILED
    assert (payment.failure_code, payment.failure_message) == ("expired_card", "Old.")


@pytest.mark.parametrize(
    "status", [IntentStatus.REQUIRES_PAYMENT_METHOD, IntentStatus.REQUIRES_ACTION]
)
def test_the_intents_own_reason_counts_more_than_the_refusals(
    company: SmallCompany, gateway: ScriptedGateway, status: IntentStatus
) -> None:
    intent_becomes(gateway, status=status, failure_code="expired_card", failure_message="Old.")
    gateway.fail_next("confirm", Fault.REFUSED)

    payment = company.pay("INV-1", method="card")

    assert payment.status is PaymentStatus.FAILED
    assert (payment.failure_code, payment.failure_message) == ("expired_card", "Old.")


def test_an_action_that_is_required_keeps_the_reason_of_the_attempt(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    intent_becomes(gateway, status=IntentStatus.REQUIRES_ACTION, failure_code="expired_card")

    assert company.pay("INV-1", method="card").failure_code == "expired_card"


def test_an_action_that_is_required_is_said_in_words(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    intent_becomes(gateway, status=IntentStatus.REQUIRES_ACTION)

    payment = company.pay("INV-1", method="card")

    assert payment.failure_message == "The bank wants to authenticate this payment."


def test_a_refusal_without_a_code_is_a_refusal_all_the_same(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(intent_id: str, payment_id: str) -> Intent:
        raise Rejected("", "no")

    monkeypatch.setattr(gateway, "confirm", refuse)

    payment = company.pay("INV-1", method="card")

    assert payment.status is PaymentStatus.FAILED
    assert (payment.failure_code, payment.failure_message) == ("refused", "no")


def test_its_own_intent_is_canceled_when_another_cannot_be_read_in_between(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """The other is one that was given up here; its cancel is answered with what cannot be read."""
    with company.ledger.read() as unit:
        customer = unit.customers.get("C-1", EVERYTHING)
    assert customer is not None
    gateway.found["pi_1"] = stranger_intent(
        company, id="pi_1", payment_id="p", customer=customer.gateway_id, status=OPEN
    )
    known(company, "canceled", "", "p")
    gateway.fail_next("cancel", Fault.UNREADABLE)

    with pytest.raises(Unreachable):
        company.pay("INV-1", method="card")

    assert {i.status for i in gateway.found.values()} == {IntentStatus.CANCELED}
    assert len(gateway.found) == 2


def payments(company: SmallCompany) -> tuple[Payment, ...]:
    with company.ledger.read() as unit:
        return unit.payments.page(PaymentFilter(), EVERYTHING).items
