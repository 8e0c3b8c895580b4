"""Two copies of a ledger, A and B, and a payer of A's who sleeps for days between two steps.
However long that is: each charge becomes known to both or is canceled, and nobody is refused for
good."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from greenlet import getcurrent, greenlet

from invoicepay.billing.errors import Refused
from invoicepay.billing.invoice import InvoiceStatus
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import Intent, IntentStatus
from invoicepay.operations.methods import AttachTestMethod
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.payments.sync import Settled
from tests.operations.payments.protocol.test_restored import copied, sync
from tests.world.company import SmallCompany, pay_knowingly
from tests.world.halfway import halfway
from tests.world.scripted_gateway import Fault, ScriptedGateway


class Copies:
    """A's payer is asleep with an intent for INV-1 that is not confirmed, and B has that payment as
    it was claimed."""

    def __init__(
        self, a: SmallCompany, gateway: ScriptedGateway, method: str = "card", key: str = ""
    ) -> None:
        self.a, self.gateway = a, gateway
        found: list[SmallCompany] = []

        def copy(call: str) -> None:
            if call == "create":
                gateway.before = lambda name: None
                found.append(copied(a))
                self.before_the_intent(found[0])

        gateway.before = copy
        self._payer = halfway(gateway, "intents", lambda: a.pay("INV-1", method=method, key=key))
        self._payer.switch()
        (self.b,) = found
        self.intent_id = next(reversed(gateway.found))
        self.payment_id = gateway.found[self.intent_id].payment_id
        assert self.status is IntentStatus.REQUIRES_CONFIRMATION

    def before_the_intent(self, b: SmallCompany) -> None:
        """What B does before A's payer has made it."""

    @property
    def status(self) -> IntentStatus:
        return self.gateway.found[self.intent_id].status

    def payer_wakes(self) -> None:
        """And confirms."""
        self._payer.switch()
        assert self._payer.dead

    def days_pass(self, days: int = 5, *syncing: SmallCompany) -> list[Settled]:
        """Another customer pays at B, and whoever is named syncs, every day."""
        steps = []
        for _ in range(days):
            self.a.clock.move(days=1)
            pay_some(self.b, "INV-9")
            for company in syncing:
                steps += sync(company)
        return steps


class GivenUp(Copies):
    """B has given the payment up before there was an intent."""

    def before_the_intent(self, b: SmallCompany) -> None:
        stop, self.gateway.after = self.gateway.after, lambda name: None
        b.clock.time += LEASE
        sync(b)
        self.gateway.after = stop


def pay_some(company: SmallCompany, number: str) -> Payment:
    """A small part of an invoice, by card."""
    app = company.stranger if number == "INV-9" else company.payer
    return pay_knowingly(app, Quote(numbers=(number,), method="card", amounts=((number, "0.50"),)))


@pytest.fixture(autouse=True)
def a_card_of_another_customer(company: SmallCompany) -> None:
    company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))


@pytest.fixture
def copies(company: SmallCompany, gateway: ScriptedGateway) -> GivenUp:
    made = GivenUp(company, gateway)
    assert made.b.payment(made.payment_id).status is PaymentStatus.CANCELED
    return made


def assert_nobody_is_stuck(gateway: ScriptedGateway, *companies: SmallCompany) -> None:
    """Once everybody has synced: nothing can still be charged, every ledger has every charge once,
    and at each, in turn, everybody can pay."""
    for company in companies:
        assert [step.error for step in sync(company) if step.error] == []
    ended = (IntentStatus.SUCCEEDED, IntentStatus.CANCELED)
    assert {intent.status for intent in gateway.found.values()} <= set(ended)
    for company in companies:
        for intent in gateway.succeeded():
            assert payments_of(company, intent) == [intent.amount_minor]
        company.assert_books_balance()
    for company in companies:
        sync(company)
        for number in ("INV-3", "INV-9"):
            assert pay_some(company, number).status is PaymentStatus.SUCCEEDED


def payments_of(company: SmallCompany, intent: Intent) -> list[int]:
    with company.ledger.read() as unit:
        rows = unit._connection.execute(
            "SELECT amount_minor FROM payments WHERE gateway_id = ? AND status = 'succeeded'",
            (intent.id,),
        )
        return [amount for (amount,) in rows]


def charged_for(gateway: ScriptedGateway, number: str) -> int:
    return sum(
        allocation.amount_minor
        for intent in gateway.succeeded()
        for allocation in intent.allocations
        if allocation.invoice == number
    )


# --- The payer sleeps for days --------------------------------------------------------------------


