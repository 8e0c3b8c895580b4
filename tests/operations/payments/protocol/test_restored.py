"""Ledgers that are older than their charges: restored from a backup, or copied to another machine.
They must notice before they charge, and come to know what they missed."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from invoicepay.billing.errors import DoesNotTie, InvoicepayError, Refused, Unreachable
from invoicepay.billing.invoice import InvoiceStatus
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus
from invoicepay.billing.ports import Intent, IntentStatus
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.mailing.deliver import DeliveryReport
from invoicepay.operations.methods import AttachTestMethod
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.payments.sync import NotReconciled, Settled, Sync
from tests.world.company import SmallCompany, open_copy
from tests.world.halfway import halfway
from tests.world.scripted_gateway import Fault, ScriptedGateway
from tests.world.told import told


def sync(company: SmallCompany) -> list[Settled]:
    return [step for step in company.finance.call(Sync()) if isinstance(step, Settled)]


def backed_up(company: SmallCompany) -> Path:
    copy = company.ledger.path.with_name("copy.db")
    company.another_process().ledger.backup(copy)
    return copy


def put_back(company: SmallCompany, copy: Path) -> None:
    """Replace the ledger by an earlier copy of it."""
    company.ledger.close()
    for name in ("", "-wal", "-shm"):
        company.ledger.path.with_name(company.ledger.path.name + name).unlink(missing_ok=True)
    copy.rename(company.ledger.path)


def copied(company: SmallCompany) -> SmallCompany:
    """A second machine with a copy of the ledger, at the same gateway."""
    return SmallCompany(SqliteLedger(backed_up(company)), company.gateway, company.clock)


def restored(company: SmallCompany, **more: Any) -> Payment:
    """Pay, then put the ledger back to what it was before."""
    copy = backed_up(company)
    payment = company.pay("INV-1", **more)
    put_back(company, copy)
    return payment


def pay_as_another_customer(company: SmallCompany) -> Payment:
    company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))
    plan = company.stranger.call(Quote(numbers=("INV-9",), method="card")).plan
    assert plan is not None
    return company.stranger.call(Pay(plan))


@pytest.mark.parametrize("method", ["card", "ach"])
def test_a_restored_ledger_refuses_to_charge_until_it_has_synced(
    company: SmallCompany, gateway: ScriptedGateway, method: str
) -> None:
    lost = restored(company, method=method)

    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card")
    assert refusal.value.code == "ledger_behind_gateway"
    assert company.invoice("INV-1").payable_minor == 10000
    assert len(gateway.charges) == 1

    sync(company)
    found = company.payment(lost.id)
    assert (found.status, found.allocations) == (lost.status, lost.allocations)
    assert company.invoice("INV-1").payable_minor == 0
    assert company.pay("INV-2", method="card").status is PaymentStatus.SUCCEEDED


def test_a_card_charge_that_is_taken_in_keeps_its_day(company: SmallCompany) -> None:
    lost = restored(company, method="card")
    company.clock.move(days=40)

    sync(company)

    assert company.payment(lost.id).effective_on == lost.effective_on


def test_an_invoice_is_paid_on_the_day_of_its_last_payment_whichever_was_recorded_last(
    company: SmallCompany,
) -> None:
    restored(company, method="card", amounts=(("INV-1", "60.00"),))
    cheque = company.ledger.path.with_name("cheque.csv")
    cheque.write_text(
        "reference,customer,received_on,method_type,currency,amount,invoice,applied\n"
        "4410,C-1,2026-11-20,check,USD,40.00,INV-1,40.00\n"
    )
    company.clock.move(days=40)
    company.finance.call(ImportRecords("payments", str(cheque)))

    sync(company)

    paid = company.invoice("INV-1")
    assert (paid.status, paid.paid_on) == (InvoiceStatus.PAID, date(2026, 11, 20))
    company.assert_books_balance()


def test_what_no_longer_fits_becomes_unapplied_credit(company: SmallCompany) -> None:
    lost = restored(company, method="card")
    held = [Allocation("INV-1", 7000)]
    with company.ledger.write() as unit:
        unit.invoices.reserve(held)
        told(unit)

    sync(company)

    found = company.payment(lost.id)
    assert (found.amount_minor, found.allocated_minor, found.unapplied_minor) == (10000, 3000, 7000)
    with company.ledger.write() as unit:
        unit.invoices.release(held)
        told(unit)


def test_a_ledger_restored_to_the_claim_finds_its_charge(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    copies: list[Path] = []

    def back_up(call: str) -> None:
        if call == "create":
            copies.append(backed_up(company))

    gateway.before = back_up
    payment = company.pay("INV-1", method="card")
    gateway.before = lambda name: None
    put_back(company, copies[0])
    assert company.payment(payment.id).status is PaymentStatus.CLAIMED
    company.clock.time += LEASE

    sync(company)

    assert company.payment(payment.id).status is PaymentStatus.SUCCEEDED
    assert len(gateway.charges) == 1


def test_a_key_that_is_used_again_after_the_gateway_forgot_it(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """A day after the restore the same key makes a second intent, with the same payment's id."""
    copy = backed_up(company)
    first = company.pay("INV-1", method="card", key="a")
    put_back(company, copy)
    company.clock.move(days=3)

    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card", key="a")
    assert refusal.value.code == "ledger_behind_gateway"
    sync(company)
    sync(company)

    assert len(gateway.charges) == 1
    assert company.payment(first.id).status is PaymentStatus.CANCELED
    assert company.invoice("INV-1").status is InvoiceStatus.PAID


