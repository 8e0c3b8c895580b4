"""Invoices that the gateway cannot charge, through the installed program: listed, printed, paid
in another way as the error advises, and still tied out by doctor."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader

from invoicepay.billing.money import CURRENCIES, grouped_text, plain_text
from tests.proofs.size import Size
from tests.world.program import DemoCompany

HEAD = "number,customer,issued_on,currency,total"
CUSTOMER = "C-1007"


def bring(company: DemoCompany, kind: str, *lines: str) -> None:
    (company.folder / f"{kind}.csv").write_text("\n".join([*lines, ""]))
    result = company.as_("finance").run(f"import {kind} {kind}.csv")
    assert result.exit_code == 0, result.stderr


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def test_every_currency_is_listed_printed_and_paid_outside(
    company: DemoCompany, size: Size
) -> None:
    finance = company.as_("finance")
    amounts = dict.fromkeys(sorted(CURRENCIES), 1234567)
    texts = {code: plain_text(amount, code) for code, amount in amounts.items()}
    rows = [f"X-{code},{CUSTOMER},2026-10-01,{code},{texts[code]}" for code in texts]
    bring(company, "invoices", HEAD, *rows)

    for code, text in list(texts.items())[:: 1 if size.whole else 5]:
        found = finance.run(f"invoices list --open --currency {code} --min {text} --json").json
        mine = [i for i in found if i["number"] == f"X-{code}"]
        assert [(i["total"], i["total_minor"]) for i in mine] == [(text, 1_234_567)]
    listed = finance.run("invoices list --all --customer C-1007")
    assert listed.exit_code == 0
    for code in ("KWD", "CLF", "ISK", "JPY"):
        assert grouped_text(1_234_567, code) in listed.stdout

    for code in ("KWD", "CLF", "ISK", "UYI", "IQD", "USD"):
        printed = text_of(finance.run_bytes(f"invoices pdf X-{code} --stdout"))
        assert grouped_text(1_234_567, code) in printed
        assert code in printed

    payments = [
        f"W-{code},{CUSTOMER},2026-10-20,wire,{code},{text},X-{code}"
        for code, text in texts.items()
    ]
    bring(
        company,
        "payments",
        "reference,customer,received_on,method_type,currency,amount,invoice",
        *payments,
    )
    assert {i["number"] for i in finance.run("invoices list --paid --json").json} >= {
        f"X-{code}" for code in texts
    }
    assert finance.run("doctor").exit_code == 0


@pytest.mark.parametrize(
    ("row", "code", "said"),
    [
        ("Q-1,IQD,1500.250", "currency_not_supported", "no card and no bank account is charged"),
        ("K-1,KWD,12.345", "amount_not_chargeable", "12.345 KWD cannot be charged, only multiples"),
        ("I-1,ISK,1999.50", "amount_not_chargeable", "only multiples of 1.00 ISK"),
    ],
)
def test_whoever_does_what_the_error_says_has_paid(
    company: DemoCompany, row: str, code: str, said: str
) -> None:
    number, currency, total = row.split(",")
    bring(company, "invoices", HEAD, f"{number},{CUSTOMER},2026-10-01,{currency},{total}")
    for options in ("--yes", "--yes --method card", "--yes --method ach", "--dry-run"):
        refused = company.run(f"pay {number} {options} --json")
        assert refused.exit_code == 2
        assert refused.error["code"] == code
        assert said in refused.error["message"]
        assert "`invoicepay import payments`" in refused.error["hint"]

    bring(
        company,
        "payments",
        "reference,customer,received_on,method_type,currency,amount,invoice",
        f"W-1,{CUSTOMER},2026-10-20,wire,{currency},{total},{number}",
    )

    assert company.run(f"invoices show {number} --json").json["status"] == "paid"
    assert company.as_("finance").run("doctor").exit_code == 0


def test_a_part_that_can_be_charged_is_paid_here_and_the_rest_outside(
    company: DemoCompany,
) -> None:
    bring(company, "invoices", HEAD, f"K-1,{CUSTOMER},2026-10-01,KWD,12.345")
    hint = company.run("pay K-1 --yes --json").error["hint"]
    assert "--amount K-1=12.340." in hint

    paid = company.run("pay K-1 --yes --amount K-1=12.340 --json")
    assert paid.json["amount"] == "12.340"
    quoted = company.run("pay K-1 --dry-run --amount K-1=0.003")
    assert quoted.exit_code == 2

    bring(
        company,
        "payments",
        "reference,customer,received_on,method_type,currency,amount,invoice",
        f"W-1,{CUSTOMER},2026-10-20,other,KWD,0.005,K-1",
    )
    assert company.run("invoices show K-1 --json").json["status"] == "paid"


def test_everything_open_is_paid_but_what_cannot_be_charged(company: DemoCompany) -> None:
    before = company.run("pay --open --dry-run --json").json
    bring(
        company,
        "invoices",
        HEAD,
        f"Q-1,{CUSTOMER},2026-10-01,IQD,1500.250",
        f"V-1,{CUSTOMER},2026-10-01,VES,10.50",
    )

    plan = company.run("pay --open --dry-run --json")
    assert plan.json["total_minor"] == before["total_minor"]
    assert sorted(plan.json["left_out_not_chargeable"]) == ["Q-1", "V-1"]
    shown = company.run("pay --open --dry-run")
    assert "Left out, since their currency or amount cannot be charged: Q-1, V-1." in shown.stderr

    only = company.run("pay --open --currency IQD --dry-run --json")
    assert (only.exit_code, only.error["code"]) == (5, "nothing_selected")


def test_a_rest_that_cannot_be_charged_is_said_before_paying(company: DemoCompany) -> None:
    bring(company, "invoices", HEAD, f"K-1,{CUSTOMER},2026-10-01,KWD,12.345")

    shown = company.run("pay K-1 --amount K-1=10 --dry-run")
    record = company.run("pay K-1 --amount K-1=10 --dry-run --json").json

    assert "This leaves 2.345 KWD of K-1, more decimals than can be charged." in shown.stderr
    assert "pay it in full" not in shown.stderr
    assert (record["too_fine_to_pay_later"], record["too_small_to_pay_later"]) == (["K-1"], [])
