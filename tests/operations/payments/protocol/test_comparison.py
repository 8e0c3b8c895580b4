"""Money is checked both ways: what the ledger says was charged, the gateway must have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import Intent, IntentStatus
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.books.health import CheckHealth, Health
from invoicepay.operations.methods import AttachTestMethod
from invoicepay.operations.payments.protocol import compare
from invoicepay.operations.payments.protocol.compare import NOT_CHANGED, Comparison, compare_changed
from invoicepay.operations.payments.sync import NotReconciled, Sync
from tests.operations.payments.protocol.test_restored import backed_up, put_back
from tests.operations.payments.protocol.test_slow_copies import pay_some
from tests.world.company import SmallCompany
from tests.world.halfway import halfway
from tests.world.scripted_gateway import Fault, ScriptedGateway

Change = Callable[[Intent], Intent | None]


def synced(company: SmallCompany) -> Comparison:
    return next(s for s in company.finance.call(Sync()) if isinstance(s, Comparison))


def health(company: SmallCompany, *, everything: bool = False) -> Health:
    return company.finance.call(CheckHealth(everything))


def doctor(company: SmallCompany, *, everything: bool = False) -> Comparison:
    found = health(company, everything=everything).comparison
    assert found is not None
    return found


def lines(comparison: Comparison) -> list[tuple[str, str, str]]:
    return [(d.what, d.found, d.expected) for d in comparison.differences]


def charges(found: Health) -> str:
    return next(check.detail for check in found.checks if check.name == "charges")


def entry_of(company: SmallCompany, payment: Payment) -> int:
    """The journal's entry that put it as it is."""
    with company.ledger.read() as unit:
        (entry,) = unit._connection.execute(
            "SELECT seq FROM journal WHERE subject = ? AND kind = ?",
            (payment.id, f"payment.{payment.status}"),
        ).fetchone()
    return int(entry)


def names_no_charge(company: SmallCompany, payment: Payment) -> None:
    with company.ledger.write() as unit:
        unit._connection.execute("UPDATE payments SET gateway_id = '' WHERE id = ?", (payment.id,))
        unit.journal.append("test", "", "", company.clock.time, {})


def at_gateway(gateway: ScriptedGateway, payment: Payment, change: Change) -> None:
    changed = change(gateway.found[payment.gateway_id])
    if changed is None:
        del gateway.found[payment.gateway_id]
    else:
        gateway.found[payment.gateway_id] = changed


def asked(gateway: ScriptedGateway, act: Callable[[], object]) -> list[str]:
    gateway.calls.clear()
    act()
    return gateway.calls


@pytest.fixture
def paid(company: SmallCompany) -> Payment:
    return company.pay("INV-1", method="card")


