"""The JSON and CSV that scripts rely on: fields, their order, and their types."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from typing import Any

from tests.world.program import DemoCompany, Desk

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")

INVOICE: Mapping[str, Any] = {
    "number": str,
    "kind": {"invoice", "credit_memo"},
    "status": {"open", "partial", "processing", "paid", "void"},
    "customer": str,
    "customer_name": str,
    "issued_on": DATE,
    "due_on": DATE,
    "days_overdue": int,
    "currency": str,
    "total_minor": int,
    "total": str,
    "paid_minor": int,
    "paid": str,
    "processing_minor": int,
    "pending_minor": int,
    "pending": str,
    "balance_minor": int,
    "balance": str,
    "payable_minor": int,
    "payable": str,
    "po_number": str,
    "order_number": str,
    "memo": str,
    "disputed": bool,
    "paid_on": (None, DATE),
}
LINE = {"description": str, "quantity": str, "unit_price": str, "amount_minor": int}
PAYMENT: Mapping[str, Any] = {
    "id": str,
    "status": {"claimed", "submitted", "processing", "succeeded", "failed", "canceled", "unknown"},
    "customer": str,
    "method": str,
    "method_type": {"card", "ach", "check", "wire", "other"},
    "method_label": str,
    "currency": str,
    "amount_minor": int,
    "amount": str,
    "refunded_minor": int,
    "refunded": str,
    "disputed": bool,
    "unapplied_minor": int,
    "unapplied": str,
    "order_number": str,
    "created_at": INSTANT,
    "settled_at": (None, INSTANT),
    "gateway_id": str,
    "receipt_number": str,
    "failure_code": str,
    "memo": str,
    "initiated_by": str,
    "livemode": bool,
    "allocations": list,
    "reversals": list,
}
METHOD: Mapping[str, Any] = {
    "id": str,
    "type": {"card", "ach"},
    "label": str,
    "brand": str,
    "last4": str,
    "expires": str,
    "status": {"active", "needs_verification", "expired", "removed"},
    "default": bool,
}


def check(record: dict[str, Any], contract: Mapping[str, Any]) -> None:
    """Every field of the contract is there, in its order and of its type; others may be too."""
    assert [name for name in record if name in contract] == list(contract)
    for name, expected in contract.items():
        assert _fits(record[name], expected), f"{name} is {record[name]!r}"


def _fits(value: Any, expected: Any) -> bool:
    if isinstance(expected, tuple):
        return any(_fits(value, each) for each in expected)
    if isinstance(expected, set):
        return value in expected
    if isinstance(expected, re.Pattern):
        return isinstance(value, str) and expected.fullmatch(value) is not None
    return value is None if expected is None else type(value) is expected


def test_open_invoices_have_exactly_the_promised_fields(company: DemoCompany) -> None:
    invoices = company.run("invoices list --open --format json").json
    assert invoices[0]["number"] == "INV-1042"
    for invoice in invoices:
        assert list(invoice) == list(INVOICE)
        check(invoice, INVOICE)
        assert invoice["balance_minor"] == invoice["total_minor"] - invoice["paid_minor"] > 0
        assert invoice["payable_minor"] == invoice["balance_minor"] - invoice["pending_minor"]
        assert invoice["processing_minor"] == invoice["pending_minor"]


def test_every_invoice_of_the_company_keeps_the_contract(company: DemoCompany) -> None:
    invoices = company.as_("finance").run("invoices list --all --format json").json
    assert len(invoices) > 200  # unlimited
    for invoice in invoices:
        check(invoice, INVOICE)
    assert {i["status"] for i in invoices} == {"open", "partial", "processing", "paid", "void"}
    assert {i["kind"] for i in invoices} == {"invoice", "credit_memo"}


def test_amounts_come_as_minor_units_and_as_text(company: DemoCompany) -> None:
    for invoice in company.as_("finance").run("invoices list --all --json").json:
        for name in ("total", "balance"):
            units = invoice[name].replace(".", "")
            assert int(units) == invoice[f"{name}_minor"], invoice


def test_one_invoice_adds_lines_payments_and_address(company: DemoCompany) -> None:
    invoice = company.run("invoices show INV-1056 --json").json
    check(invoice, {**INVOICE, "bill_to": list, "lines": list, "payments": list})
    for line in invoice["lines"]:
        check(line, LINE)
    assert sum(line["amount_minor"] + line["tax_minor"] for line in invoice["lines"]) == 142631
    assert [p["amount_minor"] for p in invoice["payments"]] == [42789, 99842]


def test_payments_keep_the_contract(company: DemoCompany) -> None:
    mine = company.run("payments list --json").json
    everything = company.as_("finance").run("payments list --json").json
    for payment in mine + everything:
        check(payment, PAYMENT)
        for allocation in payment["allocations"]:
            check(allocation, {"invoice": str, "amount_minor": int})
    assert company.run(["payments", "show", mine[0]["id"], "--json"]).json == mine[0]
    assert len(everything) > 100


def test_methods_keep_the_contract(company: DemoCompany) -> None:
    methods = company.run("methods list --json").json
    for method in methods:
        check(method, METHOD)
    assert [(m["type"], m["default"]) for m in methods] == [
        ("card", True),
        ("ach", True),
        ("card", False),
        ("ach", False),
    ]


def test_nothing_but_the_answer_is_on_stdout_and_nothing_on_stderr(company: DemoCompany) -> None:
    for command in ("invoices list", "pay INV-1042 --dry-run", "pay INV-1042 --yes", "sync"):
        result = company.run(f"{command} --json")
        json.loads(result.stdout)
        assert result.stderr == "", command


def test_errors_are_one_object_on_stderr(company: DemoCompany) -> None:
    result = company.run("invoices show INV-9999 --json")
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.error == {
        "code": "not_found",
        "message": "no invoice INV-9999",
        "hint": "Check it with `invoicepay invoices list --all`.",
    }
    # Also where the command line itself is wrong, before the format has been understood.
    assert company.run("invoices list --colour --json").error["code"] == "usage"
    assert company.run("--json invoices list --format").error["code"] == "usage"


def test_csv_has_the_same_fields_as_columns(company: DemoCompany) -> None:
    text = company.run("invoices list --format csv").stdout
    header, *rows = csv.reader(io.StringIO(text))
    assert header == list(INVOICE)
    invoices = company.run("invoices list --json").json
    assert [row[0] for row in rows] == [i["number"] for i in invoices]
    assert [int(row[header.index("total_minor")]) for row in rows] == [
        i["total_minor"] for i in invoices
    ]


def test_csv_repeats_a_payment_for_each_of_its_allocations(company: DemoCompany) -> None:
    company.run("pay INV-1042 INV-1060 --yes")
    rows = list(csv.DictReader(io.StringIO(company.run("payments list --format csv").stdout)))
    names = ("amount", "allocation_invoice", "allocation_amount_minor")
    assert [tuple(row[name] for name in names) for row in rows][:3] == [
        ("2846.72", "INV-1042", "184250"),
        ("2846.72", "INV-1060", "100422"),
        ("998.42", "INV-1056", "99842"),
    ]
    assert list(rows[0])[:4] == ["id", "status", "customer", "method"]


def test_csv_repeats_an_invoice_for_each_of_its_lines(company: DemoCompany) -> None:
    rows = list(
        csv.DictReader(io.StringIO(company.run("invoices show INV-1042 --format csv").stdout))
    )
    assert {row["number"] for row in rows} == {"INV-1042"}
    assert [row["line_amount_minor"] for row in rows] == ["60000", "40000", "76000"]


LISTS = (
    "invoices list --all",
    "payments list",
    "methods list",
    "customers list",
    "contacts list",
    "tokens list",
    "sync",
)


def test_the_header_of_an_empty_list_is_that_of_a_full_one(
    company: DemoCompany, desk: Desk
) -> None:
    """In CSV; in JSON an empty list is `[]`."""
    new = "--ledger new.db --password-stdin"
    init = f"init --company New --admin-email a@new.example {new}"
    assert desk.run(init, "nine quiet harbours\n").exit_code == 0
    login = f"login --email a@new.example --insecure-storage {new}"
    assert desk.run(login, "nine quiet harbours\n").exit_code == 0
    finance = company.as_("finance")
    finance.run("tokens create nightly")
    for command in LISTS:
        full = finance.run(f"{command} --format csv").stdout
        empty = desk.run(f"{command} --format csv --ledger new.db").stdout
        records = list(csv.DictReader(io.StringIO(full)))
        assert records, command
        assert None not in records[0], command  # no row is longer than the header
        if command != "contacts list":  # whoever looks is there
            assert empty.splitlines() == full.splitlines()[:1], command
            assert desk.run(f"{command} --json --ledger new.db").stdout == "[]\n", command


def test_json_and_csv_have_the_same_fields(company: DemoCompany) -> None:
    nested = {"allocations", "reversals"}
    for command in LISTS:
        record = company.as_("finance").run(f"{command} --json").json
        header = company.as_("finance").run(f"{command} --format csv").stdout.partition("\n")[0]
        if record:
            plain = [name for name in record[0] if name not in nested]
            assert header.split(",")[: len(plain)] == plain
