"""Invoices and receipts as PDF.

Importing this takes a third of a second, so it is imported when a PDF is made and not before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from invoicepay.billing.customer import Company
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import InvoiceDetail
from invoicepay.billing.ports import Receipt
from invoicepay.documents import invoice as invoice_page
from invoicepay.documents import receipt as receipt_page
from invoicepay.documents.fonts import Fonts, make_fonts
from invoicepay.documents.logo import drawable
from invoicepay.documents.text import strings
from invoicepay.documents.writer import About, Logo, load_logo, write_pdf

__all__ = ["PdfDocuments"]

BATCH = 200
"""Invoices that share one subset of the font; as many are held in memory at a time."""


class PdfDocuments:
    """The `Documents` port. The same data gives the same bytes, alone or in a batch."""

    def __init__(self) -> None:
        self._fonts: Fonts | None = None

    def invoices(
        self, company: Company, details: Iterable[InvoiceDetail], today: date
    ) -> Iterator[bytes]:
        """A PDF for each, in order, made when it is asked for."""
        logo, remaining = load_logo(company.logo), iter(details)
        # The first alone, so that something is there at once and a batch of one costs no more.
        batch = list(islice(remaining, 1))
        while batch:
            fonts = self._fonts_for(company, *batch)
            with TemporaryDirectory(prefix="invoicepay-") as folder:
                files = fonts.save(Path(folder))
                for detail in batch:
                    sheet = invoice_page.draw_invoice(company, detail, today, fonts, _ratio(logo))
                    made_at = datetime.combine(detail.invoice.issued_on, time(), UTC)
                    title = invoice_page.title_of(detail.invoice)
                    yield write_pdf(sheet, About(title, company.name, made_at), files, logo)
            batch = list(islice(remaining, BATCH))

    def logo(self, content: bytes) -> bytes:
        """What is kept of a PNG or JPEG, as every document can draw it. Raises BadInput."""
        return drawable(content)

    def receipt(self, receipt: Receipt, *, mode: Mode) -> bytes:
        """A PDF; for a payment that has not arrived it says so, and is called a notice."""
        payment, company = receipt.payment, receipt.company
        logo, fonts = load_logo(company.logo), self._fonts_for(receipt)
        sheet = receipt_page.draw_receipt(receipt, fonts, mode=mode, logo_ratio=_ratio(logo))
        title = f"{receipt_page.title_of(payment)}: {payment.receipt_number or payment.id}"
        about = About(title, company.name, payment.settled_at or payment.created_at)
        with TemporaryDirectory(prefix="invoicepay-") as folder:
            return write_pdf(sheet, about, fonts.save(Path(folder)), logo)

    def _fonts_for(self, *values: object) -> Fonts:
        """The fonts at hand if they have all the characters in `values`, else new ones."""
        texts = {text for value in values for text in strings(value)}
        if self._fonts is None or not self._fonts.covers(texts):
            self._fonts = make_fonts(texts)
        return self._fonts


def _ratio(logo: Logo | None) -> float | None:
    return logo.ratio if logo else None
