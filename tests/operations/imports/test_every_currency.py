"""Invoices and payments in every currency of ISO 4217, to the last decimal that it has."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invoicepay.billing.charge import CHARGED
from invoicepay.billing.customer import EVERYTHING
from invoicepay.billing.invoice import InvoiceFilter, InvoiceState
from invoicepay.billing.money import CURRENCIES, decimals, plain_text
from tests.world.office import NOW, Office

HEAD = "number,customer,issued_on,currency,total\n"
LINES = (
    "number,customer,issued_on,currency,total,line_description,line_quantity,line_unit_price,"
    "line_amount,line_tax\n"
)
PAID = "reference,customer,received_on,method_type,currency,amount,invoice\n"


@pytest.mark.parametrize(
    "row",
    [
        "K-1,C1,2026-01-05,KWD,12.345",
        "T-1,C1,2026-01-05,TND,99.999",
        "I-1,C1,2026-01-05,ISK,1999.50",
        "Q-1,C1,2026-01-05,IQD,1500.250",
        "L-1,C1,2026-01-05,LYD,10.500",
        "V-1,C1,2026-01-05,VES,10.50",
        "S-1,C1,2026-01-05,STN,10.50",
        "S-2,C1,2026-01-05,SVC,10.50",
        "F-1,C1,2026-01-05,CLF,1.2345",
    ],
)
def test_what_the_gateway_does_not_charge_is_billed_and_paid_by_wire(
    office: Office, row: str
) -> None:
    number, customer, _, currency, total = row.split(",")

    office.take("invoices", HEAD + row + "\n")
    invoice = office.invoice(number)
    assert plain_text(invoice.balance_minor, currency) == total

    office.take("payments", f"{PAID}W-1,{customer},2026-10-20,wire,{currency},{total},{number}\n")
    assert office.invoice(number).balance_minor == 0
    assert office.payments()[0].amount_minor == invoice.total_minor
    office.everything()


def test_lines_have_prices_with_any_digits(office: Office) -> None:
    """Of what is charged in steps, too: only the sum must be charged."""
    office.take(
        "invoices",
        LINES + "K-1,C1,2026-01-05,KWD,12.350,Rope,3,4.115333,12.346,0.003\n"
        "K-1,,,,,Knot,0.5,0.0019,0.001,\n",
    )

    detail = office.detail("K-1")
    assert [(line.unit_price, line.amount_minor, line.tax_minor) for line in detail.lines] == [
        ("4.115333", 12346, 3),
        ("0.0019", 1, 0),
    ]
    assert detail.invoice.total_minor == 12350


def test_every_currency_is_taken_as_a_default(office: Office) -> None:
    rows = "".join(f"X-{code},{code} Ltd,{code}\n" for code in sorted(CURRENCIES))

    office.take("customers", "number,name,currency\n" + rows)

    assert CURRENCIES > CHARGED


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_totals_of_every_currency_tie_out_to_the_last_decimal(
    hire: Callable[[], Office], data: st.DataObject
) -> None:
    """Two invoices in each; one is paid outside, the other in part, as the payments say."""
    office = hire()
    office.take("customers", "number,name,currency,terms_days\nC1,One Ltd,USD,30\n")
    minor = st.integers(2, 10**11)
    billed = {code: (data.draw(minor), data.draw(minor)) for code in sorted(CURRENCIES)}
    invoices, payments = [HEAD], [PAID]
    for code, amounts in billed.items():
        for n, amount in enumerate(amounts):
            text = plain_text(amount, code)
            assert Decimal(text).scaleb(decimals(code)) == amount
            invoices.append(f"{code}-{n},C1,2026-01-05,{code},{text}\n")
        first, second = (plain_text(amount, code) for amount in (amounts[0], amounts[1] - 1))
        payments.append(f"{code}-full,C1,2026-10-20,wire,{code},{first},{code}-0\n")
        payments.append(f"{code}-part,C1,2026-10-20,check,{code},{second},{code}-1\n")

    office.take("invoices", "".join(invoices))
    assert _totals(office) == {code: sum(amounts) for code, amounts in billed.items()}

    office.take("payments", "".join(payments))
    assert _totals(office) == dict.fromkeys(billed, 1)
    assert {i.number[:3] for i in office.invoices() if i.paid_on} == CURRENCIES
    office.everything()


def _totals(office: Office) -> dict[str, int]:
    """What is open of each currency."""
    with office.ledger.read() as unit:
        page = unit.invoices.page(InvoiceFilter(InvoiceState.OPEN), EVERYTHING, NOW.date())
    assert page.totals is not None
    return {code: total.balance_minor for code, total in page.totals.items()}
