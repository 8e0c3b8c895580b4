"""Payments received elsewhere."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from invoicepay.billing.payment import Allocation, PaymentStatus
from tests.world.told import told

if TYPE_CHECKING:
    from tests.operations.imports.conftest import Office

INVOICES = (
    "number,customer,issued_on,currency,total,kind,voided_on\n"
    "A,C1,2026-10-01,USD,100.00,,\nB,C1,2026-10-01,USD,50.00,,\nE,C1,2026-10-01,EUR,50.00,,\n"
    "X,C2,2026-10-01,USD,50.00,,\nM,C1,2026-10-01,USD,-5.00,credit_memo,\n"
    "V,C1,2026-10-01,USD,5.00,,2026-10-02\n"
)
HEAD = "reference,customer,received_on,method_type,currency,amount,memo,invoice,applied\n"


@pytest.fixture
def office(office: Office) -> Office:
    office.take("invoices", INVOICES)
    return office


def test_one_cheque_for_several_invoices(office: Office) -> None:
    text = HEAD + (
        "4410,C1,2026-10-10,check,USD,120.00,thanks,A,100.00\n4410,C1,,,,,,B,20.00\n"
        "4411,C1,2026-10-12,wire,,45.50,,B,30.00\n"
    )
    result = office.take("payments", text)
    assert (result.payments.added, result.added_minor) == (2, {"USD": 16550})
    assert result.unapplied_minor == {"USD": 1550}
    first, second = office.payments()
    assert first.allocations == (Allocation("A", 10000), Allocation("B", 2000))
    assert (first.status, first.effective_on) == (PaymentStatus.SUCCEEDED, date(2026, 10, 10))
    assert (first.method_label, first.initiated_by) == ("Check 4410", "fin@example.com")
    assert (first.receipt_number, second.unapplied_minor) == ("", 1550)
    assert (office.invoice("B").balance_minor, office.invoice("B").paid_on) == (
        0,
        date(2026, 10, 12),
    )
    assert [e[0] for e in office.journal()].count("payment.received") == 2
    before = office.everything()
    assert office.take("payments", text).payments.unchanged == 2
    assert office.everything() == before


def test_without_an_invoice_it_is_credit(office: Office) -> None:
    head = "reference,customer,received_on,method_type,amount\n"
    result = office.take("payments", head + "W1,C2,2026-10-10,wire,12.34\n")
    assert result.unapplied_minor == {"EUR": 1234}
    assert office.payments()[0].unapplied_minor == 1234


def test_one_invoice_takes_the_whole_amount_unless_said_otherwise(office: Office) -> None:
    office.take("payments", HEAD + "1,C1,2026-10-10,check,USD,30.00,,A,\n")
    assert office.invoice("A").balance_minor == 7000


def test_paid_on_is_the_day_of_the_last_payment_by_date(office: Office) -> None:
    text = HEAD + "2,C1,2026-10-20,check,USD,60,,A,60\n1,C1,2026-10-10,check,USD,40,,A,40\n"
    office.take("payments", text)
    assert office.invoice("A").paid_on == date(2026, 10, 20)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,C1,2026-10-10,check,USD,100.01,,A,100.01", "applied: 100.00 USD is payable on A"),
        ("1,C1,2026-10-10,check,USD,100.01,,A,", "applied: 100.00 USD is payable on A"),
        (
            "1,C1,2026-10-10,check,USD,10,,A,11",
            "applied: more is applied than the payment's amount",
        ),
        ("1,C1,2026-10-10,check,USD,10,,A,0", "applied: it is not more than zero"),
        ("1,C1,2026-10-10,check,USD,10,,A,-1", "applied: it is not more than zero"),
        ("1,C1,2026-10-10,check,USD,10,,,5", "invoice: it is empty"),
        ("1,C1,2026-10-10,check,USD,0,,,", "amount: it is not more than zero"),
        ("1,C1,2026-10-10,check,USD,-5,,,", "amount: it is not more than zero"),
        ("1,C1,2026-10-10,cash,USD,10,,,", "method_type: 'cash' is not one of check, wire, other"),
        ("1,C1,2026-10-10,card,USD,10,,,", "method_type: 'card' is not one of"),
        ("1,C1,2026-11-02,check,USD,10,,,", "received_on: it is in the future"),
        ("1,C9,2026-10-10,check,USD,10,,,", "customer: there is no customer 'C9'"),
        (",C1,2026-10-10,check,USD,10,,,", "reference: it is empty"),
        ("1,C1,2026-10-10,check,USD,10,,NO,", "invoice: the customer has no invoice 'NO'"),
        ("1,C1,2026-10-10,check,USD,10,,X,", "invoice: the customer has no invoice 'X'"),
        ("1,C1,2026-10-10,check,USD,10,,E,", "invoice: E is in EUR, the payment in USD"),
        ("1,C1,2026-10-10,check,USD,10,,M,", "invoice: M is a credit memo"),
        ("1,C1,2026-10-10,check,USD,5,,V,", "invoice: V is void"),
    ],
)
def test_refused(office: Office, row: str, said: str) -> None:
    (problem,) = office.problems("payments", HEAD + row + "\n")
    assert problem.line == 2
    assert said in str(problem)


def test_the_line_is_that_of_the_allocation(office: Office) -> None:
    text = HEAD + "1,C1,2026-10-10,check,USD,99,,A,10\n1,C1,,,,,,B,60\n"
    (problem,) = office.problems("payments", text)
    assert str(problem) == "line 3, applied: 50.00 USD is payable on B, not 60.00 USD"
    (problem,) = office.problems("payments", text.replace("B,60", "A,60"))
    assert problem.reason == "A is a duplicate in this payment"


def test_two_payments_cannot_spend_the_same_balance(office: Office) -> None:
    text = HEAD + "1,C1,2026-10-10,check,USD,60,,A,60\n2,C1,2026-10-10,check,USD,60,,A,60\n"
    (problem,) = office.problems("payments", text)
    assert str(problem) == "line 3, applied: 40.00 USD is payable on A, not 60.00 USD"


def test_what_is_reserved_is_not_payable(office: Office) -> None:
    office.reserve("A", 9000)
    (problem,) = office.problems("payments", HEAD + "1,C1,2026-10-10,check,USD,11,,A,11\n")
    assert problem.reason == (
        "10.00 USD is payable on A, not 11.00 USD: a payment for it is under way"
    )
    office.take("payments", HEAD + "1,C1,2026-10-10,check,USD,11,,A,10\n")
    assert office.invoice("A").payable_minor == 0
    with office.ledger.write() as unit:  # the payment under way arrives: nothing is over-applied
        unit.invoices.release((Allocation("A", 9000),))
        unit.invoices.reserve((Allocation("A", 9000),))
        told(unit)
    assert office.invoice("A").balance_minor == 9000


@pytest.mark.parametrize("update", [False, True])
def test_a_payment_never_changes(office: Office, update: bool) -> None:
    office.take("payments", HEAD + "1,C1,2026-10-10,check,USD,10,,A,10\n")
    for row in ("1,C1,2026-10-10,check,USD,11,,A,10", "1,C1,2026-10-11,check,USD,10,,A,10"):
        (problem,) = office.problems("payments", HEAD + row + "\n", update=update)
        assert problem.reason == (
            "payment 1 is in the ledger with other content; payments never change"
        )


def test_a_reference_belongs_to_its_customer(office: Office) -> None:
    head = "reference,customer,received_on,method_type,amount\n"
    office.take("payments", head + "1,C1,2026-10-10,check,5\n1,C2,2026-10-10,check,5\n")
    assert len(office.payments()) == 2


def test_a_reference_twice_in_one_file(office: Office) -> None:
    head = "reference,customer,received_on,method_type,amount\n"
    text = head + "1,C1,2026-10-10,check,5\n2,C1,2026-10-10,check,5\n1,C1,2026-10-10,check,5\n"
    (problem,) = office.problems("payments", text)
    assert str(problem) == "line 4, reference: 1 is a duplicate in this file"
