"""Lost answers, late confirms, processes that race or die: one charge or none, and known which."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from invoicepay.billing.errors import DoesNotTie, OutcomeUnknown, Refused, Unreachable
from invoicepay.billing.invoice import InvoiceStatus
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus
from invoicepay.billing.ports import Intent, IntentStatus
from invoicepay.operations.cancel_payment import CancelPayment
from invoicepay.operations.pay import Pay
from invoicepay.operations.protocol.claim import LEASE
from invoicepay.operations.protocol.record import record
from invoicepay.operations.quote import Quote
from invoicepay.operations.sync import Settled, Sync
from tests.support.company import EVERYTHING, SmallCompany
from tests.support.scripted_gateway import Fault, ScriptedGateway


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
    company.pay("INV-1", method="card")

    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card")

    assert refusal.value.code == "already_paid"
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
        patch.setattr("invoicepay.operations.protocol.submit.record_submitted", die)
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
        patch.setattr("invoicepay.operations.protocol.submit.record", die)
        company.call(Pay(plan))
    assert company.payment(plan.payment_id).status is PaymentStatus.SUBMITTED
    company.clock.time += LEASE

    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card")

    assert refusal.value.code == "already_paid"
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
    assert len(company.mailer.sent) == len(gateway.charges)


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


# --- A ledger that is older than its charges ---


def restored(company: SmallCompany, gateway: ScriptedGateway, **more: str) -> Payment:
    """Pay, then put the ledger back to what it was before."""
    copy = company.ledger.path.with_name("copy.db")
    company.ledger.backup(copy)
    payment = company.pay("INV-1", **more)
    put_back(company, copy)
    return payment


def put_back(company: SmallCompany, copy: Path) -> None:
    """Replace the ledger by an earlier copy of it."""
    company.ledger.close()
    for name in ("", "-wal", "-shm"):
        company.ledger.path.with_name(company.ledger.path.name + name).unlink(missing_ok=True)
    copy.rename(company.ledger.path)


@pytest.mark.parametrize("method", ["card", "ach"])
def test_a_restored_ledger_refuses_to_charge_until_it_has_synced(
    company: SmallCompany, gateway: ScriptedGateway, method: str
) -> None:
    lost = restored(company, gateway, method=method)

    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card")
    assert refusal.value.code == "ledger_behind_gateway"
    assert len(gateway.charges) == 1

    sync(company)
    found = company.payment(lost.id)
    assert (found.status, found.allocations) == (lost.status, lost.allocations)
    assert company.invoice("INV-1").payable_minor == 0
    assert company.pay("INV-2", method="card").status is PaymentStatus.SUCCEEDED


def test_a_ledger_restored_to_the_claim_finds_its_charge(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    copy = company.ledger.path.with_name("copy.db")

    def back_up(call: str) -> None:
        if call == "create":
            company.another_process().ledger.backup(copy)

    gateway.before = back_up
    payment = company.pay("INV-1", method="card")
    gateway.before = lambda name: None
    put_back(company, copy)
    assert company.payment(payment.id).status is PaymentStatus.CLAIMED
    company.clock.time += LEASE

    sync(company)

    assert company.payment(payment.id).status is PaymentStatus.SUCCEEDED
    assert len(gateway.charges) == 1


def test_what_no_longer_fits_becomes_unapplied_credit(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    lost = restored(company, gateway, method="card")
    with company.ledger.write() as unit:  # meanwhile a cheque has paid 70 of the 100
        known = unit.invoices.get("INV-1", EVERYTHING)
        assert known is not None
        unit.invoices.reserve([Allocation("INV-1", 7000)])

    sync(company)

    found = company.payment(lost.id)
    assert (found.amount_minor, found.allocated_minor, found.unapplied_minor) == (10000, 3000, 7000)
    with company.ledger.write() as unit:
        unit.invoices.release([Allocation("INV-1", 7000)])


def test_an_intent_that_is_not_the_payments_is_never_recorded(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    payment = company.pay("INV-1", method="card")
    intent = gateway.found[payment.gateway_id]

    for wrong in (
        replace(intent, amount_minor=1),
        replace(intent, currency="EUR"),
        replace(intent, payment_id="another"),
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
