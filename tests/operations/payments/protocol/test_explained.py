"""Which of the gateway's intents a ledger explains, and how far back it looks for the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from invoicepay.billing.customer import EVERYTHING, Customer
from invoicepay.billing.errors import Refused
from invoicepay.billing.method import MethodType
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus
from invoicepay.billing.ports import Intent, IntentStatus, UnreadableIntent
from invoicepay.operations.methods import AttachTestMethod
from invoicepay.operations.payments.protocol import reconcile
from invoicepay.operations.payments.protocol.reconcile import (
    Unexplained,
    check_not_behind,
    check_reconciled,
    late_id,
    since_reconciled,
    unexplained,
)
from tests.operations.payments.protocol.test_restored import (
    backed_up,
    copied,
    put_back,
    stranger_intent,
    sync,
)
from tests.world.company import SmallCompany
from tests.world.scripted_gateway import Fault, ScriptedGateway
from tests.world.told import told

UNDER_WAY = ("claimed", "submitted", "processing", "unknown")
GIVEN_UP = ("failed", "canceled")
OPEN = IntentStatus.REQUIRES_CONFIRMATION


def known(company: SmallCompany, status: str, gateway_id: str, id: str = "p") -> None:
    """The ledger has a payment in this state."""
    with company.ledger.write() as unit:
        unit.payments.add(
            Payment(
                id=id,
                status=PaymentStatus(status),
                customer="C-1",
                currency="USD",
                amount_minor=5000,
                method_type=MethodType.CARD,
                method_label="Visa",
                created_at=company.clock.time,
                initiated_by="payer@example.com",
                livemode=False,
                gateway_id=gateway_id,
                effective_on=company.clock.time.date() if status == "succeeded" else None,
            )
        )
        told(unit)


def odd(intent: Intent) -> UnreadableIntent:
    return UnreadableIntent(
        id=intent.id,
        why="its status is odd",
        payment_id=intent.payment_id,
        customer=intent.customer,
        customer_number=intent.customer_number,
        invoices=frozenset({"INV-1"}),
        created_at=intent.created_at,
        livemode=False,
    )


def where(found: Unexplained) -> str:
    """The one kind in which there is an intent; empty where it is explained."""
    kinds = ("charged", "unfinished", "given_up", "unreadable", "pending")
    return " ".join(kind for kind in kinds if getattr(found, kind))


def test_each_intent_is_of_one_kind_by_its_status_and_what_the_ledger_has(
    company: SmallCompany,
) -> None:
    intent = stranger_intent(company)
    found: dict[tuple[str, str], tuple[str, str, str]] = {}
    for status in (*UNDER_WAY, "succeeded", *GIVEN_UP):
        for stored in ("", "its own", "another"):
            mine = replace(intent, id=f"pi-{status}-its own", payment_id=f"{status} {stored}")
            known(company, status, stored and f"pi-{status}-{stored}", mine.payment_id)
            found[status, stored] = (
                where(unexplained([mine], company)),
                where(unexplained([replace(mine, status=OPEN)], company)),
                where(unexplained([odd(mine)], company)),
            )

    for status in UNDER_WAY:
        assert found[status, ""] == ("charged", "pending", "pending")
        assert found[status, "its own"] == ("", "pending", "pending")
        assert found[status, "another"] == ("charged", "given_up", "unreadable")
    assert found["succeeded", "its own"] == ("", "pending", "")
    assert found["succeeded", "another"] == ("charged", "given_up", "unreadable")
    for status in GIVEN_UP:
        assert found[status, ""] == ("charged", "given_up", "unreadable")
        assert found[status, "its own"] == ("charged", "given_up", "")
        assert found[status, "another"] == ("charged", "given_up", "unreadable")


def test_what_the_ledger_does_not_have_at_all(company: SmallCompany) -> None:
    intent = stranger_intent(company)
    canceled = replace(intent, id="pi_2", status=IntentStatus.CANCELED)
    processing = replace(intent, id="pi_3", status=IntentStatus.PROCESSING)
    unfinished = replace(intent, id="pi_4", status=OPEN)

    found = unexplained([odd(intent), unfinished, processing, canceled, intent], company)

    assert found == Unexplained((processing, intent), (unfinished,), (), (odd(intent),), ())


def test_what_was_taken_in_under_an_id_of_its_own_is_explained(company: SmallCompany) -> None:
    intent = stranger_intent(company, id="pi_1", payment_id="p")
    known(company, "canceled", "")
    known(company, "succeeded", "pi_1", late_id(intent))

    assert where(unexplained([intent, odd(intent)], company)) == ""
    for no_payment_of_ours in ("", "gone"):
        edited = replace(intent, payment_id=no_payment_of_ours)
        assert where(unexplained([edited, odd(edited)], company)) == ""


def test_its_own_intent_is_explained_before_it_is_stored_and_no_other_is(
    company: SmallCompany,
) -> None:
    """Two copies that use one key a day apart have two intents of one payment."""
    own = stranger_intent(company, id="pi_1", payment_id="p", status=OPEN)
    second = replace(own, id="pi_2")
    known(company, "claimed", "")
    known(company, "claimed", "", "q")

    assert where(unexplained([own], company, own)) == "pending"
    assert where(unexplained([second], company, own)) == "given_up"
    assert where(unexplained([second], company)) == "pending"
    assert where(unexplained([replace(own, id="pi_3", payment_id="q")], company, own)) == "pending"


def test_a_stored_intent_counts_more_than_ones_own(company: SmallCompany) -> None:
    own = stranger_intent(company, id="pi_1", payment_id="p", status=OPEN)
    known(company, "submitted", "pi_2")

    assert where(unexplained([own], company, own)) == "given_up"
    assert where(unexplained([replace(own, id="pi_2")], company, own)) == "pending"


def test_a_late_charge_has_one_id_of_its_own(company: SmallCompany) -> None:
    """Old ledgers have it: it must never change."""
    intent = stranger_intent(company, id="pi_1")

    assert late_id(intent) == late_id(odd(intent)) == "a4524c7d-7c3e-5ec5-9f48-0c4febb414ec"
    assert late_id(replace(intent, id="pi_2")) != late_id(intent)


# --- Refused ---


def customer(company: SmallCompany, number: str = "C-1") -> Customer:
    with company.ledger.read() as unit:
        found = unit.customers.get(number, EVERYTHING)
    assert found is not None
    return found


def refusal_of(company: SmallCompany, *lost: Intent) -> Refused:
    gateway: ScriptedGateway = company.gateway
    gateway.found.update({intent.id: intent for intent in lost})
    with pytest.raises(Refused) as refused:
        company.pay("INV-1", method="card")
    return refused.value


def lost(company: SmallCompany, id: str, **more: object) -> Intent:
    gateway_id = customer(company).gateway_id
    return stranger_intent(company, **{"id": id, "payment_id": id, "customer": gateway_id, **more})


def test_charged_and_unfinished_ones_are_counted_together(company: SmallCompany) -> None:
    charged = [lost(company, "pi_1"), lost(company, "pi_2")]
    unfinished = [lost(company, "pi_3", status=OPEN), lost(company, "pi_4", status=OPEN)]

    refused = refusal_of(company, *charged, *unfinished)

    assert refused.code == "ledger_behind_gateway"
    assert refused.message.startswith("the gateway has 4 payment(s) that this ledger does not know")
    assert "invoicepay sync" in refused.hint


def test_a_customers_payment_is_not_refused_for_anothers(company: SmallCompany) -> None:
    gateway: ScriptedGateway = company.gateway
    gateway.found["pi_1"] = lost(company, "pi_1", customer="cus_other")

    assert company.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED
    del gateway.found["pi_1"]


def test_a_customer_is_not_made_while_any_charge_is_not_known(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.found["pi_1"] = lost(company, "pi_1")
    gateway.found["pi_2"] = lost(company, "pi_2", status=OPEN)

    with pytest.raises(Refused) as refused:
        company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))

    assert "2 payment(s)" in refused.value.message
    gateway.found.clear()


@pytest.mark.parametrize(
    ("says", "is_theirs"),
    [
        ({"customer_number": "C-2"}, True),
        ({"customer_number": "C-1"}, False),
        ({"customer_number": "", "customer": ""}, True),
        ({"customer_number": "", "customer": "cus_unknown"}, True),
        ({"customer_number": "", "customer": "cus_0"}, False),
    ],
)
def test_what_cannot_be_read_is_in_the_way_of_whose_it_may_be(
    company: SmallCompany, gateway: ScriptedGateway, says: dict[str, str], is_theirs: bool
) -> None:
    assert customer(company).gateway_id == "cus_0"
    gateway.found["pi_1"] = lost(company, "pi_1", **says)
    gateway.unreadable["pi_1"] = True

    if is_theirs:
        with pytest.raises(Refused) as refused:
            check_reconciled(customer(company, "C-2"), company)
        assert refused.value.code == "ledger_behind_gateway"
        assert refused.value.message.startswith("C-2 is at the gateway already")
        assert "pi_1 cannot be read" in refused.value.message
        assert refused.value.hint == reconcile.LOOK_IT_UP
    else:
        check_reconciled(customer(company, "C-2"), company)


# --- How far back ---


def test_since_it_was_reconciled_is_what_is_listed(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.found["pi_1"] = lost(company, "pi_1")
    company.clock.move(days=2)
    gateway.found["pi_2"] = lost(company, "pi_2")
    assert [intent.id for intent in since_reconciled(company)] == ["pi_2", "pi_1"]

    with company.ledger.write() as unit:
        unit.company.set_reconciled(company.clock.time - timedelta(days=1))
        told(unit)

    assert [intent.id for intent in since_reconciled(company)] == ["pi_2"]


@pytest.mark.parametrize("reconciled", [None, -1, 0, 1, 11, 12])
def test_of_many_the_newest_are_looked_at_and_all_since_it_was_reconciled(
    company: SmallCompany,
    gateway: ScriptedGateway,
    monkeypatch: pytest.MonkeyPatch,
    reconciled: int | None,
) -> None:
    """Three, of which canceled ones do not count; and all until one is older than the instant,
    which costs nothing where it is on the same page. One of that very instant is not older: others
    may have been made in the same second."""
    monkeypatch.setattr(reconcile, "NEWEST_LOOKED_AT", 3)
    oldest = lost(company, "pi_0")
    made = company.clock.time
    company.clock.move(seconds=10)
    for n in range(1, 4):
        company.clock.move(seconds=1)
        known(company, "succeeded", f"pi_{n}", f"pi_{n}")
        gateway.found[f"pi_{n}"] = lost(company, f"pi_{n}")
        gateway.found[f"pi_x{n}"] = lost(company, f"pi_x{n}", status=IntentStatus.CANCELED)
    gateway.found["pi_0"] = oldest
    if reconciled is not None:
        with company.ledger.write() as unit:
            unit.company.set_reconciled(made + timedelta(seconds=reconciled))
            told(unit)
    own = lost(company, "pi_own", status=OPEN)
    payment = replace(company_payment(company), allocations=(Allocation("INV-1", 1),))

    if reconciled in (-1, 0, 1, 11):
        with pytest.raises(Refused):
            check_not_behind(payment, customer(company), own, company)
    else:
        check_not_behind(payment, customer(company), own, company)

    gateway.found["pi_0"] = replace(oldest, created_at=company.clock.time)
    with pytest.raises(Refused):
        check_not_behind(payment, customer(company), own, company)
    gateway.found.clear()


def test_the_last_of_the_newest_is_looked_at_and_the_next_is_not(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is not known to have all that came before, too. Canceled ones are passed over."""
    monkeypatch.setattr(reconcile, "NEWEST_LOOKED_AT", 3)
    payment, own = company_payment(company), lost(company, "pi_own", status=OPEN)
    gateway.found["pi_0"] = lost(company, "pi_0")
    for n in (1, 2):
        company.clock.move(seconds=1)
        known(company, "succeeded", f"pi_{n}", f"pi_{n}")
        gateway.found[f"pi_{n}"] = lost(company, f"pi_{n}")
        gateway.found[f"pi_x{n}"] = lost(company, f"pi_x{n}", status=IntentStatus.CANCELED)

    with pytest.raises(Refused):
        check_not_behind(payment, customer(company), own, company)
    company.clock.move(seconds=1)
    known(company, "succeeded", "pi_3", "pi_3")
    gateway.found["pi_3"] = lost(company, "pi_3")
    check_not_behind(payment, customer(company), own, company)
    gateway.found.clear()