def test_a_copy_uses_the_same_key_a_day_later(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    other = copied(company)
    company.pay("INV-1", method="card", key="a")
    company.clock.move(days=3)

    with pytest.raises(Refused):
        other.pay("INV-1", method="card", key="a")

    assert len(gateway.charges) == 1


PART: dict[str, Any] = {"method": "card", "key": "a", "amounts": (("INV-1", "60.00"),)}
"""A part of INV-1, with a key."""


def test_after_a_restore_the_key_means_the_charge_that_was_taken_in(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    lost = restored(company, **PART)
    company.clock.move(days=3)  # the gateway has forgotten the key by then

    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", **PART)
    assert refusal.value.code == "ledger_behind_gateway"
    sync(company)

    again = company.pay("INV-1", **PART)
    assert again.gateway_id == lost.gateway_id
    assert company.pay("INV-1", **PART) == again
    assert len(gateway.charges) == 1


def test_a_restored_ledger_that_has_synced_knows_what_its_keys_were_for(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    lost = restored(company, **PART)
    sync(company)

    assert company.pay("INV-1", **PART).id == lost.id
    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", **{**PART, "amounts": (("INV-1", "40.00"),)})
    assert refusal.value.code == "key_reused"
    assert len(gateway.charges) == 1


def test_a_key_that_a_copy_could_not_use_means_the_other_ones_charge(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    other = copied(company)
    gateway.fail_next("create", Fault.NOT_SENT)
    with pytest.raises(Unreachable):
        other.pay("INV-1", **PART)
    charged = company.pay("INV-1", **PART)
    with pytest.raises(Refused):
        other.pay("INV-1", **PART)
    sync(other)

    assert other.pay("INV-1", **PART).gateway_id == charged.gateway_id
    assert len(gateway.charges) == 1


def test_a_charge_of_an_attempt_that_this_ledger_does_not_count_is_the_keys(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """A copy has given the key's first attempts up by itself, and charged a later one."""
    other = copied(company)
    for _ in range(2):
        gateway.fail_next("create", Fault.NOT_SENT)
        with pytest.raises(Unreachable):
            company.pay("INV-1", **PART)
    charged = company.pay("INV-1", **PART)
    sync(other)

    assert other.pay("INV-1", **PART).gateway_id == charged.gateway_id
    assert len(gateway.charges) == 1


def test_who_quoted_another_attempt_before_the_last_was_taken_in_does_not_charge_again(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    lost = restored(company, **PART)
    company.clock.move(days=3)
    with pytest.raises(Refused):
        company.pay("INV-1", **PART)
    quoted = company.call(Quote(numbers=("INV-1",), **PART))
    assert quoted.plan is not None

    sync(company)

    assert company.call(Pay(quoted.plan)).gateway_id == lost.gateway_id
    assert len(gateway.charges) == 1


def test_who_quoted_before_the_keys_charge_was_taken_in_gets_that_one(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    lost = restored(company, **PART)
    quoted = company.call(Quote(numbers=("INV-1",), **PART))
    rest = {**PART, "key": "b", "amounts": (("INV-1", "40.00"),)}
    other = company.call(Quote(numbers=("INV-1",), **rest))
    assert quoted.plan is not None
    assert other.plan is not None

    sync(company)

    assert company.call(Pay(quoted.plan)).id == lost.id
    with pytest.raises(Refused) as refusal:
        company.call(Pay(replace(other.plan, payment_id=lost.id)))
    assert refusal.value.code == "key_reused"
    assert len(gateway.charges) == 1


def test_stale_claims_are_given_up_before_charges_are_taken_in(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    copies: list[Path] = []

    def back_up(call: str) -> None:
        if call == "create":
            gateway.before = lambda name: None
            copies.append(backed_up(company))

    gateway.before = back_up
    gateway.fail_next("confirm", Fault.NOT_SENT)
    company.pay("INV-1", method="card")
    sync(company)
    second = company.pay("INV-1", method="card")
    put_back(company, copies[0])
    company.clock.time += LEASE

    sync(company)

    assert company.payment(second.id).unapplied_minor == 0
    assert company.invoice("INV-1").status is InvoiceStatus.PAID


# --- Copies ---


@pytest.mark.parametrize("moment", ["create", "intents", "confirm"])
def test_two_copies_that_pay_at_once_charge_at_most_once(
    company: SmallCompany, gateway: ScriptedGateway, moment: str
) -> None:
    other = copied(company)

    def second(call: str) -> None:
        if call == moment:
            gateway.before = lambda name: None
            with suppress(InvoicepayError):
                other.pay("INV-1", method="card")

    gateway.before = second
    with suppress(InvoicepayError):
        company.pay("INV-1", method="card")

    assert len(gateway.charges) <= 1


def test_a_copy_that_gave_a_payment_up_learns_that_it_was_charged(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    others: list[SmallCompany] = []

    def machine_two(call: str) -> None:
        if call == "create":
            gateway.before = lambda name: None
            others.append(copied(company))
            company.clock.time += LEASE
            sync(others[0])  # finds no intent and gives it up

    gateway.before = machine_two
    payment = company.pay("INV-1", method="card")
    (other,) = others
    assert other.payment(payment.id).status is PaymentStatus.CANCELED
    with pytest.raises(Refused):
        other.pay("INV-1", method="card")

    sync(other)
    sync(other)

    assert other.invoice("INV-1").status is InvoiceStatus.PAID
    assert len(gateway.charges) == 1
    other.assert_books_balance()


def test_one_key_for_other_amounts_on_two_copies(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """The copy's claim is not what was charged under its id: it is given up, and the charge
    becomes a payment of its own there."""
    other = copied(company)
    company.pay("INV-1", method="card", amounts=(("INV-1", "60.00"),))
    charged = company.pay("INV-1", method="card", key="a")

    def die(call: str) -> None:
        raise KeyboardInterrupt

    gateway.before = die
    with pytest.raises(KeyboardInterrupt):
        other.pay("INV-1", method="card", key="a")
    gateway.before = lambda call: None
    assert other.payment(charged.id).status is PaymentStatus.CLAIMED
    company.clock.time += LEASE

    steps = sync(other)

    assert [step.error for step in steps] == [None] * 3
    assert other.payment(charged.id).status is PaymentStatus.CANCELED
    assert other.invoice("INV-1").status is InvoiceStatus.PAID
    assert len(gateway.charges) == 2
    other.assert_books_balance()


def test_who_claimed_before_a_charge_was_taken_in_does_not_charge_again(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    lost = restored(company, method="card")

    def sync_elsewhere(call: str) -> None:
        if call == "create":  # the claim stands, and the charge is not looked for yet
            gateway.before = lambda name: None
            sync(company.another_process())

    gateway.before = sync_elsewhere
    second = company.pay("INV-1", method="card")

    assert second.status is PaymentStatus.CANCELED
    assert gateway.charges == [lost.gateway_id]
    assert company.payment(lost.id).allocations == lost.allocations


def test_what_a_copy_gave_up_and_its_owner_may_still_confirm_is_canceled_first(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    others: list[SmallCompany] = []

    def machine_two(call: str) -> None:
        if call == "create" and not others:
            others.append(copied(company))
            company.clock.time += LEASE
            sync(others[0])  # finds no intent and gives it up
        elif call == "confirm":
            gateway.before = lambda name: None
            with suppress(InvoicepayError):
                others[0].pay("INV-1", method="card")

    gateway.before = machine_two
    company.pay("INV-1", method="card")

    assert len(gateway.charges) == 1


def test_two_settlers_of_a_copy_find_what_its_owner_charged_and_complain_of_nothing(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """One looked before there was an intent, and gives the claim up under the other's eyes."""
    copies: list[SmallCompany] = []
    early = halfway(gateway, "intents", lambda: sync(copies[0]))

    def copy(call: str) -> None:
        if call == "create":
            gateway.before = lambda name: None
            copies.append(copied(company))
            company.clock.time += LEASE
            early.switch()

    def end_first(call: str) -> None:
        if call == "intents":
            gateway.before = lambda name: None
            early.switch()

    gateway.before = copy
    charged = company.pay("INV-1", method="card")
    other, gateway.before = copies[0].another_process(), end_first
    steps = sync(other)

    assert early.dead
    assert [step.error for step in steps if step.error] == []
    assert other.payment(charged.id).status is PaymentStatus.CANCELED
    assert other.invoice("INV-1").status is InvoiceStatus.PAID
    assert gateway.charges == [charged.gateway_id]
    other.assert_books_balance()


# --- How far it looks ---


def test_restored_to_before_the_customers_first_method(template: Path, tmp_path: Path) -> None:
    """The gateway has the customer under an id that the ledger has forgotten."""
    company = open_copy(template, tmp_path)
    gateway: ScriptedGateway = company.gateway
    lost = company.pay("INV-1", method="card")
    shutil.copy(template, tmp_path / "old.db")
    put_back(company, tmp_path / "old.db")
    company.clock.move(days=2)

    with pytest.raises(Refused) as refusal:
        company.call(AttachTestMethod("C-1", "pm_card_visa"))
    assert refusal.value.code == "ledger_behind_gateway"

    sync(company)
    company.call(AttachTestMethod("C-1", "pm_card_visa"))
    assert company.payment(lost.id).status is PaymentStatus.SUCCEEDED
    with pytest.raises(Refused):
        company.pay("INV-1", method="card")
    assert len(gateway.charges) == 1
    assert list(gateway._customers) == ["cus_0"]


def test_declined_attempts_do_not_hide_a_charge(
    company: SmallCompany, gateway: ScriptedGateway, bad_card: str
) -> None:
    copy = backed_up(company)
    company.pay("INV-1", method="card")
    for _ in range(101):
        company.pay("INV-2", method=bad_card)
    put_back(company, copy)

    with pytest.raises(Refused):
        company.pay("INV-1", method="card")

    assert len(gateway.charges) == 1


def test_a_charge_is_found_however_long_ago_the_backup_was(company: SmallCompany) -> None:
    lost = restored(company, method="card")
    company.clock.move(days=400)
    with suppress(Refused):  # what others pay meanwhile does not hide it
        pay_as_another_customer(company)

    sync(company)

    assert company.payment(lost.id).status is PaymentStatus.SUCCEEDED


def test_what_is_reconciled_is_not_listed_again(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    company.pay("INV-1", method="card")
    company.clock.move(days=30)
    company.pay("INV-2", method="card")
    sync(company)

    with company.ledger.read() as unit:
        until = unit.company.identity().reconciled_until
    assert until is not None
    assert timedelta(days=1) < company.clock.time - until < timedelta(days=3)


# --- What sync meets ---


def stranger_intent(company: SmallCompany, **more: object) -> Intent:
    """A charge with this ledger's id that it knows nothing of."""
    with company.ledger.read() as unit:
        ledger_id = unit.company.identity().id
    intent = Intent(
        id="pi_lost",
        status=IntentStatus.SUCCEEDED,
        amount_minor=5000,
        currency="USD",
        livemode=False,
        customer="cus_gone",
        created_at=company.clock.time,
        ledger_id=ledger_id,
        payment_id="lost",
        customer_number="C-404",
        method_type="card",
    )
    return replace(intent, **more)  # type: ignore[arg-type]


def test_one_bad_item_stops_neither_the_others_nor_the_mail(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    payment = company.pay("INV-1", method="ach")
    gateway.bank_settles(payment.gateway_id)
    gateway.found["pi_lost"] = stranger_intent(company)
    gateway.found["pi_mode"] = stranger_intent(
        company, id="pi_mode", payment_id="mode", customer_number="C-1", livemode=True
    )

    steps = list(company.finance.call(Sync()))

    assert company.payment(payment.id).status is PaymentStatus.SUCCEEDED
    errors = {step.subject: step.error for step in steps if isinstance(step, Settled)}
    assert isinstance(errors["pi_lost"], DoesNotTie)
    assert errors[payment.id] is None
    assert isinstance(steps[-1], DeliveryReport)
    assert steps[-1].sent == (f"{payment.id}.received@{_ledger_id(company)}.invoicepay",)
    company.clock.move(days=9)
    company.pay("INV-2", method="card")
    again = {step.subject for step in sync(company) if step.error}
    assert again == {step.subject for step in steps if isinstance(step, Settled) and step.error}
    assert {step.subject for step in sync(company) if step.error} == again  # nothing is forgotten
    del gateway.found["pi_lost"], gateway.found["pi_mode"]


def _ledger_id(company: SmallCompany) -> str:
    with company.ledger.read() as unit:
        return unit.company.identity().id


def test_a_silent_gateway_does_not_hold_mail_back(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("intents", Fault.NOT_SENT)

    steps = list(company.finance.call(Sync()))

    assert [s.error.code for s in steps if isinstance(s, NotReconciled)] == ["gateway_unreachable"]
    assert isinstance(steps[-1], DeliveryReport)


def test_metadata_that_says_too_much_never_breaks_the_books(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    said = (Allocation("INV-1", 4000), Allocation("INV-1", 4000), Allocation("INV-2", 4000))
    gateway.found["pi_lost"] = stranger_intent(company, customer_number="C-1", allocations=said)

    sync(company)

    found = company.payment("lost")
    assert found.allocations == (Allocation("INV-1", 4000), Allocation("INV-2", 1000))


def test_charges_that_do_not_say_which_payment_they_are_become_one_each(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Somebody has edited what is written on them, or it was left out."""
    for name in ("pi_1", "pi_2"):
        gateway.found[name] = stranger_intent(
            company, id=name, payment_id="", customer_number="C-1", method_type=""
        )

    made = [step.payment for step in sync(company)]

    assert [p and (p.gateway_id, p.unapplied_minor) for p in made] == [
        ("pi_1", 5000),
        ("pi_2", 5000),
    ]
    assert all(p and p.id for p in made)
    assert sync(company) == []


def test_an_unfinished_intent_of_a_lost_payment_is_canceled(
    company: SmallCompany, gateway: ScriptedGateway, bad_card: str
) -> None:
    copy = backed_up(company)
    gateway.fail_next("confirm", Fault.NOT_SENT)
    company.pay("INV-1", method="card")
    gateway.fail_next("cancel", Fault.NOT_SENT)
    company.pay("INV-2", method=bad_card)
    put_back(company, copy)
    with pytest.raises(Refused):
        company.pay("INV-1", method="card")

    sync(company)

    assert {i.status for i in gateway.found.values()} == {IntentStatus.CANCELED}
    assert company.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED


def test_the_key_of_another_account_is_noticed(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "account", lambda: "acct_other")

    with pytest.raises(Unreachable) as refusal:
        company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))
    steps = list(company.finance.call(Sync()))

    assert refusal.value.code == "gateway_mismatch"
    assert [s.error.code for s in steps if isinstance(s, NotReconciled)] == ["gateway_mismatch"]


def test_a_restored_ledger_is_in_wal_mode_again(company: SmallCompany) -> None:
    put_back(company, backed_up(company))

    with company.ledger.write() as unit:
        (mode,) = unit._connection.execute("PRAGMA journal_mode").fetchone()

    assert mode == "wal"


def test_who_opens_a_backup_while_another_does_waits(company: SmallCompany) -> None:
    """Both want it in WAL mode."""
    put_back(company, backed_up(company))
    other = sqlite3.connect(company.ledger.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    done = threading.Timer(0.1, other.rollback)
    done.start()

    assert company.invoice("INV-1").payable_minor == 10000

    done.join()
    other.close()
