"""The sample company: made by its script, imported like anybody's files."""

from __future__ import annotations

import runpy
from collections import Counter
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from invoicepay.billing.customer import EVERYTHING, Company
from invoicepay.billing.invoice import InvoiceFilter, InvoiceStatus
from invoicepay.demo.sample import CONTACT, CUSTOMER, INVOICE, materialise
from invoicepay.operations.imports.import_records import ImportRecords

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.imports.conftest import Office

SAMPLE = Path(__file__).resolve().parents[3] / "sample_data"
TODAY = date(2026, 11, 1)


def test_the_scripts_make_the_files_that_are_kept(tmp_path: Path) -> None:
    runpy.run_path(str(SAMPLE / "generate.py"))["main"](tmp_path)
    runpy.run_path(str(SAMPLE / "draw_logo.py"))["main"](tmp_path)
    made = sorted(tmp_path.iterdir())
    assert len(made) == 4
    for path in made:
        assert path.read_bytes() == (SAMPLE / "company" / path.name).read_bytes(), path.name


def test_it_imports_and_ties_out(hire: Callable[[], Office], tmp_path: Path) -> None:
    office = hire()
    admin, sample = office.admin(), materialise(TODAY, tmp_path / "sample")
    for _ in range(2):
        results = [
            office.run(ImportRecords(kind, str(path)), admin)
            for kind, path in (
                ("customers", sample.customers),
                ("contacts", sample.contacts),
                ("invoices", sample.invoices),
                ("payments", sample.payments),
            )
        ]
    assert results[0].customers.unchanged == 40
    assert results[2].invoices.unchanged == 302
    assert results[3].payments.added == 0
    office.everything()
    invoices = office.invoices()
    states = Counter(invoice.status for invoice in invoices)
    assert states.keys() == set(InvoiceStatus) - {InvoiceStatus.PROCESSING}
    assert {invoice.currency for invoice in invoices} == {"USD", "EUR"}
    assert max(invoice.issued_on for invoice in invoices) < TODAY


def test_what_the_demo_is_about(hire: Callable[[], Office], tmp_path: Path) -> None:
    office = hire()
    admin, sample = office.admin(), materialise(TODAY, tmp_path)
    for kind in ("customers", "contacts", "invoices", "payments"):
        office.run(ImportRecords(kind, str(getattr(sample, kind))), admin)
    main = office.invoice(INVOICE)
    assert (main.customer, main.status, main.currency) == (CUSTOMER, InvoiceStatus.OPEN, "USD")
    assert main.total_minor == 184250
    with office.ledger.read() as unit:
        contact = unit.contacts.by_email(CONTACT)
        page = unit.invoices.page(InvoiceFilter(customer=CUSTOMER), EVERYTHING, TODAY)
    assert contact is not None
    assert contact.customers == (CUSTOMER,)
    assert {invoice.currency for invoice in page.items} == {"USD"}
    assert len(page.items) >= 5
    assert any(invoice.due_on > TODAY for invoice in page.items)
    assert any(invoice.paid_minor for invoice in page.items)


def test_the_profile_is_a_company(tmp_path: Path) -> None:
    sample = materialise(TODAY, tmp_path)
    assert sample.profile.keys() <= {field.name for field in fields(Company)}
    assert sample.logo.startswith(b"\x89PNG\r\n")
