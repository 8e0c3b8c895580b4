"""Charges whose invoices were not payable when they were taken in, or not there: they are put on
them later, and meanwhile nobody pays these again."""

from __future__ import annotations

from typing import Any

import pytest

from invoicepay.billing.errors import Refused
from invoicepay.billing.invoice import InvoiceStatus
from invoicepay.billing.payment import Allocation, PaymentStatus
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.payments.protocol.claim import LEASE
from tests.operations.payments.protocol.test_journaled import journal
from tests.operations.payments.protocol.test_restored import (
    backed_up,
    put_back,
    stranger_intent,
    sync,
)
from tests.world.company import SmallCompany
from tests.world.scripted_gateway import Fault, ScriptedGateway


def import_invoice(company: SmallCompany, number: str, total: str, *, update: bool = False) -> None:
    file = company.ledger.path.with_name("more.csv")
    file.write_text(
        "number,customer,issued_on,due_on,currency,total\n"
        f"{number},C-1,2026-10-01,2026-10-31,USD,{total}\n"
    )
    company.finance.call(ImportRecords("invoices", str(file), update=update))


def refused(company: SmallCompany, number: str, **more: Any) -> str:
    with pytest.raises(Refused) as refusal:
        company.pay(number, **{"method": "card", **more})
    return refusal.value.code


@pytest.mark.parametrize("method", ["card", "ach"])
def test_an_invoice_that_is_imported_after_its_charge_was_taken_in_is_paid(
    company: SmallCompany, gateway: ScriptedGateway, method: str
) -> None:
    copy = backed_up(company)
    import_invoice(company, "INV-77", "500.00")
    lost = company.pay("INV-77", method=method)
    put_back(company, copy)
    sync(company)
    assert company.payment(lost.id).allocations == ()

    import_invoice(company, "INV-77", "500.00")
    assert refused(company, "INV-77") == "not_placed"
    assert refused(company, "INV-77", key="another") == "not_placed"
    sync(company)

    assert company.invoice("INV-77").payable_minor == 0
    assert [a.amount_minor for a in company.payment(lost.id).allocations] == [50000]
    if method == "ach":
        gateway.bank_settles(lost.gateway_id)
        sync(company)
    assert company.invoice("INV-77").status is InvoiceStatus.PAID
    assert len(gateway.charges) == 1
    company.assert_books_balance()


