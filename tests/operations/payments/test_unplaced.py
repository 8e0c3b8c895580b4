"""Charges whose invoices were not payable when they were taken in, or not there: they are put on
them later, and meanwhile nobody pays these again."""

from __future__ import annotations

from typing import Any

import pytest

from invoicepay.billing.errors import Refused
from invoicepay.billing.invoice import InvoiceStatus
from invoicepay.billing.payment import PaymentStatus
from invoicepay.operations.import_records import Import
from invoicepay.operations.protocol.claim import LEASE
from tests.operations.payments.test_restored import backed_up, put_back, sync
from tests.support.company import SmallCompany
from tests.support.scripted_gateway import Fault, ScriptedGateway


def import_invoice(company: SmallCompany, number: str, total: str, *, update: bool = False) -> None:
    file = company.ledger.path.with_name("more.csv")
    file.write_text(
        "number,customer,issued_on,due_on,currency,total\n"
        f"{number},C-1,2026-10-01,2026-10-31,USD,{total}\n"
    )
    company.finance.call(Import("invoices", str(file), update=update))


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
    for total in ("150.00", "180.00", "250.00"):
        import_invoice(company, "INV-1", total, update=True)
        sync(company)
        company.assert_books_balance()

    assert [a.amount_minor for a in company.payment(lost.id).allocations] == [18000]
    assert company.invoice("INV-1").payable_minor == 7000
    company.show(company.payment(lost.id))
    assert company.pay("INV-1", method="card").amount_minor == 7000
