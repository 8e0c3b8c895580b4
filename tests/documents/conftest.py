"""Test data made of the billing dataclasses, and ways to read a PDF back."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from invoicepay.billing.customer import Address, Company, Customer
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import Invoice, InvoiceDetail, InvoiceLine
from invoicepay.billing.method import MethodType
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus
from invoicepay.billing.ports import Receipt
from invoicepay.documents import PdfDocuments, scripts

TODAY = date(2026, 10, 10)
MARINA = Address(("88 Marina Way", "Astoria, OR 97103"))


@pytest.fixture(scope="session")
def documents() -> PdfDocuments:
    return PdfDocuments()


@pytest.fixture
def without_other_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without the `fonts` extra."""
    monkeypatch.setattr(scripts, "find_spec", lambda name: None)


@pytest.fixture
def company() -> Company:
    return Company(
        "Harborline Supply Co.",
        Address(("214 Wharf Street", "Portland, OR 97209")),
        email="billing@harborline.example",
        phone="+1 503 555 0142",
        tax_id="93-1234567",
        time_zone="America/Los_Angeles",
        terms="Net 30. Please report errors within ten days.",
        remit_to="PO Box 4410, Portland, OR 97208",
    )


@pytest.fixture
def make_detail() -> Callable[..., InvoiceDetail]:
    """An invoice of `lines`, whose total ties out; other arguments are the invoice's fields."""

    def make(
        lines: tuple[InvoiceLine, ...] = (
            InvoiceLine("Marine rope", "4", "189", 75600, 6237, "8.25%"),
            InvoiceLine("Handling", "1", "75.00", 7500),
        ),
        bill_to: Address = MARINA,
        **fields: object,
    ) -> InvoiceDetail:
        tax = sum(line.tax_minor for line in lines)
        invoice = Invoice(
            "INV-10428",
            "C-0042",
            date(2026, 9, 15),
            date(2026, 10, 15),
            "USD",
            sum(line.amount_minor for line in lines) + tax,
            customer_name="Northwind Boatworks LLC",
            tax_minor=tax,
        )
        return InvoiceDetail(replace(invoice, **fields), lines, (), bill_to)  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_receipt(
    company: Company, make_detail: Callable[..., InvoiceDetail]
) -> Callable[..., Receipt]:
    """A receipt for two invoices; arguments are the payment's fields."""

    def make(status: PaymentStatus = PaymentStatus.SUCCEEDED, **fields: object) -> Receipt:
        payment = Payment(
            "0b5e2c3a-5f8e-4a53-9a59-0a2a6f2b8c11",
            status,
            "C-0042",
            "USD",
            90000,
            MethodType.ACH,
            "First Cascade Bank ending 6789",
            datetime(2026, 10, 9, 3, tzinfo=UTC),
            "ap@northwind.example",
            False,
            (Allocation("INV-10428", 60000), Allocation("INV-10455", 30000)),
            gateway_id="pi_3QabcDEF12345678",
            receipt_number="R-000318",
            memo="October run",
        )
        first = make_detail(paid_minor=60000).invoice
        second = replace(first, number="INV-10455", total_minor=30000, paid_minor=30000)
        customer = Customer("C-0042", "Northwind Boatworks LLC",
                            address=Address(("88 Marina Way",)))  # fmt: skip
        return Receipt(replace(payment, **fields), company, customer, (first, second))  # type: ignore[arg-type]

    return make


@pytest.fixture
def invoice_pdf(documents: PdfDocuments, company: Company) -> Callable[..., bytes]:
    def make(detail: InvoiceDetail, today: date = TODAY, biller: Company = company) -> bytes:
        return next(iter(documents.invoices(biller, [detail], today, mode=Mode.LIVE))).content

    return make


@pytest.fixture(scope="session")
def read() -> Callable[[bytes], list[str]]:
    """Each page's text, as pypdf reads it, with every run of white space as one space."""

    def pages(pdf: bytes) -> list[str]:
        return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]

    return pages


def _poppler(program: str, pdf: bytes, folder: Path, *options: str) -> str:
    if shutil.which(program) is None:
        pytest.skip(f"{program} (poppler-utils) is not installed")
    path = folder / "document.pdf"
    path.write_bytes(pdf)
    command = [program, *options[:-1], str(path), options[-1]]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    assert done.stderr == "", "poppler complains about the file"
    return done.stdout


@pytest.fixture
def poppler_text(tmp_path: Path) -> Callable[[bytes], str]:
    """The text as poppler reads it, laid out as on the page."""
    return lambda pdf: _poppler("pdftotext", pdf, tmp_path, "-layout", "-")


Picture = tuple[int, int, bytes]


@pytest.fixture
def poppler_pages(tmp_path: Path) -> Callable[[bytes], list[Picture]]:
    """Each page as poppler draws it at 72 dpi: width, height, and a byte of grey for each point."""

    def pages(pdf: bytes) -> list[Picture]:
        folder = tmp_path / "pages"
        folder.mkdir()
        _poppler("pdftoppm", pdf, tmp_path, "-gray", "-r", "72", str(folder / "page"))
        pictures = []
        for path in sorted(folder.iterdir()):
            _magic, width, height, _depth, pixels = path.read_bytes().split(maxsplit=4)
            pictures.append((int(width), int(height), pixels))
        return pictures

    return pages