def test_an_invoice_that_is_raised_after_its_charge_was_taken_in_is_paid(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    copy = backed_up(company)
    import_invoice(company, "INV-1", "180.00", update=True)
    lost = company.pay("INV-1", method="card")
    put_back(company, copy)
    sync(company)
    company.show(lost)
    assert company.invoice("INV-1").status is InvoiceStatus.PAID
    assert refused(company, "INV-1") == "already_paid"

    for total in ("100.01", "180.00"):
        import_invoice(company, "INV-1", total, update=True)
        assert refused(company, "INV-1") == "not_placed"
    assert company.invoice("INV-1").payable_minor == 8000
    sync(company)

    assert company.invoice("INV-1").status is InvoiceStatus.PAID
    assert len(gateway.charges) == 1
    company.assert_books_balance()


def test_a_charge_waits_for_what_holds_its_invoice(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """The backup has a payment that came to nothing, and not the one that was made instead."""
    held = company.pay("INV-1", method="ach")
    copy = backed_up(company)
    gateway.bank_settles(held.gateway_id, returned=True)
    company.clock.time += LEASE
    sync(company)
    charged = company.pay("INV-1", method="card")
    put_back(company, copy)

    gateway.fail_next("retrieve", Fault.NOT_SENT)
    (failed, taken_in) = sync(company)
    assert failed.error is not None
    assert taken_in.payment is not None
    assert company.payment(charged.id).allocations == ()
    assert company.invoice("INV-1").reserved_minor == 10000
    sync(company)

    assert company.invoice("INV-1").status is InvoiceStatus.PAID
    assert refused(company, "INV-1") in ("already_paid", "not_acknowledged")
    company.assert_books_balance()


def test_while_what_held_it_has_come_to_nothing_nobody_pays_before_the_next_sync(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    held = company.pay("INV-1", method="ach")
    copy = backed_up(company)
    gateway.bank_settles(held.gateway_id, returned=True)
    sync(company)
    company.pay("INV-1", method="card")
    put_back(company, copy)
    gateway.fail_next("retrieve", Fault.NOT_SENT)
    sync(company)

    assert refused(company, "INV-1") == "not_placed"  # the quote settles what held it

    assert company.payment(held.id).status is PaymentStatus.FAILED
    sync(company)
    assert company.invoice("INV-1").status is InvoiceStatus.PAID


def test_what_failed_stands_in_nobodys_way(company: SmallCompany, gateway: ScriptedGateway) -> None:
    copy = backed_up(company)
    import_invoice(company, "INV-77", "500.00")
    lost = company.pay("INV-77", method="ach")
    put_back(company, copy)
    sync(company)
    gateway.bank_settles(lost.gateway_id, returned=True)
    sync(company)
    import_invoice(company, "INV-77", "500.00")

    sync(company)

    assert company.pay("INV-77", method="card").status is PaymentStatus.SUCCEEDED
    company.assert_books_balance()


def test_what_has_been_placed_is_not_placed_again(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    copy = backed_up(company)
    import_invoice(company, "INV-1", "180.00", update=True)
    lost = company.pay("INV-1", method="card")
    put_back(company, copy)
    sync(company)
    for total in ("100.01", "150.00", "180.00", "250.00"):
        import_invoice(company, "INV-1", total, update=True)
        sync(company)
        company.assert_books_balance()

    assert [a.amount_minor for a in company.payment(lost.id).allocations] == [18000]
    assert company.invoice("INV-1").payable_minor == 7000
    company.show(company.payment(lost.id))
    assert company.pay("INV-1", method="card").amount_minor == 7000


# --- How much goes where ---


def taken_in(
    company: SmallCompany, gateway: ScriptedGateway, amount_minor: int, *of: tuple[str, int]
) -> str:
    """The id of a charge of C-1's for invoices of which some are not there yet."""
    name = f"lost-{len(gateway.found)}"
    gateway.found[f"pi_{name}"] = stranger_intent(
        company,
        id=f"pi_{name}",
        payment_id=name,
        customer_number="C-1",
        amount_minor=amount_minor,
        allocations=tuple(Allocation(*each) for each in of),
    )
    sync(company)
    assert company.payment(name).status is PaymentStatus.SUCCEEDED
    return name


def placed(company: SmallCompany, payment_id: str) -> dict[str, int]:
    return {a.invoice: a.amount_minor for a in company.payment(payment_id).allocations}


def test_what_has_room_is_placed_beside_what_has_none(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Those that still wait come before and after, and an invoice that is paid has no room."""
    paid = taken_in(company, gateway, 15000, ("INV-1", 15000))
    absent = taken_in(company, gateway, 5000, ("INV-76", 5000))
    waits = taken_in(company, gateway, 5000, ("INV-77", 5000))
    last = taken_in(company, gateway, 5000, ("INV-78", 5000))
    before = len(journal(company))
    import_invoice(company, "INV-77", "50.00")

    sync(company)

    assert [placed(company, each) for each in (paid, absent, waits, last)] == [
        {"INV-1": 10000},
        {},
        {"INV-77": 5000},
        {},
    ]
    assert journal(company)[before:] == [
        ("payment.placed", waits, "sync", {"invoice": "INV-77", "amount_minor": 5000})
    ]
    assert company.invoice("INV-77").status is InvoiceStatus.PAID


def test_no_more_is_placed_than_the_charge_was_for(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Though it has more, for another invoice, and more would be payable."""
    charge = taken_in(company, gateway, 9000, ("INV-77", 5000), ("INV-78", 4000))
    import_invoice(company, "INV-77", "80.00")

    sync(company)

    assert placed(company, charge) == {"INV-77": 5000}
    assert company.invoice("INV-77").payable_minor == 3000
    assert company.payment(charge).unapplied_minor == 4000


def test_no_more_is_placed_than_the_charge_has(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Somebody has edited what is written on it."""
    charge = taken_in(company, gateway, 5000, ("INV-77", 4000), ("INV-78", 4000))
    import_invoice(company, "INV-77", "40.00")
    import_invoice(company, "INV-78", "40.00")

    sync(company)

    assert placed(company, charge) == {"INV-77": 4000, "INV-78": 1000}
    assert company.payment(charge).unapplied_minor == 0
    company.show(company.payment(charge))
    assert company.pay("INV-78", method="card").amount_minor == 3000


def test_of_an_invoice_that_a_charge_names_twice_the_first_counts(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    charge = taken_in(company, gateway, 5000, ("INV-77", 3000), ("INV-77", 1000))
    import_invoice(company, "INV-77", "50.00")

    sync(company)

    assert placed(company, charge) == {"INV-77": 3000}


def test_the_last_cent_waits_too(company: SmallCompany, gateway: ScriptedGateway) -> None:
    charge = taken_in(company, gateway, 10001, ("INV-1", 10001))
    import_invoice(company, "INV-1", "200.00", update=True)

    refusal = refused(company, "INV-1")
    sync(company)

    assert (refusal, placed(company, charge)) == ("not_placed", {"INV-1": 10001})


def test_what_is_placed_in_full_waits_no_more(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Also where the charge has more, for another invoice."""
    charge = taken_in(company, gateway, 9000, ("INV-1", 4000), ("INV-78", 5000))
    company.show(company.payment(charge))

    assert company.pay("INV-1", method="card").amount_minor == 6000


def test_whoever_is_refused_for_it_is_told_which_charge_it_is(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    charge = taken_in(company, gateway, 5000, ("INV-77", 5000))
    import_invoice(company, "INV-77", "50.00")

    with pytest.raises(Refused) as refusal:
        company.pay("INV-77", method="card")

    assert refusal.value.payment == charge
    assert refusal.value.message == (
        f"INV-77 was charged already: payment {charge} of 50.00 USD was taken in from the gateway "
        "before it could be put on it"
    )
    assert "`invoicepay sync`" in refusal.value.hint