DIFFERENCES: dict[str, tuple[Change, list[tuple[str, str, str]]]] = {
    "missing": (
        lambda intent: None,
        [("status", "succeeded", "absent, since the gateway has no {pi}")],
    ),
    "canceled": (
        lambda intent: replace(intent, status=IntentStatus.CANCELED),
        [("status", "succeeded", "canceled as the gateway's {pi} has it")],
    ),
    "processing": (
        lambda intent: replace(intent, status=IntentStatus.PROCESSING),
        [("status", "succeeded", "processing as the gateway's {pi} has it")],
    ),
    "not confirmed": (
        lambda intent: replace(intent, status=IntentStatus.REQUIRES_CONFIRMATION),
        [("status", "succeeded", "requires_confirmation as the gateway's {pi} has it")],
    ),
    "another amount": (
        lambda intent: replace(intent, amount_minor=9000),
        [("amount", "100.00 USD", "90.00 USD as the gateway's {pi} has it")],
    ),
    "another currency": (
        lambda intent: replace(intent, currency="EUR"),
        [("amount", "100.00 USD", "100.00 EUR as the gateway's {pi} has it")],
    ),
    "another customer": (
        lambda intent: replace(intent, customer="cus_1", customer_number=""),
        [("customer", "C-1", "C-2 as the gateway's {pi} has it")],
    ),
    "a customer whom nobody knows": (
        lambda intent: replace(intent, customer="cus_x", customer_number=""),
        [("customer", "C-1", "cus_x as the gateway's {pi} has it")],
    ),
    "another customer by our number": (
        lambda intent: replace(intent, customer="", customer_number="C-2"),
        [("customer", "C-1", "C-2 as the gateway's {pi} has it")],
    ),
    "another mode": (
        lambda intent: replace(intent, livemode=True),
        [("mode", "test", "live as the gateway's {pi} has it")],
    ),
    "two things": (
        lambda intent: replace(intent, amount_minor=1, status=IntentStatus.CANCELED),
        [
            ("amount", "100.00 USD", "0.01 USD as the gateway's {pi} has it"),
            ("status", "succeeded", "canceled as the gateway's {pi} has it"),
        ],
    ),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_what_the_gateway_has_otherwise_is_named_until_it_is_not(
    company: SmallCompany, gateway: ScriptedGateway, paid: Payment, name: str
) -> None:
    company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))  # cus_1
    before = gateway.found[paid.gateway_id]
    change, expected = DIFFERENCES[name]
    at_gateway(gateway, paid, change)
    told = [
        (f"{what} of payment {paid.id}", here, there.format(pi=paid.gateway_id))
        for what, here, there in expected
    ]

    for _ in range(2):
        assert lines(synced(company)) == told
        assert lines(doctor(company)) == told
    assert lines(doctor(company, everything=True)) == told
    assert company.payment(paid.id) == paid

    gateway.found[paid.gateway_id] = before
    assert lines(synced(company)) == []
    assert lines(doctor(company, everything=True)) == []


@pytest.mark.parametrize("everything", [False, True])
def test_a_payment_of_another_mode_is_a_difference(
    company: SmallCompany, gateway: ScriptedGateway, paid: Payment, everything: bool
) -> None:
    with company.ledger.write() as unit:
        unit._connection.execute("UPDATE payments SET livemode = 1")
        unit.journal.append("test", "", "", company.clock.time, {})

    (line,) = lines(doctor(company, everything=everything))

    assert line == (
        f"mode of payment {paid.id}",
        "live",
        f"test as the gateway's {paid.gateway_id} has it",
    )


def test_a_payment_that_names_no_charge_is_a_difference(
    company: SmallCompany, paid: Payment
) -> None:
    names_no_charge(company, paid)

    for everything in (False, True):
        assert (
            f"status of payment {paid.id}",
            "succeeded",
            "absent, since it names no charge",
        ) in lines(doctor(company, everything=everything))
    assert compare_changed([], company).done_until == entry_of(company, paid) - 1


