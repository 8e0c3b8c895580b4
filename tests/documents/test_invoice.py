"""What an invoice's PDF says, in every state that an invoice can be in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from invoicepay.billing.customer import Company
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import InvoiceDetail, InvoiceKind, InvoiceLine, InvoicePayment
from invoicepay.billing.money import MAX_MINOR
from invoicepay.documents import PdfDocuments

Make = Callable[..., InvoiceDetail]
Render = Callable[..., bytes]
Read = Callable[[bytes], list[str]]


def test_it_has_everything_an_open_invoice_needs(
    make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    detail = make_detail(po_number="PO-7731", order_number="SO-5519", memo="Dock 4, please.")
    (text,) = read(invoice_pdf(detail))
    for part in (
        "Harborline Supply Co.", "214 Wharf Street", "Portland, OR 97209", "+1 503 555 0142",
        "billing@harborline.example", "Tax ID 93-1234567", "Northwind Boatworks LLC",
        "88 Marina Way", "Invoice INV-10428", "Issued 2026-09-15", "Due 2026-10-15",
        "PO number PO-7731", "Order SO-5519", "Currency USD", "Marine rope 4 189.00 8.25% 756.00",
        "Subtotal 831.00", "Tax 62.37", "Total 893.37 USD", "Balance due 893.37 USD",
        "Net 30. Please report errors within ten days.", "invoicepay pay INV-10428",
        "PO Box 4410, Portland, OR 97208", "Please quote INV-10428.", "Dock 4, please.",
        "Page 1 of 1",
    ):  # fmt: skip
        assert part in text


def test_poppler_reads_the_same_figures_in_their_rows(
    make_detail: Make, invoice_pdf: Render, poppler_text: Callable[[bytes], str]
) -> None:
    text = poppler_text(invoice_pdf(make_detail()))
    assert re.search(r"Marine rope +4 +189\.00 +8\.25% +756\.00\n", text)
    assert re.search(r"Total +893\.37 USD\n", text)


def test_payments_received_and_under_way_are_told_apart(
    make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    detail = make_detail(paid_minor=40000, reserved_minor=20000)
    day = date(2026, 10, 1)
    payments = (
        InvoicePayment("p1", "succeeded", "Visa ending 4242", day, 40000),
        InvoicePayment("p2", "processing", "First Bank ending 6789", day, 15000),
        InvoicePayment("p3", "unknown", "Visa ending 1881", day, 5000),
        InvoicePayment("p4", "failed", "Visa ending 0002", day, 40000),
    )
    (text,) = read(invoice_pdf(replace(detail, payments=payments)))
    assert "PAYMENT UNDER WAY" in text
    assert "Paid 2026-10-01, Visa ending 4242 -400.00" in text
    assert "Balance due 493.37 USD" in text
    assert "Bank debit under way, not yet received" in text
    assert "First Bank ending 6789 150.00" in text
    assert "Payment under way, not yet confirmed" in text
    assert "Still to pay when that arrives 293.37" in text
    assert "0002" not in text
    assert "invoicepay pay" not in text, "it would be refused while a payment is under way"
    assert "HOW TO PAY BY CHECK OR TRANSFER" in text


@pytest.mark.parametrize(
    ("fields", "today", "badge", "says"),
    [
        ({}, date(2026, 10, 15), None, "Due 2026-10-15."),
        ({}, date(2026, 10, 16), "PAST DUE", "Was due 2026-10-15, 1 day ago."),
        ({"paid_minor": 1}, date(2026, 10, 31), "PAST DUE", "16 days ago"),
        ({"paid_minor": 1}, date(2026, 10, 1), "PARTLY PAID", "Balance due 893.36 USD"),
        ({"paid_minor": 89337, "paid_on": date(2026, 10, 2)}, date(2026, 11, 1), "PAID",
         "Paid on 2026-10-02. Nothing is owed."),
        ({"voided_on": date(2026, 9, 30)}, date(2026, 11, 1), "VOID",
         "Voided 2026-09-30. Nothing is owed."),
    ],
)  # fmt: skip
def test_its_state_is_marked(
    fields: dict[str, object],
    today: date,
    badge: str | None,
    says: str,
    make_detail: Make,
    invoice_pdf: Render,
    read: Read,
) -> None:
    (text,) = read(invoice_pdf(make_detail(**fields), today))
    assert says in text
    marks = re.findall(r"INV-10428 (PAST DUE|PARTLY PAID|PAID|VOID) ", text)
    assert marks == ([badge] if badge else [])


def test_while_all_of_it_is_under_way_it_does_not_ask_for_money(
    make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    (text,) = read(invoice_pdf(make_detail(reserved_minor=89337), date(2026, 11, 1)))
    assert "Nothing more is to be paid while it is." in text
    assert "Balance due 893.37 USD" in text
    for absent in ("HOW TO PAY", "PO Box 4410", "Was due"):
        assert absent not in text


@pytest.mark.parametrize("mode", Mode)
def test_practice_is_marked(
    mode: Mode, make_detail: Make, documents: PdfDocuments, company: Company, read: Read
) -> None:
    ((pdf, _),) = documents.invoices(company, [make_detail()], date(2026, 10, 1), mode=mode)
    (text,) = read(pdf)
    assert text.count("no money moved") == (0 if mode is Mode.LIVE else 2)


@pytest.mark.parametrize("fields", [{"paid_minor": 89337}, {"voided_on": date(2026, 9, 30)}])
def test_where_nothing_is_owed_it_does_not_ask_for_money(
    fields: dict[str, object], make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    (text,) = read(invoice_pdf(make_detail(**fields)))
    assert "HOW TO PAY" not in text
    assert "PO Box 4410" not in text
    assert "0.00 USD" in text


def test_a_credit_memo_is_called_one_and_has_nothing_to_pay(
    make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    line = InvoiceLine("Returned rope", "2", "-50.00", -10000, -2000, "20%")
    detail = make_detail((line,), number="CM-77", kind=InvoiceKind.CREDIT_MEMO, paid_minor=-4000)
    (text,) = read(invoice_pdf(detail, date(2027, 1, 1)))
    assert "Credit memo CM-77" in text
    assert "Total -120.00 USD" in text
    assert "Credit used 40.00" in text
    assert "Credit remaining -80.00 USD" in text
    assert "PARTLY USED" in text
    assert "Please tell us which invoice it is to be used for." in text
    for absent in ("Balance due", "HOW TO PAY", "PAST DUE", "TERMS", "BILL TO"):
        assert absent not in text


def test_figures_tie_out_where_the_lines_do_not(
    make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    (text,) = read(invoice_pdf(make_detail(total_minor=90000, paid_minor=10000)))
    assert "Subtotal 831.00 Other charges and adjustments 6.63 Tax 62.37" in text
    assert "Other payments, credits and returns -100.00" in text
    assert "Balance due 800.00 USD" in text


def test_tax_is_shown_by_rate_when_that_explains_it(
    make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    lines = (
        InvoiceLine("Rope", "1", "100.00", 10000, 825, "8.25%"),
        InvoiceLine("Books", "1", "50.00", 5000, 250, "5%"),
        InvoiceLine("More rope", "1", "100.00", 10000, 825, "8.25%"),
    )
    (text,) = read(invoice_pdf(make_detail(lines)))
    assert "Tax 8.25% 16.50 Tax 5% 2.50 Total 269.00 USD" in text
    (text,) = read(invoice_pdf(make_detail(lines, tax_minor=1901, total_minor=26901)))
    assert "Tax 19.01 Total" in text


def test_an_invoice_without_lines(make_detail: Make, invoice_pdf: Render, read: Read) -> None:
    (text,) = read(invoice_pdf(make_detail((), total_minor=5000, tax_minor=500)))
    assert "Description" not in text
    assert "Subtotal 45.00 Tax 5.00 Total 50.00 USD" in text


def test_amounts_without_decimals_and_of_64_bits(
    make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    lines = (InvoiceLine("座席", "1", "", 1234567), InvoiceLine("Discount", "1", "-500", -500))
    (text,) = read(invoice_pdf(make_detail(lines, currency="JPY")))
    assert "1,234,567" in text
    assert "Discount 1 -500 -500" in text
    assert "Balance due 1,234,067 JPY" in text
    (text,) = read(invoice_pdf(make_detail((InvoiceLine("All", amount_minor=-MAX_MINOR),))))
    assert "All 1 -92,233,720,368,547,758.07" in text
    assert "Total -92,233,720,368,547,758.07 USD" in text


@pytest.mark.parametrize(("currency", "width"), [("USD", 612), ("CAD", 612), ("EUR", 595)])
def test_paper_follows_the_currency(
    currency: str, width: int, make_detail: Make, invoice_pdf: Render
) -> None:
    page = PdfReader(BytesIO(invoice_pdf(make_detail(currency=currency)))).pages[0]
    assert int(page.mediabox.width) == width


def test_the_command_to_pay_can_be_pasted_whatever_the_number(
    make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    (text,) = read(invoice_pdf(make_detail(number="A 1; rm -rf ~")))
    assert "invoicepay pay 'A 1; rm -rf ~'" in text


def test_a_company_that_says_nothing_of_itself(
    make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    (text,) = read(invoice_pdf(make_detail(), biller=Company("Bare")))
    assert "Bare" in text
    for absent in ("Tax ID", "TERMS", "CHECK OR TRANSFER", "None"):
        assert absent not in text


def test_the_file_says_what_it_is(make_detail: Make, invoice_pdf: Render) -> None:
    reader = PdfReader(BytesIO(invoice_pdf(make_detail())))
    assert reader.metadata is not None
    assert reader.metadata.title == "Invoice INV-10428"
    assert reader.metadata.author == "Harborline Supply Co."
    assert str(reader.metadata.creation_date_raw).startswith("D:20260915")
    assert str(reader.root_object["/Lang"]) == "en-US"
    assert reader.viewer_preferences is not None
    assert reader.viewer_preferences.display_doctitle
