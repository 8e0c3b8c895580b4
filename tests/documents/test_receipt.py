"""What a receipt says: above all, whether money has arrived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from invoicepay.billing.identity import Mode
from invoicepay.billing.payment import Allocation, PaymentStatus, Reversal, ReversalKind
from invoicepay.billing.ports import Receipt
from invoicepay.documents import PdfDocuments

Make = Callable[..., Receipt]
Read = Callable[[bytes], list[str]]

TITLES = {
    PaymentStatus.CLAIMED: "Payment initiated – not yet received",
    PaymentStatus.SUBMITTED: "Payment initiated – not yet received",
    PaymentStatus.PROCESSING: "Payment initiated – not yet received",
    PaymentStatus.UNKNOWN: "Payment under way – not yet confirmed",
    PaymentStatus.SUCCEEDED: "Payment received",
    PaymentStatus.FAILED: "Payment failed – nothing was received",
    PaymentStatus.CANCELED: "Payment canceled – nothing was received",
}


@pytest.mark.parametrize("status", PaymentStatus)
def test_only_money_that_arrived_is_called_received(
    status: PaymentStatus, documents: PdfDocuments, make_receipt: Make, read: Read
) -> None:
    (text,) = read(documents.receipt(make_receipt(status), mode=Mode.LIVE).content)
    assert TITLES[status] in text
    received = status is PaymentStatus.SUCCEEDED
    for claim in ("Payment received", "Total received", "Applied", "Paid with", "Thank you"):
        assert (claim in text) == received
    assert ("Payment notice" in text) != received
    assert "no money moved" not in text


def test_it_is_itemised(documents: PdfDocuments, make_receipt: Make, read: Read) -> None:
    (text,) = read(documents.receipt(make_receipt(), mode=Mode.LIVE).content)
    for part in (
        "Receipt R-000318", "Received 2026-10-08", "Northwind Boatworks LLC", "88 Marina Way",
        "Customer C-0042", "Paid with First Cascade Bank ending 6789", "pi_3QabcDEF12345678",
        "0b5e2c3a-5f8e-4a53-9a59-0a2a6f2b8c11", "INV-10428 2026-10-15 893.37 600.00 293.37",
        "INV-10455 2026-10-15 300.00 300.00 0.00", "Applied to invoices 900.00",
        "Total received 900.00 USD", "October run", "Page 1 of 1",
    ):  # fmt: skip
        assert part in text
    assert "Not applied" not in text


def test_poppler_reads_it_too(
    documents: PdfDocuments, make_receipt: Make, poppler_text: Callable[[bytes], str]
) -> None:
    text = poppler_text(
        documents.receipt(make_receipt(PaymentStatus.PROCESSING), mode=Mode.SANDBOX).content
    )
    assert "Payment initiated – not yet received" in text
    assert "SANDBOX – no money moved" in text


def test_the_day_is_the_company_s(documents: PdfDocuments, make_receipt: Make, read: Read) -> None:
    settled = datetime(2026, 10, 12, 2, tzinfo=UTC)
    (text,) = read(documents.receipt(make_receipt(settled_at=settled), mode=Mode.LIVE).content)
    assert "Received 2026-10-11" in text
    effective = make_receipt(settled_at=settled, effective_on=date(2026, 10, 10))
    (text,) = read(documents.receipt(effective, mode=Mode.LIVE).content)
    assert "Received 2026-10-10" in text


def test_money_that_is_for_no_invoice(
    documents: PdfDocuments, make_receipt: Make, read: Read
) -> None:
    (text,) = read(documents.receipt(make_receipt(amount_minor=100000), mode=Mode.LIVE).content)
    assert "Applied to invoices 900.00 Not applied: kept as your credit 100.00" in text
    deposit = make_receipt(allocations=(), order_number="SO-5519")
    (text,) = read(documents.receipt(deposit, mode=Mode.LIVE).content)
    assert "Deposit for order SO-5519 900.00" in text
    assert "Invoice total" not in text


def test_money_that_went_back(documents: PdfDocuments, make_receipt: Make, read: Read) -> None:
    day = date(2026, 10, 20)
    reversals = (
        Reversal(ReversalKind.REFUND, 5000, day, "damaged"),
        Reversal(ReversalKind.RETURN, 30000, day, "R01"),
        Reversal(ReversalKind.DISPUTE, 55000, day, ""),
    )
    (text,) = read(documents.receipt(make_receipt(reversals=reversals), mode=Mode.LIVE).content)
    assert "Refunded 2026-10-20: damaged -50.00" in text
    assert "Returned by the bank 2026-10-20: R01 -300.00" in text
    assert "Disputed 2026-10-20 -550.00" in text


def test_a_failure_says_why(documents: PdfDocuments, make_receipt: Make, read: Read) -> None:
    receipt = make_receipt(PaymentStatus.FAILED, failure_message="Your card was declined.",
                           receipt_number="")  # fmt: skip
    (text,) = read(documents.receipt(receipt, mode=Mode.LIVE).content)
    assert "Your card was declined." in text
    assert "The invoices are still owed." in text


@pytest.mark.parametrize("mode", [Mode.SANDBOX, Mode.TEST])
def test_where_no_money_moved_every_page_says_so(
    documents: PdfDocuments, make_receipt: Make, read: Read, mode: Mode
) -> None:
    receipt = make_receipt(allocations=tuple(Allocation(f"INV-{n}", 100) for n in range(70)))
    pages = read(documents.receipt(replace(receipt, invoices=()), mode=mode).content)
    assert len(pages) == 3
    assert f"{mode.upper()} – no money moved. This is not proof of a payment." in pages[-1]
    for number, page in enumerate(pages, 1):
        assert page.count(f"{mode.upper()} – no money moved") == (2 if number == 3 else 1)
        assert f"Page {number} of 3" in page
        assert "Receipt R-000318" in page
        # An invoice that is not at hand is listed by what is known of it.
        assert "1.00" in page
