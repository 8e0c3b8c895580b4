"""What a plan pays, what it refuses to pay, and what is said of it: no ledger and no gateway."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from invoicepay.billing.errors import InvoicepayError, Usage
from invoicepay.billing.invoice import Invoice, InvoiceKind
from invoicepay.billing.method import Method, MethodType
from invoicepay.billing.payment import Allocation
from invoicepay.billing.plan import (
    PaymentPlan,
    PlanLine,
    chargeable,
    check_limits,
    check_method,
    digest,
    one_customer,
    one_customer_and_currency,
    plan_lines,
)

TODAY = date(2026, 11, 2)
SEE = "See `invoicepay invoices show INV-1`."


def invoice(number: str = "INV-1", **more: Any) -> Invoice:
    usual = {"customer": "C-1", "currency": "USD", "total_minor": 10000}
    return Invoice(number, issued_on=TODAY, due_on=TODAY, **{**usual, **more})


def method(type_: MethodType = MethodType.CARD, **more: Any) -> Method:
    return Method("m-1", "C-1", type_, "Ours", "Visa", "4242", "pm_1", **more)


def plan(*lines: PlanLine, **more: Any) -> PaymentPlan:
    usual: dict[str, Any] = {"payment_id": "p-1", "customer": "C-1", "currency": "USD"}
    usual |= {"method": method(), "lines": lines, "request_digest": ""}
    return PaymentPlan(**{**usual, **more})


# --- Lines ---


def test_a_line_pays_what_is_wanted_of_its_invoice_or_all_that_is_payable() -> None:
    begun = invoice("INV-2", paid_minor=1000, reserved_minor=2500)
    lines = plan_lines([invoice(), begun, invoice("INV-3")], {"INV-1": 1, "INV-3": 10000})

    assert [(line.invoice.number, line.amount_minor, line.leaves_minor) for line in lines] == [
        ("INV-1", 1, 9999),
        ("INV-2", 6500, 0),
        ("INV-3", 10000, 0),
    ]
    made = plan(*lines)
    assert made.total_minor == 16501
    assert made.allocations == (
        Allocation("INV-1", 1),
        Allocation("INV-2", 6500),
        Allocation("INV-3", 10000),
    )


@pytest.mark.parametrize(
    ("more", "wanted", "code", "message", "hint"),
    [
        (
            {"kind": InvoiceKind.CREDIT_MEMO, "total_minor": -10000},
            None,
            "not_payable",
            "INV-1 is a credit memo; there is nothing to pay",
            SEE,
        ),
        (
            {"voided_on": TODAY},
            100,
            "not_payable",
            "INV-1 is void; there is nothing to pay",
            SEE,
        ),
        (
            {"paid_minor": 10000, "paid_on": TODAY},
            100,
            "already_paid",
            "INV-1 was paid on 2026-11-02",
            SEE,
        ),
        ({"paid_minor": 10000}, None, "already_paid", "INV-1 was paid", SEE),
        (
            {"paid_minor": 4000, "reserved_minor": 6000},
            100,
            "in_flight",
            "payments under way are for all of INV-1, nothing of it is left to pay",
            f"{SEE[:-1]}; `invoicepay sync` asks the bank.",
        ),
        (
            {"reserved_minor": 1},
            10000,
            "amount_exceeds_payable",
            "100.00 USD is more than is payable on INV-1, 99.99 USD",
            "Pay that at most: --amount INV-1=99.99.",
        ),
        (
            {"currency": "JPY", "total_minor": 1500},
            1501,
            "amount_exceeds_payable",
            "1,501 JPY is more than is payable on INV-1, 1,500 JPY",
            "Pay that at most: --amount INV-1=1500.",
        ),
        ({}, 0, "usage", "the amount for INV-1 must be more than zero", ""),
        ({}, -1, "usage", "the amount for INV-1 must be more than zero", ""),
    ],
)
def test_what_is_not_owed_or_more_than_that_is_refused(
    more: dict[str, Any], wanted: int | None, code: str, message: str, hint: str
) -> None:
    amounts = {} if wanted is None else {"INV-1": wanted}

    with pytest.raises(InvoicepayError) as refusal:
        plan_lines([invoice(**more)], amounts)

    assert (refusal.value.code, refusal.value.message) == (code, message)
    assert refusal.value.hint == hint


@pytest.mark.parametrize(
    ("currency", "least"), [("USD", 50), ("JPY", 50), ("GBP", 30), ("HUF", 17500), ("ZAR", 1)]
)
def test_a_rest_below_the_smallest_charge_is_pointed_out(currency: str, least: int) -> None:
    leaves = (0, 1, least - 1, least, least + 1)
    lines = [
        PlanLine(invoice(f"leaves {rest}", currency=currency, total_minor=50000), 50000 - rest)
        for rest in leaves
    ]

    too_small = plan(*lines, currency=currency).too_small_to_pay_later

    assert [line.leaves_minor for line in too_small] == [r for r in leaves if 0 < r < least]


# --- One customer, one currency ---

SEVERAL = (
    (one_customer, "customer", "C", "for one customer", "those of one alone; of C1"),
    (one_customer_and_currency, "customer", "C", "for one customer", "those of one alone; of C1"),
    (one_customer_and_currency, "currency", "X", "in one currency", "those in one alone; in X1"),
)


@pytest.mark.parametrize(("check", "what", "letter", "is_", "those"), SEVERAL)
@pytest.mark.parametrize(
    ("count", "found"),
    [
        (2, "{0}1, {0}2"),
        (3, "{0}1, {0}2, {0}3"),
        (4, "{0}1, {0}2, {0}3 and 1 more"),
        (9, "{0}1, {0}2, {0}3 and 6 more"),
    ],
)
def test_a_selection_of_several_is_refused_and_says_how_to_narrow_it(
    check: Any, what: str, letter: str, is_: str, those: str, count: int, found: str
) -> None:
    """The same text each time, whatever the order of the selection."""
    several = [invoice(f"INV-{n}", **{what: f"{letter}{n}"}) for n in range(count, 0, -1)]
    several.append(replace(several[-1], number="INV-B"))

    said = []
    for named in (True, False):
        with pytest.raises(Usage) as refusal:
            check(several, named=named)
        assert refusal.value.code == "ambiguous_selection"
        assert refusal.value.message == (
            f"one payment is {is_}; this selection has {found.format(letter)}"
        )
        said.append(refusal.value.hint)

    assert said == [
        f"Name {those}: INV-1 INV-B.",
        f"Narrow it with --{what}, e.g. --{what} {letter}1.",
    ]


def test_a_selection_of_one_is_of_that_customer_in_that_currency() -> None:
    one = [invoice("INV-1", currency="EUR"), invoice("INV-2", currency="EUR")]

    assert one_customer(one, named=True) == "C-1"
    assert one_customer_and_currency(one, named=False) == ("C-1", "EUR")


# --- Methods and limits ---


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"removed": True}, "removed"),
        ({"verified": False}, "needs verification"),
        ({"exp_month": 10, "exp_year": 2026}, "expired"),
    ],
)
def test_a_method_that_is_not_active_cannot_pay(more: dict[str, Any], why: str) -> None:
    with pytest.raises(InvoicepayError) as refusal:
        check_method(method(**more), "USD", TODAY)

    assert refusal.value.code == "method_unusable"
    assert refusal.value.message == f"Visa ending 4242 (m-1) cannot be used: {why}"


def test_a_bank_debit_is_in_dollars_and_a_card_in_any_currency() -> None:
    for currency in ("USD", "EUR", "JPY"):
        check_method(method(exp_month=11, exp_year=2026), currency, TODAY)
    check_method(method(MethodType.ACH), "USD", TODAY)
    for currency in ("EUR", "CAD"):
        with pytest.raises(Usage) as refusal:
            check_method(method(MethodType.ACH), currency, TODAY)
        assert refusal.value.code == "currency_not_supported"
        assert refusal.value.hint == "Pay by card: --method card."


@pytest.mark.parametrize(
    ("currency", "least", "most", "under", "over"),
    [
        (
            "USD",
            50,
            99_999_999,
            "0.49 USD is less than the smallest charge, 0.50 USD",
            "1,000,000.00 USD is more than the largest single charge, 999,999.99 USD",
        ),
        (
            "JPY",
            50,
            99_999_999,
            "49 JPY is less than the smallest charge, 50 JPY",
            "100,000,000 JPY is more than the largest single charge, 99,999,999 JPY",
        ),
        (
            "ZAR",  # not in the table of minima
            1,
            99_999_999,
            "0.00 ZAR is less than the smallest charge, 0.01 ZAR",
            "1,000,000.00 ZAR is more than the largest single charge, 999,999.99 ZAR",
        ),
    ],
)
def test_a_charge_is_within_the_gateways_limits_and_both_may_be_charged(
    currency: str, least: int, most: int, under: str, over: str
) -> None:
    check_limits(in_one_line(least, currency), currency)
    check_limits(in_one_line(most, currency), currency)
    for total, code, says in ((least - 1, "under_limit", under), (most + 1, "over_limit", over)):
        with pytest.raises(Usage) as refusal:
            check_limits(in_one_line(total, currency), currency)
        assert (refusal.value.code, refusal.value.message) == (code, says)


def in_one_line(total: int, currency: str) -> list[PlanLine]:
    return [PlanLine(invoice(currency=currency, total_minor=total), total)]


ELSEWHERE = (
    "Pay it in another way, e.g. by wire, which finance records with `invoicepay import payments`"
)


@pytest.mark.parametrize("currency", ["IQD", "LYD", "VES", "STN", "SVC", "CLF"])
def test_a_currency_that_the_gateway_does_not_have_is_paid_in_another_way(currency: str) -> None:
    with pytest.raises(Usage) as refusal:
        check_limits(in_one_line(1000, currency), currency)

    assert refusal.value.code == "currency_not_supported"
    assert refusal.value.message == f"no card and no bank account is charged in {currency}"
    assert refusal.value.hint == f"{ELSEWHERE}."


@pytest.mark.parametrize(
    ("currency", "amounts", "says", "part"),
    [
        (
            "KWD",
            [12345],
            "12.345 KWD cannot be charged, only multiples of 0.010 KWD",
            "INV-0=12.340",
        ),
        (
            "TND",
            [99999],
            "99.999 TND cannot be charged, only multiples of 0.010 TND",
            "INV-0=99.990",
        ),
        (
            "ISK",
            [199950],
            "1,999.50 ISK cannot be charged, only multiples of 1.00 ISK",
            "INV-0=1999.00",
        ),
        ("ISK", [150], "1.50 ISK cannot be charged, only multiples of 1.00 ISK", "INV-0=1.00"),
        ("ISK", [99], "0.99 ISK cannot be charged, only multiples of 1.00 ISK", ""),
        (
            "KWD",
            [5, 2000, 4],
            "2.009 KWD cannot be charged, only multiples of 0.010 KWD",
            "INV-1=1.991",
        ),
        ("KWD", [5], "0.005 KWD cannot be charged, only multiples of 0.010 KWD", ""),
    ],
)
def test_what_has_more_decimals_than_the_gateway_charges(
    currency: str, amounts: list[int], says: str, part: str
) -> None:
    lines = [
        PlanLine(invoice(f"INV-{n}", currency=currency, total_minor=amount), amount)
        for n, amount in enumerate(amounts)
    ]

    with pytest.raises(Usage) as refusal:
        check_limits(lines, currency)

    assert (refusal.value.code, refusal.value.message) == ("amount_not_chargeable", says)
    less = f", or less here: --amount {part}" if part else ""
    assert refusal.value.hint == f"{ELSEWHERE}{less}."


def test_amounts_that_make_a_sum_that_can_be_charged_are_one_charge() -> None:
    lines = [
        PlanLine(invoice(f"INV-{n}", currency="KWD", total_minor=12345), 12345) for n in range(2)
    ]

    check_limits(lines, "KWD")


def test_a_filter_keeps_all_where_the_sum_can_be_charged_else_what_can_by_itself() -> None:
    found = [
        invoice(f"INV-{n}", currency="KWD", total_minor=minor)
        for n, minor in enumerate([12345, 1000, 12345, 20])
    ]

    def kept(invoices: list[Invoice], **amounts: int) -> list[str]:
        named = {f"INV-{name[1:]}": amount for name, amount in amounts.items()}
        return [i.number for i in chargeable(invoices, named)]

    assert kept(found) == ["INV-0", "INV-1", "INV-2", "INV-3"]
    assert kept(found[1:]) == ["INV-1", "INV-3"]
    assert kept(found[1:], n2=12340) == ["INV-1", "INV-2", "INV-3"]
    assert kept(found[2:3]) == []
    assert kept([]) == []


def test_a_rest_with_more_decimals_than_can_be_charged_is_pointed_out() -> None:
    lines = [
        PlanLine(invoice(f"INV-{n}", currency="KWD", total_minor=total), paid)
        for n, (total, paid) in enumerate([(12345, 12340), (12345, 10000), (1000, 990), (1, 1)])
    ]
    made = plan(*lines, currency="KWD")

    assert [line.leaves_minor for line in made.too_fine_to_pay_later] == [5, 2345]
    assert made.too_small_to_pay_later == ()


# --- Digests ---


def test_a_digest_does_not_change_from_one_version_to_the_next() -> None:
    """Ledgers and the gateway keep those of what keys were used for."""
    text = '{"a":[1,null,"\\u00e9"],"b":{"c":false,"d":""}}'

    found = digest({"b": {"d": "", "c": False}, "a": [1, None, "é"]})

    assert found == hashlib.sha256(text.encode()).hexdigest()


def test_plans_that_differ_in_what_is_charged_have_different_digests() -> None:
    line = PlanLine(invoice(), 5000)
    other = PlanLine(invoice("INV-2"), 5000)
    plans = [
        plan(line),
        plan(line, payment_id="p-2"),
        plan(line, customer="C-2"),
        plan(line, currency="EUR"),
        plan(line, method=replace(method(), id="m-2")),
        plan(line, memo="October"),
        plan(other),
        plan(line, other),
        plan(other, line),
        plan(replace(line, amount_minor=5001)),
        plan(PlanLine(invoice(paid_minor=1), 5000)),
    ]

    assert len({p.digest for p in plans}) == len(plans)
    assert plan(line).digest == plan(PlanLine(invoice(), 5000)).digest
