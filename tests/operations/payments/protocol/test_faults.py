"""Lost answers, late confirms, processes that race or die: one charge or none, and known which."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from invoicepay.billing.errors import (
    DoesNotTie,
    NotFound,
    OutcomeUnknown,
    Refused,
    Unreachable,
)
from invoicepay.billing.invoice import InvoiceStatus
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import Intent, IntentStatus, NoAnswer
from invoicepay.ledger.unit import SqliteUnit
from invoicepay.operations.methods import ListMethods, RemoveMethod
from invoicepay.operations.payments.cancel import CancelPayment
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.protocol.record import record
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.payments.sync import Settled, Sync
from tests.world.company import SmallCompany
from tests.world.halfway import halfway
from tests.world.scripted_gateway import Fault, ScriptedGateway


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it, nothing is cleaned up."""


def sync(company: SmallCompany) -> list[Settled]:
    return [step for step in company.finance.call(Sync()) if isinstance(step, Settled)]


def killed_before(company: SmallCompany, call: str, key: str = "") -> Payment:
    """A payment whose process dies before `call` reaches the gateway."""
    gateway: ScriptedGateway = company.gateway

    def die(name: str) -> None:
        if name == call:
            raise Killed

    process = company.another_process()
    plan = process.call(Quote(numbers=("INV-1",), method="card", key=key)).plan
    assert plan is not None
    gateway.before = die
    with pytest.raises(Killed):
        process.call(Pay(plan))
    gateway.before = lambda name: None
    process.ledger.close()
    return company.payment(plan.payment_id)


# --- Lost answers ---


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.LATE])
def test_a_lost_answer_to_a_confirm_is_unknown_and_settles_to_one_charge(
    company: SmallCompany, gateway: ScriptedGateway, fault: Fault
) -> None:
    gateway.fail_next("confirm", fault)
    payment = company.pay("INV-1", method="card")
    assert payment.status is PaymentStatus.UNKNOWN
    assert company.invoice("INV-1").payable_minor == 0

    gateway.arrive_late()
    sync(company)

    assert company.payment(payment.id).status is PaymentStatus.SUCCEEDED
    assert gateway.charges == [payment.gateway_id]
    assert len(company.mailer.sent) == 1


def test_a_confirm_that_never_arrived_is_canceled_and_released(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.NOT_SENT)
    payment = company.pay("INV-1", method="card")

    sync(company)

    assert company.payment(payment.id).status is PaymentStatus.CANCELED
    assert company.invoice("INV-1").status is InvoiceStatus.OPEN
    assert gateway.charges == []


def test_a_confirm_that_arrives_after_it_was_given_up_charges_nothing(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LATE)
    payment = company.pay("INV-1", method="card")
    sync(company)
    assert company.payment(payment.id).status is PaymentStatus.CANCELED

    second = company.pay("INV-1", method="card")
    gateway.arrive_late()

    assert gateway.charges == [second.gateway_id]