def test_what_does_not_say_when_it_was_made_ends_no_look(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked past, and the next `sync` begins no earlier for it."""
    monkeypatch.setattr(reconcile, "NEWEST_LOOKED_AT", 1)
    until = company.clock.time
    with company.ledger.write() as unit:
        unit.company.set_reconciled(until)
        told(unit)
    company.clock.move(days=1)
    timeless = replace(odd(lost(company, "pi_odd")), created_at=None)
    payment = replace(company_payment(company), allocations=(Allocation("INV-1", 1),))
    own, charged = lost(company, "pi_own", status=OPEN), lost(company, "pi_1")

    refusals = []
    for listed in ([timeless, charged], [timeless]):
        monkeypatch.setattr(gateway, "intents", lambda *_, found=listed, **__: iter(found))
        with pytest.raises(Refused) as refused:
            check_not_behind(payment, customer(company), own, company)
        refusals.append(refused.value.code)

    assert refusals == ["ledger_behind_gateway", "in_flight"]
    assert since(company) == until


def since(company: SmallCompany) -> datetime | None:
    with company.ledger.read() as unit:
        return unit.company.identity().reconciled_until


def company_payment(company: SmallCompany) -> Payment:
    known(company, "claimed", "", "pi_own")
    return company.payment("pi_own")


@pytest.mark.parametrize("missed", [[1], [3, 1, 2], [5], [4], [3, 5]])
def test_the_next_sync_looks_from_the_oldest_that_was_missed(
    company: SmallCompany, gateway: ScriptedGateway, missed: list[int]
) -> None:
    """Only where it would not have, anyway."""
    start = company.clock.time
    for day in missed:
        at = start + timedelta(days=day)
        gateway.found[f"pi_{day}"] = lost(company, f"pi_{day}", created_at=at)
    horizon = start + timedelta(days=4)
    with company.ledger.write() as unit:
        unit.company.set_reconciled(horizon)
        told(unit)
    company.clock.move(days=6)

    with pytest.raises(Refused):
        company.pay("INV-1", method="card")

    with company.ledger.read() as unit:
        until = unit.company.identity().reconciled_until
    assert until == min(horizon, start + timedelta(days=min(missed)))
    gateway.found.clear()


@pytest.mark.parametrize("meanwhile", [1, 3, 5])
def test_the_next_sync_looks_from_the_oldest_that_anybody_missed(
    company: SmallCompany, gateway: ScriptedGateway, meanwhile: int
) -> None:
    """Another process has set it back, or on, since this one looked."""
    start = company.clock.time
    for day in (2, 4):
        at = start + timedelta(days=day)
        gateway.found[f"pi_{day}"] = lost(company, f"pi_{day}", created_at=at)

    def set_reconciled(day: int) -> None:
        with company.another_process().ledger.write() as unit:
            unit.company.set_reconciled(start + timedelta(days=day))
            told(unit)

    def interfere(call: str) -> None:
        if call == "intents":
            gateway.before = lambda name: None
            set_reconciled(meanwhile)

    set_reconciled(5)
    company.clock.move(days=6)
    gateway.before = interfere

    with pytest.raises(Refused):
        company.pay("INV-1", method="card")

    assert since(company) == start + timedelta(days=min(2, meanwhile))
    gateway.found.clear()


@pytest.mark.parametrize("which", ["charged", "unfinished", "unreadable"])
def test_every_kind_that_refuses_is_looked_at_by_the_next_sync(
    company: SmallCompany, gateway: ScriptedGateway, which: str
) -> None:
    made = company.clock.time
    status = OPEN if which == "unfinished" else IntentStatus.SUCCEEDED
    intent = lost(company, "pi_1", status=status, allocations=(Allocation("INV-1", 1),))
    company.clock.move(days=3)
    with company.ledger.write() as unit:
        unit.company.set_reconciled(company.clock.time)
        told(unit)
    if which == "unreadable":
        gateway.unreadable["pi_1"] = True

    refusal_of(company, intent)

    with company.ledger.read() as unit:
        assert unit.company.identity().reconciled_until == made
    gateway.found.clear()
    gateway.unreadable.clear()


def test_what_a_copy_confirmed_while_it_was_canceled_is_looked_at_by_the_next_sync(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.NOT_SENT)
    copy = backed_up(company)
    unknown = company.pay("INV-1", method="card")
    made = gateway.found[unknown.gateway_id].created_at
    put_back(company, copy)
    known(company, "canceled", "", unknown.id)
    company.clock.move(days=3)
    with company.ledger.write() as unit:
        unit.company.set_reconciled(company.clock.time)
        told(unit)
    charged = replace(gateway.found[unknown.gateway_id], status=IntentStatus.SUCCEEDED)

    def overtakes(call: str) -> None:
        if call == "cancel":
            gateway.before = lambda name: None
            gateway.found[charged.id] = charged

    gateway.before = overtakes
    with pytest.raises(Refused) as refused:
        company.pay("INV-1", method="card")

    assert refused.value.code == "ledger_behind_gateway"
    assert "1 payment(s)" in refused.value.message
    with company.ledger.read() as unit:
        assert unit.company.identity().reconciled_until == made
    assert [step.error for step in sync(company)] == [None]


def test_two_copies_do_not_refuse_each_others_known_payments(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    company.pay("INV-1", method="card")
    other = copied(company)

    assert other.pay("INV-2", method="card").status is PaymentStatus.SUCCEEDED