def test_what_was_given_up_is_canceled_by_the_next_sync(
    copies: GivenUp, gateway: ScriptedGateway
) -> None:
    copies.days_pass(5, copies.b)
    assert copies.status is IntentStatus.CANCELED

    copies.payer_wakes()

    assert copies.b.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED
    assert charged_for(gateway, "INV-1") == 10000
    assert_nobody_is_stuck(gateway, copies.a, copies.b)


def test_a_cancel_that_is_not_answered_is_not_forgotten(
    copies: GivenUp, gateway: ScriptedGateway
) -> None:
    for _ in range(5):
        gateway.fail_next("cancel", Fault.NOT_SENT)
    steps = copies.days_pass(5, copies.b)
    assert len([s for s in steps if s.subject == copies.intent_id and s.error]) == 5

    copies.payer_wakes()
    assert copies.status is IntentStatus.SUCCEEDED

    assert_nobody_is_stuck(gateway, copies.b, copies.a)
    assert copies.b.invoice("INV-1").status is InvoiceStatus.PAID
    assert charged_for(gateway, "INV-1") == 10000


def test_a_cancel_whose_answer_is_lost_was_one(copies: GivenUp, gateway: ScriptedGateway) -> None:
    gateway.fail_next("cancel", Fault.LOST_ANSWER)
    copies.days_pass(5, copies.b)

    copies.payer_wakes()

    assert copies.status is IntentStatus.CANCELED
    assert_nobody_is_stuck(gateway, copies.b, copies.a)


