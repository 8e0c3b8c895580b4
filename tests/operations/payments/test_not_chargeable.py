"""Invoices that the ledger has and the gateway does not charge: their currency, or their amount."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from invoicepay.billing.errors import InvoicepayError
from invoicepay.billing.invoice import InvoiceState
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.methods import AttachTestMethod
from invoicepay.operations.payments.pay import Pay
from tests.operations.payments.quotes import numbers, quoted, refusal
from tests.world.company import SmallCompany
from tests.world.scripted_gateway import ScriptedGateway

OPEN = InvoiceState.OPEN
ELSEWHERE = (
    "Pay it in another way, e.g. by wire, which finance records with `invoicepay import payments`"
)


def bill(company: SmallCompany, *rows: str) -> None:
    """Rows: number, currency, total, and perhaps whether it is disputed."""
    lines = ["number,customer,issued_on,currency,total,disputed"]
    for row in rows:
        number, currency, total, disputed = (row + ",").split(",")[:4]
        lines.append(f"{number},C-1,2026-10-01,{currency},{total},{disputed}")
    bring(company, "invoices", *lines)


def bring(company: SmallCompany, kind: str, *lines: str) -> None:
    file = company.ledger.path.with_name(f"{kind}.csv")
    file.write_text("\n".join([*lines, ""]))
    company.finance.call(ImportRecords(kind, str(file)))


@pytest.mark.parametrize("method", ["card", "ach", ""])
def test_it_is_refused_before_anything_is_claimed(company: SmallCompany, method: str) -> None:
    """Whatever the method is: it never says to pay by card instead."""
    bill(company, "Q-1,IQD,1500.250", "K-1,KWD,12.345")

    assert refusal(company.payer, numbers=("Q-1",), method=method) == (
        "currency_not_supported",
        "no card and no bank account is charged in IQD",
        f"{ELSEWHERE}.",
    )
    assert refusal(company.payer, numbers=("K-1",), method=method) == (
        "amount_not_chargeable",
        "12.345 KWD cannot be charged, only multiples of 0.010 KWD",
        f"{ELSEWHERE}, or less here: --amount K-1=12.340.",
    )
    assert company.gateway.calls == []
    assert company.invoice("Q-1").reserved_minor == 0


def test_it_is_said_where_the_customer_has_no_method_either(company: SmallCompany) -> None:
    """A method would not help."""
    bring(
        company,
        "invoices",
        "number,customer,issued_on,currency,total",
        "Q-2,C-2,2026-10-01,IQD,1500.250",
    )

    assert refusal(company.finance, numbers=("Q-2",))[0] == "currency_not_supported"


def test_what_is_paid_already_is_not_to_be_paid_by_wire(company: SmallCompany) -> None:
    bill(company, "Q-1,IQD,1500.250")
    bring(
        company,
        "payments",
        "reference,customer,received_on,method_type,currency,amount,invoice",
        "W-1,C-1,2026-10-20,wire,IQD,1500.250,Q-1",
    )

    assert refusal(company.payer, numbers=("Q-1",))[0] == "already_paid"


def test_the_claim_does_not_trust_a_plan(company: SmallCompany, gateway: ScriptedGateway) -> None:
    bill(company, "Q-1,IQD,1500.250", "K-1,KWD,12.345")
    even = quoted(company.payer, method="card", numbers=("K-1",), amounts=(("K-1", "12.340"),))
    line = even.lines[0]
    uneven = replace(even, lines=(replace(line, amount_minor=12345),))
    foreign = replace(
        even,
        currency="IQD",
        lines=(replace(line, invoice=company.invoice("Q-1"), amount_minor=1500250),),
    )

    for plan, code in ((uneven, "amount_not_chargeable"), (foreign, "currency_not_supported")):
        with pytest.raises(InvoicepayError) as refused:
            company.call(Pay(plan))
        assert refused.value.code == code
    assert gateway.calls == []


def test_a_filter_leaves_it_out_and_says_so(company: SmallCompany) -> None:
    bill(company, "Q-1,IQD,1500.250", "Q-2,IQD,10.000,yes")

    plan = quoted(company.payer, method="card", state=InvoiceState.OVERDUE)

    assert (numbers(plan), plan.currency) == (["INV-1"], "USD")
    assert set(plan.not_chargeable) == {"Q-1", "Q-2"}
    assert plan.disputed == ()  # --include-disputed would not pay it


def test_a_filter_leaves_out_amounts_that_cannot_be_charged(company: SmallCompany) -> None:
    bill(company, "K-1,KWD,12.345", "K-2,KWD,10.000")
    in_kwd: dict[str, Any] = {"state": OPEN, "currency": "KWD"}

    plan = quoted(company.payer, method="card", **in_kwd)
    assert (numbers(plan), plan.not_chargeable) == (["K-2"], ("K-1",))

    part = quoted(company.payer, method="card", **in_kwd, amounts=(("K-1", "12.340"),))
    assert (set(numbers(part)), part.not_chargeable) == ({"K-1", "K-2"}, ())
    assert [line.leaves_minor for line in part.too_fine_to_pay_later] == [5]

    bill(company, "K-3,KWD,0.005")
    together = quoted(company.payer, method="card", **in_kwd)
    assert set(numbers(together)) == {"K-1", "K-2", "K-3"}
    assert (together.total_minor, together.not_chargeable) == (22350, ())


@pytest.mark.parametrize("row", ["Q-1,IQD,1500.250", "K-1,KWD,12.345", "Q-1,VES,1.00,yes"])
def test_a_filter_that_finds_nothing_else_says_so(company: SmallCompany, row: str) -> None:
    bill(company, row)

    assert refusal(company.payer, state=OPEN, currency=row.split(",")[1]) == (
        "nothing_selected",
        "nothing is open to pay in this selection; 1 invoice(s) cannot be charged",
        f"{ELSEWHERE}.",
    )


def test_a_selection_in_two_currencies_is_narrowed_to_one_that_can_be_paid(
    company: SmallCompany,
) -> None:
    bill(company, "C-9,CLF,1.2345")

    says = refusal(company.payer, numbers=("INV-1", "C-9"))

    assert says[2] == "Name those in one alone; in USD: INV-1."
    assert numbers(quoted(company.payer, method="card", numbers=("INV-1",))) == ["INV-1"]


def test_what_can_be_charged_of_such_currencies_is(company: SmallCompany) -> None:
    bill(company, "K-1,KWD,12.340", "T-1,TND,99.990", "I-1,ISK,1999.00", "U-1,UGX,5000.00")
    company.payer.call(AttachTestMethod("C-1", "pm_card_visa"))

    for number, minor in (("K-1", 12340), ("T-1", 99990), ("I-1", 199900), ("U-1", 500000)):
        assert company.pay(number, method="card").amount_minor == minor
        assert company.invoice(number).balance_minor == 0
    company.assert_books_balance()
