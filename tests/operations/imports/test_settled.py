"""Invoices that a file says are paid."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from invoicepay.billing.invoice import InvoiceStatus
from invoicepay.billing.method import MethodType
from invoicepay.billing.payment import PaymentStatus
from invoicepay.operations.imports.problems import BadRows

if TYPE_CHECKING:
    from tests.operations.imports.conftest import Office

HEAD = "number,customer,issued_on,total,paid_on\n"
OPEN, PAID = "A,C1,2026-10-01,100.00,\n", "A,C1,2026-10-01,100.00,2026-10-09\n"


def test_a_paid_invoice_brings_its_payment(office: Office) -> None:
    result = office.take("invoices", HEAD + PAID)
    assert (result.invoices.added, result.payments.added) == (1, 1)
    assert office.invoice("A").status is InvoiceStatus.PAID
    assert office.invoice("A").paid_on == date(2026, 10, 9)
    (payment,) = office.payments()
    assert (payment.status, payment.method_type) == (PaymentStatus.SUCCEEDED, MethodType.OTHER)
    assert (payment.amount_minor, payment.effective_on) == (10000, date(2026, 10, 9))
    assert (payment.reference, payment.receipt_number) == ("settled A", "")
    assert (payment.method_label, payment.livemode) == ("Paid elsewhere", False)
    assert office.take("invoices", HEAD + PAID).payments.added == 0


def test_an_open_invoice_becomes_paid_only_by_an_update(office: Office) -> None:
    office.take("invoices", HEAD + OPEN)
    with pytest.raises(BadRows) as caught:
        office.take("invoices", HEAD + PAID)
    assert caught.value.code == "changed_record"
    result = office.take("invoices", HEAD + PAID, update=True)
    assert (result.invoices.unchanged, result.payments.added) == (1, 1)
    assert office.invoice("A").balance_minor == 0
    assert office.take("invoices", HEAD + PAID).payments.added == 0
    # That it says no longer when changes nothing: payments stay.
    assert office.take("invoices", HEAD + OPEN).invoices.unchanged == 1


def test_only_what_is_open_is_settled(office: Office) -> None:
    office.take("invoices", HEAD + OPEN)
    pay = "reference,customer,received_on,method_type,amount,invoice\n1,C1,2026-10-05,check,40,A\n"
    office.take("payments", pay)
    office.take("invoices", HEAD + PAID, update=True)
    assert [p.amount_minor for p in office.payments()] == [4000, 6000]
    before = office.everything()
    office.take("invoices", HEAD + PAID)
    assert office.everything() == before


def test_paid_here_already(office: Office) -> None:
    office.take("invoices", HEAD + OPEN)
    pay = "reference,customer,received_on,method_type,amount,invoice\n1,C1,2026-10-05,check,100,A\n"
    office.take("payments", pay)
    assert office.take("invoices", HEAD + PAID).payments.added == 0
    assert len(office.payments()) == 1


def test_a_payment_under_way_is_not_overtaken(office: Office) -> None:
    office.take("invoices", HEAD + OPEN)
    office.reserve("A", 2500)
    (problem,) = office.problems("invoices", HEAD + PAID, update=True)
    assert (problem.column, problem.reason) == ("paid_on", "a payment for A is under way")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A,C1,2026-10-01,-1.00,2026-10-09,credit_memo,", "a credit memo is not paid"),
        ("A,C1,2026-10-01,1.00,2026-10-09,,2026-10-05", "a void invoice is not paid"),
        ("A,C1,2026-10-01,1.00,2026-11-02,,", "it is in the future"),
    ],
)
def test_what_cannot_be_paid(office: Office, row: str, said: str) -> None:
    head = "number,customer,issued_on,total,paid_on,kind,voided_on\n"
    (problem,) = office.problems("invoices", head + row + "\n")
    assert (problem.column, problem.reason) == ("paid_on", said)


def test_another_day_of_payment_is_refused(office: Office) -> None:
    office.take("invoices", HEAD + PAID)
    (problem,) = office.problems("invoices", HEAD + PAID.replace("-09", "-10"), update=True)
    assert "payments never change" in problem.reason


def test_a_higher_total_after_it_was_settled(office: Office) -> None:
    office.take("invoices", HEAD + PAID)
    (problem,) = office.problems("invoices", HEAD + PAID.replace("100.00", "120.00"), update=True)
    assert problem.reason == "A was paid, and 20.00 USD of it is open again"