def test_a_cancel_that_the_gateway_refuses_is_reported_and_not_forgotten(
    copies: GivenUp, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("cancel", Fault.REFUSED)
    steps = copies.days_pass(1, copies.b)
    errors = {step.subject: step.error for step in steps if step.error}
    assert list(errors) == [copies.intent_id]
    copies.days_pass(5)

    copies.payer_wakes()

    assert copies.status is IntentStatus.SUCCEEDED
    assert_nobody_is_stuck(gateway, copies.b, copies.a)


def test_what_moved_on_before_it_was_canceled_is_taken_in_at_once(
    copies: GivenUp, gateway: ScriptedGateway
) -> None:
    copies.days_pass(5)

    def wake(call: str) -> None:
        if call == "cancel":
            gateway.before = lambda name: None
            copies.payer_wakes()

    gateway.before = wake
    steps = sync(copies.b)

    (taken_in,) = [step for step in steps if step.subject == copies.intent_id]
    assert taken_in.error is None
    assert taken_in.payment is not None
    assert taken_in.payment.status is PaymentStatus.SUCCEEDED
    assert copies.b.invoice("INV-1").status is InvoiceStatus.PAID
    assert_nobody_is_stuck(gateway, copies.b, copies.a)


def test_what_was_confirmed_before_anybody_synced_is_taken_in(
    copies: GivenUp, gateway: ScriptedGateway
) -> None:
    copies.days_pass(5)
    copies.payer_wakes()
    copies.days_pass(5)

    with pytest.raises(Refused):
        copies.b.pay("INV-1", method="card")
    assert_nobody_is_stuck(gateway, copies.b, copies.a)
    assert charged_for(gateway, "INV-1") == 10000


@pytest.mark.parametrize("wakes_after", range(7))
@pytest.mark.parametrize("lost", [0, 1, 3])
def test_whenever_the_payer_wakes(
    copies: GivenUp, gateway: ScriptedGateway, wakes_after: int, lost: int
) -> None:
    for _ in range(lost):
        gateway.fail_next("cancel", Fault.NOT_SENT)
    copies.days_pass(wakes_after, copies.b)
    copies.payer_wakes()
    copies.days_pass(6 - wakes_after, copies.b, copies.a)

    assert_nobody_is_stuck(gateway, copies.a, copies.b)
    assert charged_for(gateway, "INV-1") <= 10000


def test_a_debit_that_was_confirmed_days_later_is_taken_in(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """It is at the bank for more days, and may come back."""
    copies = GivenUp(company, gateway, "ach")
    for _ in range(5):
        gateway.fail_next("cancel", Fault.NOT_SENT)
    copies.days_pass(5, copies.b)
    copies.payer_wakes()
    assert copies.status is IntentStatus.PROCESSING
    steps = copies.days_pass(3, copies.b)
    assert [s.payment.status for s in steps if s.payment] == [PaymentStatus.PROCESSING] * 3
    assert copies.b.invoice("INV-1").payable_minor == 0
    gateway.bank_settles(copies.intent_id, returned=True)

    assert_nobody_is_stuck(gateway, company, copies.b)
    assert copies.b.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED


# --- Between two steps of another payment ---------------------------------------------------------


def test_what_a_copy_canceled_for_a_payment_of_its_own_may_be_tried_again_by_its_key(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Nobody wanted it canceled: at the gateway it reads as given up."""
    copies = GivenUp(company, gateway, key="october")
    pay_some(copies.b, "INV-2")
    assert copies.status is IntentStatus.CANCELED

    copies.payer_wakes()

    assert company.payment(copies.payment_id).given_up
    sync(company)
    again = company.pay("INV-1", method="card", key="october")
    assert (again.status, again.id != copies.payment_id) == (PaymentStatus.SUCCEEDED, True)


def test_a_claim_that_a_lost_charge_ended_may_be_tried_again_by_its_key(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    payer = halfway(gateway, "create", lambda: company.pay("INV-1", method="card", key="october"))
    payer.switch()
    pay_some(copied(company), "INV-2")
    sync(company.another_process())
    payer.switch()
    assert gateway.found != {}

    assert company.pay("INV-1", method="card", key="october").status is PaymentStatus.SUCCEEDED
    assert charged_for(gateway, "INV-1") == 10000


def test_what_moved_on_while_it_was_being_canceled_refuses_the_payment(
    copies: GivenUp, gateway: ScriptedGateway
) -> None:
    def wake(call: str) -> None:
        if call == "cancel":
            gateway.before = lambda name: None
            copies.payer_wakes()

    gateway.before = wake
    with pytest.raises(Refused) as refusal:
        copies.b.pay("INV-1", method="card")

    assert refusal.value.code == "ledger_behind_gateway"
    assert gateway.charges == [copies.intent_id]
    assert_nobody_is_stuck(gateway, copies.b, copies.a)


def second_intent(company: SmallCompany, gateway: ScriptedGateway) -> tuple[greenlet, Intent]:
    """A payer of a copy's who has just made another intent of a payment that is paid, under a key
    which the gateway had forgotten by then."""
    other = copied(company)
    company.pay("INV-1", method="card", key="a")
    company.clock.move(days=3)
    payer = halfway(gateway, "create", lambda: other.pay("INV-1", method="card", key="a"))
    payer.switch()
    first, second = gateway.found.values()
    assert first.payment_id == second.payment_id
    assert second.status is IntentStatus.REQUIRES_CONFIRMATION
    return payer, second


def test_a_second_intent_of_a_payment_is_canceled_by_the_next_payment(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    payer, second = second_intent(company, gateway)

    company.pay("INV-2", method="card")

    assert gateway.found[second.id].status is IntentStatus.CANCELED
    with pytest.raises(Refused):
        payer.switch()


def test_a_second_intent_of_a_payment_is_canceled_by_sync(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    payer, second = second_intent(company, gateway)

    assert [step.error for step in sync(company)] == [None]

    assert gateway.found[second.id].status is IntentStatus.CANCELED
    with pytest.raises(Refused):
        payer.switch()


@pytest.mark.parametrize("order", [1, -1])
def test_two_intents_of_one_payment_are_not_both_confirmed(
    company: SmallCompany, gateway: ScriptedGateway, order: int
) -> None:
    """A's payer sleeps with the first until the gateway has forgotten the key; B's, with the same
    key, gets a second."""
    other = copied(company)
    first = halfway(gateway, "intents", lambda: company.pay("INV-1", method="card", key="a"))
    first.switch()
    company.clock.move(days=3)
    second = halfway(gateway, "intents", lambda: other.pay("INV-1", method="card", key="a"))
    second.switch()

    for payer in (first, second)[::order]:
        with suppress(Refused):
            payer.switch()

    assert len({intent.payment_id for intent in gateway.found.values()}) == 1
    assert len(gateway.charges) == 1
    assert_nobody_is_stuck(gateway, company, other)


# --- How far back is looked -----------------------------------------------------------------------


def test_what_a_claim_explained_is_looked_for_after_the_claim(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """When B lists the intent, its own claim explains it. Days later another charge, which B did
    not know, ends that claim; and the payer confirms."""
    copies = Copies(company, gateway)
    for day in range(6):
        copies.days_pass(1)
        if day == 5:
            pay_some(company.another_process(), "INV-2")
        gateway.fail_next("intents", Fault.NOT_SENT)  # the claim cannot be settled
        sync(copies.b)
    assert copies.b.payment(copies.payment_id).status is PaymentStatus.CANCELED

    copies.payer_wakes()

    assert copies.status is IntentStatus.SUCCEEDED
    assert_nobody_is_stuck(gateway, copies.b, company)
    assert charged_for(gateway, "INV-1") == 10000


def test_many_newer_payments_do_not_hide_what_was_charged_since_the_last_sync(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Somebody at B who wants to pay INV-1 looked for an intent before there was one, and gives the
    claim up only after more than a hundred payments, none of which could know."""

    class Settling(Copies):
        def before_the_intent(self, b: SmallCompany) -> None:
            stop = gateway.after
            b.clock.time += LEASE
            quote = Quote(numbers=("INV-1",), method="card")
            self.quoting = halfway(gateway, "intents", lambda: b.another_process().call(quote))
            self.quoting.switch()
            self.quoting.parent = getcurrent().parent
            gateway.after = stop

    pay_some(company, "INV-2")
    company.clock.move(days=3)
    pay_some(company, "INV-2")
    sync(company)  # from here on, each charge was known
    copies = Settling(company, gateway)
    for _ in range(101):
        pay_some(copies.b, "INV-2")
    copies.quoting.switch()
    assert copies.b.payment(copies.payment_id).status is PaymentStatus.CANCELED
    copies.payer_wakes()

    with pytest.raises(Refused):
        copies.b.pay("INV-1", method="card")

    assert charged_for(gateway, "INV-1") == 10000
    assert_nobody_is_stuck(gateway, copies.b, company)


def says_that_it_has_all(company: SmallCompany, until: datetime | None = None) -> None:
    company.clock.move(days=1)
    with company.ledger.write() as unit:
        unit.company.set_reconciled(until or company.clock.time)
        unit.journal.append("test", "", "", company.clock.time, {})


def reconciled_until(company: SmallCompany) -> datetime | None:
    with company.ledger.read() as unit:
        return unit.company.identity().reconciled_until


def test_a_refusal_looks_again_where_nothing_was_thought_left(
    copies: GivenUp, gateway: ScriptedGateway
) -> None:
    """As older versions of the program may have left it."""
    b = copies.b
    says_that_it_has_all(b)
    copies.payer_wakes()
    sync(b)
    with pytest.raises(Refused) as refusal:
        b.pay("INV-1", method="card")
    assert "invoicepay sync" in refusal.value.hint

    sync(b)  # what it says

    assert b.invoice("INV-1").status is InvoiceStatus.PAID
    assert_nobody_is_stuck(gateway, b, copies.a)


def test_a_refusal_never_moves_on_where_the_next_sync_looks_from(
    copies: GivenUp, gateway: ScriptedGateway
) -> None:
    b, long_ago = copies.b, copies.a.clock.time - timedelta(days=90)
    says_that_it_has_all(b)
    copies.payer_wakes()

    def set_back(call: str) -> None:
        if call == "intents":
            gateway.before = lambda name: None
            says_that_it_has_all(b.another_process(), long_ago)

    gateway.before = set_back
    with pytest.raises(Refused):
        b.pay("INV-1", method="card")

    assert reconciled_until(b) == long_ago


def test_a_sync_does_not_move_on_what_a_refusal_has_set_back(
    copies: GivenUp, gateway: ScriptedGateway
) -> None:
    b = copies.b
    says_that_it_has_all(b)
    pay_some(b, "INV-9")
    copies.a.clock.move(days=5)
    pay_some(b, "INV-9")
    copies.payer_wakes()
    syncing = halfway(gateway, "intents", lambda: sync(b.another_process()))
    syncing.switch()  # it has listed what was made since then
    with pytest.raises(Refused):
        b.pay("INV-1", method="card")
    syncing.switch()

    sync(b)

    assert b.invoice("INV-1").status is InvoiceStatus.PAID


def test_a_refusal_for_what_cannot_be_read_has_sync_report_it(
    copies: GivenUp, gateway: ScriptedGateway
) -> None:
    b = copies.b
    says_that_it_has_all(b)
    copies.payer_wakes()
    gateway.unreadable[copies.intent_id] = True
    with pytest.raises(Refused):
        b.pay("INV-1", method="card")

    assert [step.subject for step in sync(b) if step.error] == [copies.intent_id]

    gateway.unreadable.clear()
    assert_nobody_is_stuck(gateway, b, copies.a)


def test_however_many_a_customer_has_made_a_payment_lists_them_once(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    for day in range(110):
        company.clock.move(hours=1)
        pay_some(company, "INV-2")
        if day == 90:
            company.clock.move(days=3)
    for synced in (False, True):
        if synced:
            sync(company)
        gateway.calls.clear()
        pay_some(company, "INV-2")
        assert gateway.calls == ["create", "intents", "confirm"]


# --- Nobody who is at it is disturbed -------------------------------------------------------------


@pytest.mark.parametrize("stops_after", ["create", "intents"])
def test_a_sync_beside_a_payer_cancels_nothing_of_theirs(
    company: SmallCompany, gateway: ScriptedGateway, stops_after: str
) -> None:
    payer = halfway(gateway, stops_after, lambda: company.pay("INV-1", method="card"))
    payer.switch()

    steps = sync(company.another_process())

    assert [step.error for step in steps] == [None]
    assert "cancel" not in gateway.calls
    payer.switch()
    assert company.invoice("INV-1").status is InvoiceStatus.PAID
