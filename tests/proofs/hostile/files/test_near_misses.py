"""Files that look bad and are not: taken, and every amount as it is written."""

from __future__ import annotations

import pytest

from tests.proofs.hostile.files.bad import GOOD, INVOICES, LINES, PAYMENTS, as_json
from tests.world.office import Office


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("0", 0), ("-0.00", 0), ("007", 700), ("0.10", 10), ("5.5", 550), ("1.230000", 123),
        (" 12.00 ", 1200), ("0000000000000000012", 1200),
    ],
)  # fmt: skip
def test_amounts(office: Office, text: str, minor: int) -> None:
    result = office.take("invoices", INVOICES + GOOD.replace("10.00", text))
    assert office.invoice("GOOD").total_minor == minor
    assert result.added_minor == {"USD": minor}


def test_a_header_alone(office: Office) -> None:
    """A day without invoices is a day, too."""
    before = office.everything()
    assert office.take("invoices", INVOICES).invoices.added == 0
    assert office.everything() == before


def test_currencies_in_small_letters(office: Office) -> None:
    office.take("invoices", INVOICES + GOOD.replace("USD", "eur"))
    assert office.invoice("GOOD").currency == "EUR"


def test_later_lines_are_in_the_currency_of_the_first(office: Office) -> None:
    rows = (
        "A,C1,2026-10-01,JPY,,,x,500,\nA,,,,,,y,500,50\nB,C3,2026-10-01,,,,x,700,\nB,,,,,,y,70,\n"
    )
    assert office.take("invoices", LINES + rows).added_minor == {"JPY": 1820}
    assert [line.amount_minor for line in office.detail("A").lines] == [500, 500]
    assert office.invoice("B").total_minor == 770


def test_an_invoice_that_moves_and_is_settled_at_once(office: Office) -> None:
    head = "number,customer,issued_on,currency,total,paid_on\n"
    office.take("invoices", head + "OPEN,C2,2026-10-01,EUR,70.00,2026-10-02\n", update=True)
    payment = office.payments()[-1]
    assert (payment.customer, payment.currency, payment.amount_minor) == ("C2", "EUR", 7000)
    assert office.invoice("OPEN").balance_minor == 0
    office.everything()


def test_keys_that_an_update_lacks_stay(office: Office) -> None:
    office.take("customers", as_json({"number": "C2", "name": "New"}), name="f.jsonl", update=True)
    with office.ledger.read() as unit:
        customer = unit.loading.customer("C2")
    assert customer is not None
    assert (customer.name, customer.currency, customer.terms_days) == ("New", "EUR", 14)
    cleared = as_json({"number": "C2", "name": "New", "currency": ""})
    office.take("customers", cleared, name="f.jsonl", update=True)
    with office.ledger.read() as unit:
        customer = unit.loading.customer("C2")
    assert customer is not None
    assert (customer.currency, customer.terms_days) == ("", 14)


@pytest.mark.parametrize("allocations", [None, []])
def test_no_allocations_are_credit(office: Office, allocations: object) -> None:
    record = {"reference": "9", "customer": "C1", "received_on": "2026-10-09"}
    paid = as_json(record, method_type="check", amount=5, allocations=allocations)
    assert office.take("payments", paid, name="f.jsonl").unapplied_minor == {"USD": 500}


def test_the_largest_sum_that_fits(office: Office) -> None:
    """Of dollars; the stock has 405.00 of them in invoices, signs left out."""
    with office.ledger.read() as unit:
        stocked = unit.loading.largest_sum()
    rest = 2**63 - 1 - stocked
    row = GOOD.replace("10.00", f"{rest // 100}.{rest % 100:02d}")
    office.take("invoices", INVOICES + row)
    with office.ledger.read() as unit:
        assert unit.loading.largest_sum() == 2**63 - 1
    assert len(office.invoices()) == 9  # with its totals


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_memos_of_several_lines(office: Office, end: str) -> None:
    """Commas, quotes, dates and blank lines within a quoted cell are text."""
    memo = f'October, "first" part{end}{end}paid by A,C1,2026-10-01,x,y,z{end}2026-10-01, thanks'
    quoted = memo.replace('"', '""')
    text = INVOICES + GOOD[:-1] + f'"{quoted}"{end}' + GOOD.replace("GOOD", "B")
    assert office.take("invoices", text).invoices.added == 2
    assert office.invoice("GOOD").memo == memo.replace(end, "\n")


def test_a_first_column_of_several_lines_is_no_record(office: Office) -> None:
    mapping = '[columns]\nnumber="No"\ncustomer="Who"\nissued_on="On"\ntotal="Sum"\n'
    text = 'Note,No,Who,On,Sum\n"a\nb",A,C1,2026-10-01,5.00\n'
    assert office.take("invoices", text, mapping=mapping).invoices.added == 1


def test_addresses_with_commas(office: Office) -> None:
    text = 'number,name,address\nK,K,"12 Wharf, Floor 2\nPort Ansel, OR 97099"\n'
    assert office.take("customers", text).customers.added == 1


def test_blank_rows_at_the_end(office: Office) -> None:
    text = PAYMENTS + "9,C1,2026-10-09,check,USD,5,,OPEN,\n\n,\n,,,,\n\n"
    assert office.take("payments", text).payments.added == 1


def test_a_credit_memo_may_be_due_before_it_is_issued(office: Office) -> None:
    """It may carry the due day of the invoice that it corrects."""
    head = "number,customer,issued_on,due_on,kind,total\n"
    text = head + "A,C1,2026-10-09,2026-10-01,credit_memo,-5.00\n"
    assert office.take("invoices", text).added_minor == {"USD": -500}
