"""Imports beside payments: what a file says never bends what was paid."""

from __future__ import annotations

from pathlib import Path

import pytest

from invoicepay.operations.imports.import_records import Imported, ImportRecords
from invoicepay.operations.imports.problems import BadRows
from tests.world.company import SmallCompany


def load(company: SmallCompany, folder: Path, kind: str, text: str, **more: bool) -> Imported:
    file = folder / "file.csv"
    file.write_text(text)
    return company.finance.call(ImportRecords(kind, str(file), **more))  # type: ignore[arg-type]


def test_settling_an_invoice_by_a_file_keeps_the_invoices_own_currency(
    company: SmallCompany, tmp_path: Path
) -> None:
    head = "number,customer,issued_on,due_on,total,paid_on\n"
    row = "INV-50,C-1,2026-10-01,2026-10-31,10.00,"
    load(company, tmp_path, "invoices", f"{head}{row}\n")
    load(
        company, tmp_path, "customers", "number,name,currency\nC-1,Harbor Finch,EUR\n", update=True
    )

    load(company, tmp_path, "invoices", f"{head}{row}2026-11-01\n", update=True)

    assert company.invoice("INV-50").currency == "USD"
    assert company.invoice("INV-50").balance_minor == 0


def test_an_invoice_that_a_payment_names_keeps_its_customer_and_currency(
    company: SmallCompany, tmp_path: Path, bad_card: str
) -> None:
    company.pay("INV-1", method=bad_card)  # declined: nothing is held, and still it is named

    for changed in ("C-1,2026-10-01,2026-10-31,EUR", "C-2,2026-10-01,2026-10-31,USD"):
        text = f"number,customer,issued_on,due_on,currency,total\nINV-1,{changed},100.00\n"
        with pytest.raises(BadRows):
            load(company, tmp_path, "invoices", text, update=True)


def test_references_and_customers_never_run_into_each_other(
    company: SmallCompany, tmp_path: Path
) -> None:
    load(company, tmp_path, "customers", "number,name\nA,a\nA:B,b\n")

    imported = load(
        company,
        tmp_path,
        "payments",
        "reference,customer,received_on,method_type,currency,amount\n"
        "B:C,A,2026-11-02,check,USD,5.00\n"
        "C,A:B,2026-11-02,check,USD,6.00\n",
    )

    assert imported.payments.added == 2