def test_a_debit_that_has_ended_meanwhile_is_settled_and_no_difference(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    debits = [company.pay(number, method="ach") for number in ("INV-1", "INV-2")]
    assert synced(company).count == 2
    for debit, returned in zip(debits, (False, True), strict=True):
        gateway.bank_settles(debit.gateway_id, returned=returned)

    assert lines(doctor(company, everything=True)) == []
    assert lines(doctor(company)) == []
    assert lines(synced(company)) == []

    ended = [company.payment(debit.id).status for debit in debits]
    assert ended == [PaymentStatus.SUCCEEDED, PaymentStatus.FAILED]
    assert doctor(company, everything=True).count == 1


@pytest.mark.parametrize("change", ["missing", "another amount"])
def test_a_debit_on_its_way_is_compared_too(
    company: SmallCompany, gateway: ScriptedGateway, change: str
) -> None:
    debit = company.pay("INV-1", method="ach")
    at_gateway(gateway, debit, DIFFERENCES[change][0])

    (line,) = lines(doctor(company))
    assert line[0].endswith(debit.id)


def test_what_came_from_elsewhere_or_was_not_charged_is_not_asked_for(
    company: SmallCompany, gateway: ScriptedGateway, bad_card: str
) -> None:
    company.pay("INV-1", method=bad_card)
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    company.pay("INV-2", method="card")  # unknown

    assert (doctor(company).count, doctor(company, everything=True).count) == (0, 0)


# --- When, and how often ------------------------------------------------------------------------


def test_what_was_compared_is_not_compared_again_but_by_doctor_all(
    company: SmallCompany, gateway: ScriptedGateway, paid: Payment
) -> None:
    assert [synced(company).count for _ in range(2)] == [1, 0]
    at_gateway(gateway, paid, lambda intent: None)

    assert (doctor(company).count, lines(synced(company))) == (0, [])
    assert len(doctor(company, everything=True).differences) == 1


def test_doctor_changes_nothing_not_even_what_is_compared_next(
    company: SmallCompany, paid: Payment
) -> None:
    assert [doctor(company).count for _ in range(2)] == [1, 1]
    before = dump(company)
    health(company)
    health(company, everything=True)
    assert dump(company) == before
    assert synced(company).count == 1


def dump(company: SmallCompany) -> list[str]:
    with company.ledger.read() as unit:
        return [line for line in unit._connection.iterdump() if 'INTO "sessions"' not in line]


def test_a_sync_that_finds_nothing_new_writes_nothing(company: SmallCompany, paid: Payment) -> None:
    synced(company)
    before = dump(company)

    synced(company)

    assert dump(company) == before


def test_what_is_fine_behind_a_difference_does_not_hide_it(
    company: SmallCompany, gateway: ScriptedGateway, paid: Payment
) -> None:
    at_gateway(gateway, paid, DIFFERENCES["canceled"][0])
    for _ in range(3):
        company.clock.move(days=1)
        pay_some(company, "INV-2")
        assert len(synced(company).differences) == 1


def test_comparing_takes_no_call_of_its_own_for_what_was_just_listed(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    for _ in range(5):
        pay_some(company, "INV-2")

    assert asked(gateway, lambda: synced(company)) == ["intents"]


def test_a_few_old_ones_are_asked_for_one_by_one(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    debit = company.pay("INV-1", method="ach")
    company.clock.move(days=4)
    pay_some(company, "INV-2")
    synced(company)
    gateway.bank_settles(debit.gateway_id)

    calls = asked(gateway, lambda: synced(company))

    assert calls == ["retrieve", "intents", "retrieve"]  # to settle it, and to compare it


def test_many_are_listed(company: SmallCompany, gateway: ScriptedGateway) -> None:
    with company.ledger.write() as unit:  # as if sync had been run often without comparing
        unit.company.set_reconciled(company.clock.time + timedelta(days=30))
        unit.journal.append("test", "", "", company.clock.time, {})
    for _ in range(30):
        company.clock.move(hours=8)
        pay_some(company, "INV-2")
    newer = replace(next(iter(gateway.found.values())), id="pi_other", ledger_id="another")
    gateway.found["pi_other"] = replace(newer, created_at=company.clock.time + timedelta(days=40))
    gateway.page_size = 100

    found: list[Comparison] = []
    calls = asked(gateway, lambda: found.append(synced(company)))

    assert (found[0].count, lines(found[0])) == (30, [])
    assert calls == ["intents", "intents"]


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_any_number_is_compared_in_batches(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(compare, "BATCH", batch)
    payments = []
    for day in range(9):
        company.clock.move(days=day)
        payments.append(pay_some(company, "INV-2"))
    for payment in payments[1::4]:
        at_gateway(gateway, payment, DIFFERENCES["canceled"][0])
    odd = [f"status of payment {payment.id}" for payment in payments[1::4]]

    for found in (doctor(company), doctor(company, everything=True), synced(company)):
        assert found.count == 9
        assert [what for what, _, _ in lines(found)] == odd
    with company.ledger.read() as unit:
        assert unit.comparison.changed(unit.comparison.done_until(), 1)[0].id == payments[1].id


def test_all_charges_are_looked_at_in_batches_too(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that no payment is near to in time."""
    monkeypatch.setattr(compare, "BATCH", 2)
    for _ in range(5):
        company.clock.move(days=3)
        pay_some(company, "INV-2")
    like = next(iter(gateway.found.values()))
    for days in (-400, 5, 400):
        made = like.created_at + timedelta(days=days)
        name = f"pi_{days}"
        gateway.found[name] = replace(like, id=name, payment_id=name, created_at=made)

    checks = {check.name: check for check in health(company, everything=True).checks}

    assert checks["charges"].detail.startswith("3 at the gateway that this ledger does not know")
    assert checks["comparison"].ok


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_each_charge_is_listed_once_and_none_is_asked_for_by_itself(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(compare, "BATCH", batch)
    for day in range(9):
        company.clock.move(days=day)
        pay_some(company, "INV-2")
    gateway.page_size = 1
    found: list[Health] = []

    calls = asked(gateway, lambda: found.append(health(company, everything=True)))

    assert charges(found[0]) == "9 looked at, each is known here"
    assert "retrieve" not in calls
    assert calls.count("intents") <= 10


def test_each_charge_is_counted_once_where_a_clock_was_set_back(
    company: SmallCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "BATCH", 1)
    for _ in range(4):
        company.clock.move(hours=-3)
        pay_some(company, "INV-2")

    assert charges(health(company, everything=True)) == "4 looked at, each is known here"


@pytest.mark.parametrize("seconds", [1, 2, 3])
def test_no_charge_is_passed_over_between_two_batches(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    monkeypatch.setattr(compare, "BATCH", 1)
    for _ in range(3):
        company.clock.move(minutes=5)
        pay_some(company, "INV-2")
    for intent in list(gateway.found.values()):
        at = intent.created_at + timedelta(seconds=seconds)
        name = f"{intent.id}_later"
        gateway.found[name] = replace(intent, id=name, payment_id=name, created_at=at)

    found = charges(health(company, everything=True))

    assert found.startswith("3 at the gateway that this ledger does not know")


@pytest.mark.parametrize("batch", [1, 100])
def test_after_a_hundred_differences_it_stops_and_begins_there_the_next_time(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(compare, "MOST_TOLD", 3)
    monkeypatch.setattr(compare, "BATCH", batch)
    for _ in range(6):
        pay_some(company, "INV-2")
    there = gateway.found.copy()
    gateway.found.clear()

    calls = asked(gateway, lambda: synced(company))

    assert calls.count("retrieve") == 3
    for everything in (False, True):
        found = doctor(company, everything=everything)
        assert len(found.differences) == 3
        assert found.said == "at least 3 difference(s) from what the gateway has"
    gateway.found.update(there)
    found = synced(company)
    assert (found.count, lines(found), found.error) == (6, [], None)


def test_where_it_could_not_look_at_all_there_may_be_more_differences(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "PER_PAGE", 1)  # each is asked for by itself
    first, second = pay_some(company, "INV-2"), pay_some(company, "INV-2")
    at_gateway(gateway, first, DIFFERENCES["canceled"][0])
    assert compare_changed([], company).said == "1 difference(s) from what the gateway has"
    gateway.unreadable[second.gateway_id] = True  # which is told of by itself
    assert compare_changed([], company).said == "1 difference(s) from what the gateway has"
    gateway.unreadable.clear()

    def fail_the_second(call: str) -> None:
        if len(gateway.calls) == 2:
            gateway.fail_next(call, Fault.NOT_SENT)

    gateway.calls.clear()
    gateway.before = fail_the_second
    found = compare_changed([], company)

    assert found.said == "at least 1 difference(s) from what the gateway has"


def test_what_was_not_looked_at_before_it_stopped_is_the_next_time(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "MOST_TOLD", 1)
    first, second = pay_some(company, "INV-2"), pay_some(company, "INV-2")
    at_gateway(gateway, first, lambda intent: None)
    names_no_charge(company, second)

    found = compare_changed([], company)

    assert [what for what, _, _ in lines(found)] == [f"status of payment {second.id}"]
    assert found.done_until == entry_of(company, first) - 1


def test_the_next_look_begins_with_the_first_that_differs(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    payments = [pay_some(company, "INV-2") for _ in range(4)]
    for odd in payments[2], payments[1]:
        at_gateway(gateway, odd, DIFFERENCES["canceled"][0])

    assert synced(company).done_until == entry_of(company, payments[1]) - 1


def test_where_nothing_differs_the_next_look_begins_with_the_next_entry(
    company: SmallCompany, paid: Payment
) -> None:
    with company.ledger.write() as unit:
        unit.journal.append("test", "", "", company.clock.time, {})
        head = unit.journal.head()
    assert head is not None

    assert compare_changed([], company).done_until == head.seq > entry_of(company, paid)


def test_a_debit_that_changed_twice_counts_once(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "BATCH", 1)
    debit = company.pay("INV-1", method="ach")
    gateway.bank_settles(debit.gateway_id)
    list(company.call(Sync()))
    assert company.payment(debit.id).status is PaymentStatus.SUCCEEDED

    found = doctor(company)

    assert (found.count, lines(found)) == (1, [])


# --- What is asked for --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "calls"), [(0, []), (1, ["retrieve"]), (2, ["retrieve"] * 2), (3, ["intents"] * 2)]
)
def test_what_is_left_is_listed_where_that_takes_fewer_calls(
    company: SmallCompany,
    gateway: ScriptedGateway,
    monkeypatch: pytest.MonkeyPatch,
    left: int,
    calls: list[str],
) -> None:
    monkeypatch.setattr(compare, "PER_PAGE", 2)
    gateway.page_size = 2
    for _ in range(left):
        pay_some(company, "INV-2")

    assert asked(gateway, lambda: compare_changed([], company)) == calls


@pytest.mark.parametrize("minutes", [-55, 55])
def test_a_list_has_them_where_clocks_differ(
    company: SmallCompany, gateway: ScriptedGateway, minutes: int
) -> None:
    gateway.now = lambda: company.clock.time + timedelta(minutes=minutes)
    for _ in range(3):
        pay_some(company, "INV-2")

    assert asked(gateway, lambda: compare_changed([], company)) == ["intents"]


def test_one_that_was_asked_for_and_is_fine_is_not_asked_for_again(
    company: SmallCompany, gateway: ScriptedGateway, paid: Payment
) -> None:
    found = compare_changed([], company)

    assert (found.count, lines(found)) == (1, [])
    assert found.done_until >= entry_of(company, paid)


# --- What is not a difference -------------------------------------------------------------------


def test_a_list_that_fails_is_no_difference_and_is_made_up_for(
    company: SmallCompany, gateway: ScriptedGateway, paid: Payment
) -> None:
    gateway.fail_next("intents", Fault.NOT_SENT)
    steps = list(company.finance.call(Sync()))
    assert [s.error.code for s in steps if isinstance(s, NotReconciled)] == ["gateway_unreachable"]
    assert not any(isinstance(s, Comparison) for s in steps)

    for everything in (False, True):
        gateway.fail_next("intents", Fault.NOT_SENT)
        found = health(company, everything=everything)
        wrong = {check.name for check in found.checks if not check.ok}
        assert wrong == {"charges", "comparison"}
        assert found.comparison is not None
        assert found.comparison.error is not None
        assert found.comparison.error.code == "gateway_unreachable"
        assert found.comparison.differences == ()

    assert synced(company).count == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [(Fault.NOT_SENT, "gateway_unreachable"), (Fault.REFUSED, "gateway_refused")],
)
@pytest.mark.parametrize("batch", [1, 100])
def test_what_fails_ends_the_comparison_and_says_what_to_do(
    company: SmallCompany,
    gateway: ScriptedGateway,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    code: str,
    batch: int,
) -> None:
    """A gateway that is down is not asked once for each payment."""
    monkeypatch.setattr(compare, "BATCH", batch)
    first, *_ = [pay_some(company, "INV-2") for _ in range(4)]
    found: list[Comparison] = []

    gateway.fail_next("intents", fault)
    calls = asked(gateway, lambda: found.append(doctor(company, everything=True)))
    assert calls == ["intents"]
    call = "intents" if batch > 1 else "retrieve"  # whatever takes fewer
    gateway.fail_next(call, fault)
    calls = asked(gateway, lambda: found.append(compare_changed([], company)))
    assert calls == [call]

    for comparison in found:
        assert comparison.error is not None
        assert (comparison.error.code, comparison.error.hint) == (code, NOT_CHANGED)
        assert comparison.differences == ()
    assert [c.done_until for c in found] == [0, entry_of(company, first) - 1]
    assert synced(company).count == 4


@pytest.mark.parametrize("fault", [Fault.NOT_SENT, Fault.REFUSED, Fault.UNREADABLE])
def test_one_that_cannot_be_asked_for_is_no_difference_and_is_made_up_for(
    company: SmallCompany, gateway: ScriptedGateway, fault: Fault
) -> None:
    debit = company.pay("INV-1", method="ach")
    company.clock.move(days=4)
    pay_some(company, "INV-2")
    synced(company)
    gateway.bank_settles(debit.gateway_id)
    list(company.call(Sync()))  # the customer's own
    assert company.payment(debit.id).status is PaymentStatus.SUCCEEDED

    gateway.fail_next("retrieve", fault)
    steps = list(company.finance.call(Sync()))
    assert [lines(s) for s in steps if isinstance(s, Comparison)] == [[]]
    (left,) = [s.error for s in steps if isinstance(s, NotReconciled)]
    assert left.exit_code == 10

    assert synced(company).count == 1


def test_a_charge_that_cannot_be_read_is_no_difference_and_not_forgotten(
    company: SmallCompany, gateway: ScriptedGateway, paid: Payment
) -> None:
    gateway.unreadable[paid.gateway_id] = True
    for _ in range(2):
        steps = list(company.finance.call(Sync()))
        (left,) = [s.error for s in steps if isinstance(s, NotReconciled)]
        assert paid.gateway_id in left.message
    checks = {check.name: check for check in health(company, everything=True).checks}
    assert paid.gateway_id in checks["comparison"].detail
    assert checks["charges"].ok

    gateway.unreadable.clear()
    assert (synced(company).count, synced(company).count) == (1, 0)


def test_what_moved_on_since_it_was_listed_is_asked_again(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """A payer confirms between sync's list and its comparison."""
    payer = halfway(gateway, "intents", lambda: company.pay("INV-1", method="card"))
    payer.switch()
    other = company.another_process()
    sync = halfway(gateway, "intents", lambda: found.append(synced(other)))
    found: list[Comparison] = []
    sync.switch()
    payer.switch()
    sync.switch()

    assert company.payment(next(iter(gateway.found.values())).payment_id).status == "succeeded"
    assert (found[0].count, lines(found[0])) == (1, [])


@pytest.mark.parametrize("what", ["restored", "copied"])
def test_a_ledger_that_missed_a_charge_differs_in_nothing_once_it_has_synced(
    company: SmallCompany, gateway: ScriptedGateway, what: str
) -> None:
    copy = backed_up(company)
    company.pay("INV-1", method="card", key="a")
    if what == "restored":
        put_back(company, copy)
        ledger = company
    else:
        ledger = SmallCompany(SqliteLedger(copy), gateway, company.clock)
    company.clock.move(days=2)

    assert [synced(ledger).count for _ in range(2)] == [1, 0]
    found = doctor(ledger, everything=True)
    assert (found.count, lines(found)) == (1, [])


def test_a_customer_may_have_had_another_id_at_the_gateway(
    company: SmallCompany, gateway: ScriptedGateway, paid: Payment
) -> None:
    """Before the ledger was restored; the charge says whose it was in our words."""
    at_gateway(gateway, paid, lambda intent: replace(intent, customer="cus_before"))
    assert lines(doctor(company)) == []
    at_gateway(gateway, paid, lambda intent: replace(intent, customer=""))
    assert lines(doctor(company)) == []


def test_a_charge_that_says_nothing_of_whose_it_is_may_be_this_customers(
    company: SmallCompany, gateway: ScriptedGateway, paid: Payment
) -> None:
    at_gateway(gateway, paid, lambda intent: replace(intent, customer="", customer_number=""))

    assert lines(doctor(company)) == []


def test_a_ledger_whose_journal_was_emptied_is_compared_all_the_same(
    company: SmallCompany, gateway: ScriptedGateway, paid: Payment
) -> None:
    """`doctor` says so, and looks at the rest."""
    emptied = SmallCompany(SqliteLedger(backed_up(company)), gateway, company.clock)
    with emptied.ledger.write() as unit:
        unit._connection.execute("DROP TRIGGER journal_stays")
        unit._connection.execute("DELETE FROM journal")

    for everything in (False, True):
        wrong = {c.name for c in health(emptied, everything=everything).checks if not c.ok}
        assert "journal" in wrong
        assert "comparison" not in wrong
