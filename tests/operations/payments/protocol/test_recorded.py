"""What becomes of a payment by what its intent says, whatever it was before."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from invoicepay.billing.errors import DoesNotTie
from invoicepay.billing.payment import (
    CANCELED_ON_REQUEST,
    GIVEN_UP,
    Allocation,
    Payment,
    PaymentStatus,
)
from invoicepay.billing.ports import Intent, IntentStatus, Rejected
from invoicepay.ledger.unit import SqliteUnit
from invoicepay.operations.payments.cancel import CancelPayment
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.protocol.record import (
    is_of,
    record,
    record_never_confirmed,
    record_submitted,
)
from invoicepay.operations.payments.protocol.settle import has_lease, settle
from invoicepay.operations.payments.protocol.take_in import cancel_or_take_in, take_in
from tests.operations.payments.protocol.test_explained import OPEN, known
from tests.operations.payments.protocol.test_faults import killed_before
from tests.operations.payments.protocol.test_journaled import journal
from tests.operations.payments.protocol.test_restored import (
    backed_up,
    put_back,
    restored,
    stranger_intent,
    sync,
)
from tests.world.company import EVERYTHING, SmallCompany
from tests.world.scripted_gateway import Fault, ScriptedGateway
from tests.world.told import change

SUCCEEDED, FAILED, CANCELED = (
    PaymentStatus.SUCCEEDED,
    PaymentStatus.FAILED,
    PaymentStatus.CANCELED,
)


def ended(company: SmallCompany, gateway: ScriptedGateway, status: PaymentStatus) -> Payment:
    """A card payment of INV-1 that has ended so, although its first answer was lost."""
    gateway.fail_next("confirm", Fault.LOST_ANSWER if status is SUCCEEDED else Fault.NOT_SENT)
    if status is FAILED:
        gateway.faults.clear()
        gateway.fail_next("confirm", Fault.REFUSED)
    payment = company.pay("INV-1", method="card")
    sync(company)
    found = company.payment(payment.id)
    assert found.status is status
    return found


@pytest.mark.parametrize("final", [SUCCEEDED, FAILED, CANCELED])
@pytest.mark.parametrize("said", ["processing", "succeeded", "canceled", "declined"])
def test_what_has_ended_stays_so_and_only_a_contradiction_is_an_error(
    company: SmallCompany, gateway: ScriptedGateway, final: PaymentStatus, said: str
) -> None:
    payment = ended(company, gateway, final)
    status = IntentStatus.CANCELED if said == "declined" else IntentStatus(said)
    intent = replace(gateway.found[payment.gateway_id], status=status, failure_code="")
    failure = replace(intent, failure_code="generic_decline") if said == "declined" else None
    contradicts = said != "processing" and (said == "succeeded") != (final is SUCCEEDED)

    if contradicts:
        with pytest.raises(DoesNotTie) as problem:
            record(payment, intent, company, failure=failure)
        assert (problem.value.code, problem.value.payment) == ("books_differ", payment.id)
        assert problem.value.hint.startswith("Do not pay again; show finance")
    else:
        assert record(payment, intent, company, failure=failure) == payment

    assert company.payment(payment.id) == payment
    assert len(company.mailer.sent) <= 1


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "pi_other"},
        {"amount_minor": 9999},
        {"currency": "EUR"},
        {"livemode": True},
    ],
)
def test_an_intent_that_differs_in_anything_is_not_the_payments(
    company: SmallCompany, gateway: ScriptedGateway, changed: dict[str, object]
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    payment = company.pay("INV-1", method="card")
    intent = gateway.found[payment.gateway_id]
    assert is_of(intent, payment)
    other: Intent = replace(intent, **changed)  # type: ignore[arg-type]

    assert not is_of(other, payment)
    with pytest.raises(DoesNotTie) as problem:
        record(payment, other, company)

    assert (problem.value.code, problem.value.payment) == ("books_differ", payment.id)
    assert problem.value.hint.startswith("Do not pay again; show finance")
    assert company.payment(payment.id) == payment


def test_before_its_intent_is_stored_the_payments_own_id_tells(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    payment = company.pay("INV-1", method="card")
    claimed = replace(payment, gateway_id="")
    intent = gateway.found[payment.gateway_id]

    assert is_of(intent, claimed)
    assert not is_of(replace(intent, payment_id="another"), claimed)


def test_an_end_has_its_instant_and_its_letter(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    unknown = company.pay("INV-1", method="card")
    assert unknown.settled_at is None
    company.clock.move(hours=3)
    now = company.clock.time
    with company.ledger.read() as unit:
        ledger_id = unit.company.identity().id

    settle(unknown, company)

    assert company.payment(unknown.id).settled_at == now
    with company.ledger.read() as unit:
        (mail,) = unit.outbox.owed(EVERYTHING)
    assert (mail.message_id, mail.payment_id, mail.to, mail.created_at) == (
        f"{unknown.id}.received@{ledger_id}.invoicepay",
        unknown.id,
        "payer@example.com",
        now,
    )


def test_a_declined_payment_has_its_instant_too(company: SmallCompany, bad_card: str) -> None:
    assert company.pay("INV-1", method=bad_card).settled_at == company.clock.time


def test_a_receipt_number_of_an_older_ledger_is_kept(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Before, a debit had one from the start."""
    payment = company.pay("INV-1", method="ach")
    change(company.ledger.path, "UPDATE payments SET receipt = 41")
    gateway.bank_settles(payment.gateway_id)

    sync(company)

    assert company.payment(payment.id).receipt_number == "R-000041"