def test_paying_again_while_the_first_is_unknown_settles_it_first(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    payment = company.pay("INV-1", method="card")

    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card")

    assert refusal.value.code == "not_acknowledged"
    assert company.payment(payment.id).status is PaymentStatus.SUCCEEDED
    assert len(gateway.charges) == 1


def test_paying_again_is_refused_while_the_gateway_stays_silent(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    company.pay("INV-1", method="card")
    gateway.fail_next("retrieve", Fault.NOT_SENT)

    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card")

    assert refusal.value.code == "in_flight"
    assert company.pay("INV-2", method="card").status is PaymentStatus.SUCCEEDED


def test_paying_again_is_refused_while_the_gateway_cannot_be_used(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal, not the gateway's trouble, says what not to do."""
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    unknown = company.pay("INV-1", method="card")

    def another_mode(intent_id: str) -> None:
        raise Unreachable("gateway_mismatch", "it answers in live mode")

    monkeypatch.setattr(gateway, "retrieve", another_mode)
    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card")

    assert (refusal.value.code, refusal.value.payment) == ("in_flight", unknown.id)


def test_an_answer_that_was_lost_after_the_bank_took_the_debit(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    payment = company.pay("INV-1", method="ach")

    sync(company)

    assert company.payment(payment.id).status is PaymentStatus.PROCESSING
    assert [m.message_id.split(".")[1][:9] for m in company.mailer.sent] == ["initiated"]


def test_a_create_without_an_answer_charges_nothing_and_holds_nothing(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    for fault in (Fault.LOST_ANSWER, Fault.NOT_SENT, Fault.LATE):
        gateway.fail_next("create", fault)
        with pytest.raises(Unreachable):
            company.pay("INV-1", method="card")
        assert company.invoice("INV-1").status is InvoiceStatus.OPEN
    gateway.arrive_late()

    assert company.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED
    assert len(gateway.charges) == 1


def test_a_decline_is_released_only_when_its_intent_reads_canceled(
    company: SmallCompany, gateway: ScriptedGateway, bad_card: str
) -> None:
    for fault in (Fault.LOST_ANSWER, Fault.NOT_SENT):
        gateway.fail_next("cancel", fault)
        payment = company.pay("INV-1", method=bad_card)
        assert payment.status is PaymentStatus.UNKNOWN
        assert company.invoice("INV-1").payable_minor == 0

        sync(company)
        found = company.payment(payment.id)
        assert (found.status, found.failure_code) == (PaymentStatus.FAILED, "generic_decline")
        assert company.invoice("INV-1").payable_minor == 10000


# --- Killed between two steps ---


@pytest.mark.parametrize("call", ["create", "confirm"])
def test_killed_before_a_call_nothing_was_charged(
    company: SmallCompany, gateway: ScriptedGateway, call: str
) -> None:
    payment = killed_before(company, call)
    assert company.invoice("INV-1").payable_minor == 0

    sync(company)  # its lease has not passed: perhaps it is still alive
    assert company.payment(payment.id).status is payment.status
    company.clock.time += LEASE
    sync(company)

    assert company.payment(payment.id).status is PaymentStatus.CANCELED
    assert company.invoice("INV-1").payable_minor == 10000
    assert gateway.charges == []
    assert all(i.status is IntentStatus.CANCELED for i in gateway.found.values())


def test_killed_before_the_intents_id_was_stored_it_is_found_and_canceled(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*arguments: object) -> None:
        raise Killed

    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("invoicepay.operations.payments.protocol.submit.record_submitted", die)
        company.call(Pay(plan))
    company.clock.time += LEASE

    sync(company)

    assert company.payment(plan.payment_id).status is PaymentStatus.CANCELED
    assert [i.status for i in gateway.found.values()] == [IntentStatus.CANCELED]


def test_killed_after_the_charge_the_next_command_settles_it(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(payment: Payment, intent: Intent, ports: object, **more: object) -> None:
        raise Killed

    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("invoicepay.operations.payments.protocol.submit.record", die)
        company.call(Pay(plan))
    assert company.payment(plan.payment_id).status is PaymentStatus.SUBMITTED
    company.clock.time += LEASE

    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card")

    assert refusal.value.code == "not_acknowledged"
    assert len(gateway.charges) == 1
    sync(company)
    assert len(company.mailer.sent) == 1


def test_the_same_key_after_a_kill_finds_its_payment(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    payment = killed_before(company, "confirm", key="october")

    again = company.pay("INV-1", method="card", key="october")

    assert again.id == payment.id
    assert gateway.charges == []


# --- Several at once ---


def test_a_second_payer_in_the_middle_of_a_payment_is_refused(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    refusals: list[str] = []

    def second_payer(call: str) -> None:
        if call in ("create", "confirm") and company.invoice("INV-1").reserved_minor:
            gateway.before = lambda name: None
            with pytest.raises(Refused) as refusal:
                company.another_process().pay("INV-1", method="card")
            refusals.append(refusal.value.code)
            gateway.before = second_payer

    gateway.before = second_payer
    payment = company.pay("INV-1", method="card")

    assert refusals == ["in_flight", "in_flight"]
    assert gateway.charges == [payment.gateway_id]


@pytest.mark.parametrize("moment", ["create", "confirm"])
def test_a_settler_that_comes_too_early_takes_the_payment_from_its_payer(
    company: SmallCompany, gateway: ScriptedGateway, moment: str
) -> None:
    """The payer slept past its lease. What was given up must not be charged."""

    def settler(call: str) -> None:
        if call == moment:
            gateway.before = lambda name: None
            company.clock.time += LEASE
            sync(company.another_process())

    gateway.before = settler
    payment = company.pay("INV-1", method="card")

    assert payment.status is PaymentStatus.CANCELED
    assert gateway.charges == []
    assert company.invoice("INV-1").payable_minor == 10000


def test_a_settler_that_looked_before_the_intent_was_made_takes_the_payment_from_its_payer(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds no intent, and gives the payment up after its payer has made one."""
    settler = halfway(gateway, "intents", lambda: sync(company.another_process()))
    write = company.ledger.write

    def begin(call: str) -> None:
        if call == "create":
            gateway.before = lambda name: None
            company.clock.time += LEASE
            settler.switch()

    def end_first() -> AbstractContextManager[SqliteUnit]:
        if gateway.calls[-1:] == ["intents"]:  # the payer has looked, too
            settler.switch()
        return write()

    gateway.before = begin
    monkeypatch.setattr(company.ledger, "write", end_first)
    payment = company.pay("INV-1", method="card")

    assert settler.dead
    assert payment.status is PaymentStatus.CANCELED
    assert gateway.charges == []


@pytest.mark.parametrize("moment", ["retrieve", "cancel"])
def test_two_settlers_post_once(
    company: SmallCompany, gateway: ScriptedGateway, moment: str, bad_card: str
) -> None:
    fault = Fault.LOST_ANSWER if moment == "retrieve" else Fault.NOT_SENT
    gateway.fail_next("confirm" if moment == "retrieve" else "cancel", fault)
    payment = company.pay("INV-1", method="card" if moment == "retrieve" else bad_card)

    def other(call: str) -> None:
        if call == moment:
            gateway.before = lambda name: None
            sync(company.another_process())

    gateway.before = other
    sync(company)

    expected = PaymentStatus.SUCCEEDED if moment == "retrieve" else PaymentStatus.FAILED
    assert company.payment(payment.id).status is expected
    assert len(company.mailer.sent) == 1


# --- Giving up ---


def test_cancel_gives_up_what_was_not_confirmed(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    payment = killed_before(company, "confirm")

    assert company.call(CancelPayment(payment.id)).status is PaymentStatus.CANCELED
    assert company.invoice("INV-1").payable_minor == 10000


def test_cancel_refuses_what_the_bank_has(company: SmallCompany) -> None:
    card, debit = company.pay("INV-1", method="card"), company.pay("INV-2", method="ach")

    for payment in (card, debit):
        with pytest.raises(Refused) as refusal:
            company.call(CancelPayment(payment.id))
        assert refusal.value.code == "not_cancelable"


def test_cancel_does_not_guess(company: SmallCompany, gateway: ScriptedGateway) -> None:
    payment = killed_before(company, "confirm")
    gateway.fail_next("retrieve", Fault.NOT_SENT)

    with pytest.raises(OutcomeUnknown):
        company.call(CancelPayment(payment.id))

    assert company.invoice("INV-1").payable_minor == 0


# --- What must not happen ---


def test_an_intent_that_is_not_the_payments_is_never_recorded(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    payment = company.pay("INV-1", method="card")
    intent = gateway.found[payment.gateway_id]

    for wrong in (
        replace(intent, amount_minor=1),
        replace(intent, currency="EUR"),
        replace(intent, livemode=True),
        replace(intent, id="pi_another"),
    ):
        with pytest.raises(DoesNotTie):
            record(payment, wrong, company)
    assert company.payment(payment.id).status is PaymentStatus.UNKNOWN


def test_the_same_key_settles_what_a_kill_left(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    payment = company.pay("INV-1", method="card", key="october")
    assert payment.status is PaymentStatus.UNKNOWN

    again = company.pay("INV-1", method="card", key="october")

    assert (again.id, again.status) == (payment.id, PaymentStatus.SUCCEEDED)
    assert len(gateway.charges) == 1


def test_a_ledger_that_cannot_be_written_after_the_charge_does_not_say_nothing_happened(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object) -> None:
        raise Unreachable("ledger_unusable", "the disk is full", "Nothing was changed.")

    def fill_the_disk(call: str) -> None:
        if call == "confirm":
            monkeypatch.setattr(type(company.ledger), "write", full)

    gateway.before = fill_the_disk
    with pytest.raises(OutcomeUnknown):
        company.pay("INV-1", method="card")
    monkeypatch.undo()
    gateway.before = lambda name: None
    company.clock.time += LEASE

    sync(company)

    assert company.invoice("INV-1").status is InvoiceStatus.PAID
    assert len(gateway.charges) == 1


def test_a_settled_payment_keeps_no_trouble_of_its_way(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    payment = company.pay("INV-1", method="card")
    assert payment.failure_message

    sync(company)

    assert company.payment(payment.id).failure_message == ""


def test_who_was_told_unknown_is_told_how_it_ended(
    company: SmallCompany, gateway: ScriptedGateway, bad_card: str
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    payment = company.pay("INV-1", method=bad_card)
    assert payment.status is PaymentStatus.UNKNOWN

    sync(company)

    assert company.payment(payment.id).status is PaymentStatus.FAILED
    assert [m.message_id.split("@")[0] for m in company.mailer.sent] == [f"{payment.id}.failed"]


def test_a_lease_from_a_clock_that_was_ahead_does_not_hold_for_long(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    company.clock.move(days=365)
    payment = killed_before(company, "confirm")
    company.clock.move(days=-365)

    sync(company)

    assert company.payment(payment.id).status is PaymentStatus.CANCELED


def test_a_bank_that_wants_authentication_is_a_decline_with_a_reason(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    def wants_action(call: str) -> None:
        if call == "confirm":
            for intent in gateway.found.values():
                action = replace(intent, status=IntentStatus.REQUIRES_ACTION)
                gateway.found[intent.id] = action
                gateway._confirmed.add(intent.id)

    gateway.before = wants_action
    payment = company.pay("INV-1", method="card")

    assert payment.status is PaymentStatus.FAILED
    assert payment.failure_code == "authentication_required"
    assert company.invoice("INV-1").payable_minor == 10000


def test_a_method_is_gone_here_even_when_the_gateway_does_not_answer(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(method: str) -> None:
        raise NoAnswer("timeout")

    monkeypatch.setattr(gateway, "detach_method", silent)
    method = company.call(ListMethods()).methods[0]

    company.call(RemoveMethod(method.id))

    assert method.id not in [m.id for m in company.call(ListMethods()).methods]
    with pytest.raises(NotFound):
        company.call(RemoveMethod(method.id))


def test_a_sync_that_hears_nothing_does_not_say_that_nothing_was_charged(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    company.pay("INV-1", method="card")
    gateway.fail_next("retrieve", Fault.NOT_SENT)

    (step,) = sync(company)

    assert step.error is not None
    assert "charged" not in step.error.message + step.error.hint


def test_a_decline_that_arrives_while_it_is_settled_is_a_decline(
    company: SmallCompany, gateway: ScriptedGateway, bad_card: str
) -> None:
    gateway.fail_next("confirm", Fault.LATE)
    payment = company.pay("INV-1", method=bad_card)
    gateway.before = lambda call: gateway.arrive_late() if call == "cancel" else None

    list(company.finance.call(Sync()))

    assert company.payment(payment.id).status is PaymentStatus.FAILED


@pytest.mark.parametrize("method", ["card", "ach"])
def test_a_confirm_that_is_refused_keeps_its_reason(
    company: SmallCompany, gateway: ScriptedGateway, method: str
) -> None:
    gateway.fail_next("confirm", Fault.REFUSED)

    payment = company.pay("INV-1", method=method)

    assert payment.status is PaymentStatus.FAILED
    assert payment.failure_code == "account_invalid"
    assert payment.failure_message == "confirm is not allowed now"
    assert gateway.found[payment.gateway_id].status is IntentStatus.CANCELED
    assert company.invoice("INV-1").reserved_minor == 0


def test_a_confirm_that_is_refused_because_somebody_was_sooner_is_not_a_failure(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    def sooner(call: str) -> None:
        if call == "confirm":
            gateway.before = lambda name: None
            (intent,) = gateway.found.values()
            gateway.cancel(intent.id)

    gateway.before = sooner

    payment = company.pay("INV-1", method="card")

    assert payment.status is PaymentStatus.CANCELED
    assert payment.given_up