# --- Given up, or canceled on purpose -------------------------------------------------------------


def test_who_gave_a_payment_up_is_told_apart_in_code_and_words(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    found = []
    for on_request in (True, False):
        for call in ("create", "intents", "confirm"):
            payment = killed_before(company, call)
            company.clock.time += LEASE
            if on_request:
                company.call(CancelPayment(payment.id))
            else:
                sync(company)
            canceled = company.payment(payment.id)
            assert canceled.status is CANCELED
            found.append((canceled.failure_code, canceled.failure_message))
            assert canceled.given_up is not on_request

    asked, left = found[:3], found[3:]
    assert set(asked) == {(CANCELED_ON_REQUEST, "canceled on request")}
    assert set(left) == {(GIVEN_UP, "given up before it was charged")}


def test_a_reason_is_kept_in_its_own_words(company: SmallCompany) -> None:
    payment = killed_before(company, "create")

    given_up = record_never_confirmed(payment, company, "no route to the gateway")

    assert (given_up.failure_code, given_up.failure_message) == (
        GIVEN_UP,
        "no route to the gateway",
    )
    assert record_never_confirmed(payment, company, "again") == given_up


def test_what_has_ended_is_not_asked_for_again(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    final = [
        company.pay("INV-2", method="card"),
        record_never_confirmed(killed_before(company, "create"), company),
    ]
    gateway.calls.clear()

    assert [settle(payment, company) for payment in final] == final
    assert gateway.calls == []


def test_a_claim_is_given_up_beside_another_payment_that_cannot_be_read(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    other = company.pay("INV-2", method="card")
    gateway.unreadable[other.gateway_id] = True
    claimed = killed_before(company, "create")

    assert settle(claimed, company).given_up


def test_a_claims_own_intent_is_found_among_others(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Also beside one of the same payment that cannot be read, as a copy may have made it."""
    claimed = killed_before(company, "intents")
    (own,) = gateway.found.values()
    odd = replace(own, id="pi_odd", created_at=own.created_at + timedelta(seconds=1))
    gateway.found["pi_odd"] = odd
    gateway.unreadable["pi_odd"] = True
    gateway.found["pi_else"] = replace(odd, id="pi_else", payment_id="else")

    settled = settle(claimed, company)

    assert settled.gateway_id == own.id
    assert gateway.found[own.id].status is IntentStatus.CANCELED


@pytest.mark.parametrize("on_request", [False, True])
def test_a_claim_whose_payer_has_stored_another_intent_is_settled_by_that_one(
    company: SmallCompany, gateway: ScriptedGateway, on_request: bool
) -> None:
    """A request that came twice, days apart, has made two."""
    claimed = killed_before(company, "intents")
    (own,) = gateway.found.values()
    second = replace(own, id="pi_second", created_at=own.created_at + timedelta(days=2))
    gateway.found[second.id] = second

    def payer(call: str) -> None:
        if call == "intents":
            record_submitted(claimed, own, company.another_process())

    gateway.before = payer
    settled = settle(claimed, company, on_request=on_request)

    assert (settled.status, settled.gateway_id) == (CANCELED, own.id)
    assert settled.failure_code == (CANCELED_ON_REQUEST if on_request else GIVEN_UP)
    assert gateway.found[own.id].status is IntentStatus.CANCELED
    assert gateway.found[own.id].abandoned is not on_request


def test_the_intent_of_a_claim_that_was_given_up_meanwhile_is_canceled(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    claimed = killed_before(company, "intents")

    def sooner(call: str) -> None:
        if call == "intents":
            record_never_confirmed(claimed, company.another_process(), "sooner")

    gateway.before = sooner
    settled = settle(claimed, company)

    assert (settled.status, settled.failure_message) == (CANCELED, "sooner")
    assert [intent.status for intent in gateway.found.values()] == [IntentStatus.CANCELED]


# --- Leases ---------------------------------------------------------------------------------------


def test_a_lease_holds_until_its_end_and_is_never_longer_than_one(company: SmallCompany) -> None:
    payment = killed_before(company, "create")
    now, moment = company.clock.time, timedelta(microseconds=1)

    def holds(until: timedelta | None, status: PaymentStatus = payment.status) -> bool:
        lease = None if until is None else now + until
        return has_lease(replace(payment, lease_until=lease, status=status), company)

    assert [holds(LEASE), holds(moment)] == [True, True]
    assert [holds(LEASE + moment), holds(timedelta()), holds(-moment), holds(None)] == [False] * 4
    leased = {status for status in PaymentStatus if holds(LEASE, status)}
    assert leased == {PaymentStatus.CLAIMED, PaymentStatus.SUBMITTED}


# --- Taken in -------------------------------------------------------------------------------------


def test_what_is_at_the_bank_stays_there_when_a_lost_charge_is_taken_in(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Only claims are given up."""
    debit = company.pay("INV-2", method="ach")
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    unknown = company.pay("INV-3", method="card")
    gateway.found["pi_lost"] = stranger_intent(
        company, customer_number="C-1", allocations=(Allocation("INV-1", 5000),)
    )
    gateway.fail_next("retrieve", Fault.NOT_SENT)
    gateway.fail_next("retrieve", Fault.NOT_SENT)

    sync(company)

    assert company.payment("lost").status is SUCCEEDED
    assert company.payment(debit.id).status is PaymentStatus.PROCESSING
    assert company.payment(unknown.id).status is PaymentStatus.UNKNOWN


def test_nobody_gets_a_letter_of_a_charge_that_nobody_is_known_to_have_made(
    company: SmallCompany,
) -> None:
    lost = restored(company, method="card")
    sent = len(company.mailer.sent)

    sync(company)

    with company.ledger.read() as unit:
        assert unit.outbox.owed(EVERYTHING) == []
    assert len(company.mailer.sent) == sent
    assert company.payment(lost.id).initiated_by == ""


def test_a_charge_without_a_customer_at_the_gateway_is_the_customers_that_it_names(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """And not of one who was never at the gateway."""
    gateway.found["pi_lost"] = stranger_intent(company, customer="", customer_number="C-1")

    sync(company)

    assert company.payment("lost").customer == "C-1"


@pytest.mark.parametrize("number", ["", "C-404", "C-2"])
def test_a_charge_is_the_customers_who_has_its_customer_at_the_gateway(
    company: SmallCompany, gateway: ScriptedGateway, number: str
) -> None:
    """Whatever somebody has written on it."""
    gateway.found["pi_lost"] = stranger_intent(company, customer="cus_0", customer_number=number)

    sync(company)

    assert company.payment("lost").customer == "C-1"


def test_a_customer_keeps_its_customer_at_the_gateway_when_a_charge_of_another_is_taken_in(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """One who has none gets that of the charge: what is charged later is found there."""
    for number in ("C-1", "C-2"):
        gateway.found[number] = stranger_intent(
            company,
            id=number,
            payment_id=number,
            customer=f"cus_of_{number}",
            customer_number=number,
        )

    sync(company)

    with company.ledger.read() as unit:
        ids = {c.number: c.gateway_id for c in unit.customers.all(EVERYTHING)}
    assert ids == {"C-1": "cus_0", "C-2": "cus_of_C-2"}
    assert company.payment("C-1").customer == "C-1"


@pytest.mark.parametrize("given_up", [False, True])
def test_a_charge_that_two_syncs_find_at_once_is_taken_in_once(
    company: SmallCompany, gateway: ScriptedGateway, given_up: bool
) -> None:
    """It was open when both listed it, and is charged when the first would cancel it. Under an id
    of its own where its payment was given up here."""
    intent = stranger_intent(
        company, customer="cus_0", status=OPEN, allocations=(Allocation("INV-1", 5000),)
    )
    gateway.found[intent.id] = intent
    if given_up:
        known(company, "canceled", "", intent.payment_id)

    def other(call: str) -> None:
        if call == "cancel":
            gateway.before = lambda name: None
            gateway.found[intent.id] = replace(intent, status=IntentStatus.SUCCEEDED)
            assert [step.error for step in sync(company.another_process())] == [None]

    gateway.before = other
    (step,) = sync(company)

    assert step.error is None
    assert step.payment is not None
    assert (step.payment.status, step.payment.gateway_id) == (SUCCEEDED, intent.id)
    assert (step.payment.id == intent.payment_id) is not given_up
    assert company.invoice("INV-1").paid_minor == 5000
    assert len(journal(company, "payment.taken_in")) == 1


def test_what_the_gateway_will_not_cancel_is_not_said_to_be_canceled(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    intent = stranger_intent(company, status=OPEN)
    gateway.found[intent.id] = intent
    gateway.fail_next("cancel", Fault.REFUSED)

    with pytest.raises(Rejected) as rejected:
        cancel_or_take_in(intent, company)

    assert rejected.value.code == "not_canceled"
    assert rejected.value.message == "pi_lost is requires_confirmation, and was not canceled"


def test_a_charge_of_nobody_is_an_error_that_names_it(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    said = {}
    for number, named in (("C-404", "C-404"), ("", "?")):
        gateway.found["pi_lost"] = stranger_intent(company, customer_number=number)
        (step,) = [step for step in sync(company) if step.subject == "pi_lost"]
        assert isinstance(step.error, DoesNotTie)
        said[named] = step.error
        del gateway.found["pi_lost"]

    assert said["C-404"].hint.startswith("Import C-404 with `invoicepay import customers`")
    assert said["?"].hint.startswith("Import the customer with `invoicepay import customers`")
    for named, error in said.items():
        assert error.code == "books_differ"
        assert error.message == (
            f"the gateway's pi_lost is for customer {named}, whom this ledger does not have"
        )


def test_a_charge_fits_what_is_payable_and_no_more_of_it_is_used(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """At once: nobody finds its invoices payable before `sync` has come to its end."""
    company.pay("INV-3", method="card")
    said = (
        Allocation("INV-77", 10),  # absent
        Allocation("INV-3", 10),  # paid
        Allocation("INV-4", 10),  # of another currency
        Allocation("INV-9", 10),  # of another customer
        Allocation("INV-1", 1),
        Allocation("INV-1", 5000),  # again
        Allocation("INV-2", 26000),  # more than it is
    )
    lost = stranger_intent(company, customer_number="C-1", amount_minor=30000, allocations=said)

    found = take_in(lost, company)

    assert found.allocations == (Allocation("INV-1", 1), Allocation("INV-2", 25050))
    assert found.unapplied_minor == 30000 - 25051
    assert [company.invoice(n).paid_minor for n in ("INV-1", "INV-2")] == [1, 25050]


def test_no_more_than_a_charge_is_put_on_what_it_names(company: SmallCompany) -> None:
    said = (Allocation("INV-1", 4000), Allocation("INV-2", 4000), Allocation("INV-3", 4000))
    lost = stranger_intent(company, customer_number="C-1", amount_minor=5000, allocations=said)

    found = take_in(lost, company)

    assert found.allocations == (Allocation("INV-1", 4000), Allocation("INV-2", 1000))


def test_a_card_is_received_when_it_was_charged_a_debit_when_that_is_known(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    made_on = company.clock.time.date()
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    lost = company.pay("INV-1", method="card")
    assert lost.status is PaymentStatus.UNKNOWN
    debit = company.pay("INV-2", method="ach")
    company.clock.move(days=40)
    gateway.bank_settles(debit.gateway_id)
    sync(company)

    card = company.payment(lost.id)
    assert (card.status, card.effective_on) == (SUCCEEDED, made_on)
    assert company.invoice("INV-1").paid_on == made_on
    assert card.settled_at == company.clock.time
    assert company.payment(debit.id).effective_on == company.clock.time.date()


def test_a_charge_that_is_answered_is_dated_by_its_answer(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop that is closed between making the intent and confirming it charges when it wakes."""
    confirm = gateway.confirm

    def confirm_days_later(intent_id: str, payment_id: str) -> Intent:
        company.clock.move(days=3)
        return confirm(intent_id, payment_id)

    monkeypatch.setattr(gateway, "confirm", confirm_days_later)
    payment = company.pay("INV-1", method="card")
    assert payment.effective_on == company.clock.time.date()
    assert payment.created_at.date() < company.clock.time.date()


def test_a_debit_that_is_taken_in_is_a_debit_dated_when_it_is_known(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    lost = restored(company, method="ach")
    gateway.bank_settles(lost.gateway_id)
    company.clock.move(days=4)

    sync(company)

    found = company.payment(lost.id)
    assert (found.method_type.value, found.method_label) == ("ach", "taken in from the gateway")
    assert (found.created_at, found.settled_at) == (lost.created_at, company.clock.time)
    assert found.effective_on == company.clock.time.date()


def test_a_charge_is_the_same_payment_wherever_taking_it_in_was_cut_off(
    company: SmallCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each write of a `sync`, days after it was charged; the next ends it."""
    lost = restored(company, method="card")
    copy = backed_up(company)
    company.clock.move(days=40)
    cut_off, found = True, []
    for writes in itertools.count():
        if not cut_off:
            break
        put_back(company, Path(shutil.copy(copy, copy.with_name("again.db"))))
        real, left = company.ledger.write, itertools.count(writes, -1)

        def write(
            real: Any = real, left: Iterator[int] = left
        ) -> AbstractContextManager[SqliteUnit]:
            if next(left) == 0:
                raise KeyboardInterrupt
            made: AbstractContextManager[SqliteUnit] = real()
            return made

        with monkeypatch.context() as patch:
            patch.setattr(company.ledger, "write", write)
            cut_off = False
            try:
                sync(company)
            except KeyboardInterrupt:
                cut_off = True
        sync(company)
        taken_in = company.payment(lost.id)
        found.append((taken_in.status, taken_in.effective_on, taken_in.allocations))

    assert len(found) > 3
    assert set(found) == {(SUCCEEDED, lost.effective_on, lost.allocations)}
