"""Invoices and receipts as PDF.

Importing this takes a third of a second, so it is imported when a PDF is made and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from invoicepay.billing.customer import Company
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import InvoiceDetail
from invoicepay.billing.ports import Document, Receipt
from invoicepay.documents import invoice as invoice_page
from invoicepay.documents import receipt as receipt_page
from invoicepay.documents.fonts import DocumentFonts, Fonts, Needed, make_fonts, needed
from invoicepay.documents.logo import drawable
from invoicepay.documents.page import paper
from invoicepay.documents.text import strings
from invoicepay.documents.writer import About, Logo, Writer, load_logo

__all__ = ["PdfDocuments"]

BATCH = 200
"""Invoices that share one subset of the font; as many are held in memory at a time."""


class PdfDocuments:
    """The `Documents` port. The same data and fonts give the same bytes, alone or in a batch.

    `named`: font files that come before those that are installed for other scripts.
    """

    def __init__(self, named: Sequence[Path] = ()) -> None:
        self._named = named
        self._fonts: Fonts | None = None

    def invoices(
        self, company: Company, details: Iterable[InvoiceDetail], today: date, *, mode: Mode
    ) -> Iterator[Document]:
        """A PDF for each, in order, made when it is asked for."""
        logo, remaining = load_logo(company.logo), iter(details)
        of_company = set(strings(company))
        # The first alone, so that something is there at once and a batch of one costs no more.
        batch = list(islice(remaining, 1))
        while batch:
            every = [
                needed(of_company.union(strings(d)), d.invoice.currency, self._named) for d in batch
            ]
            with self.saved(every) as begin:
                for detail, need in zip(batch, every, strict=True):
                    writer, fonts = begin(need, detail.invoice.currency, logo)
                    sheet = invoice_page.draw_invoice(
                        company, detail, today, fonts, mode=mode, logo_ratio=_ratio(logo)
                    )
                    made_at = datetime.combine(detail.invoice.issued_on, time(), UTC)
                    title = invoice_page.title_of(detail.invoice)
                    about = About(title, company.name, made_at)
                    yield Document(writer.write(sheet, about), need.missing)
            batch = list(islice(remaining, BATCH))

    def logo(self, content: bytes) -> bytes:
        """What is kept of a PNG or JPEG, as every document can draw it. Raises BadInput."""
        return drawable(content)

    def receipt(self, receipt: Receipt, *, mode: Mode) -> Document:
        """A PDF; for a payment that has not arrived it says so, and is called a notice."""
        payment, company = receipt.payment, receipt.company
        logo = load_logo(company.logo)
        need = needed(set(strings(receipt)), payment.currency, self._named)
        title = f"{receipt_page.title_of(payment)}: {payment.receipt_number or payment.id}"
        about = About(title, company.name, payment.settled_at or payment.created_at)
        with self.saved([need]) as begin:
            writer, fonts = begin(need, payment.currency, logo)
            sheet = receipt_page.draw_receipt(receipt, fonts, mode=mode, logo_ratio=_ratio(logo))
            return Document(writer.write(sheet, about), need.missing)

    @contextmanager
    def saved(
        self, every: Sequence[Needed]
    ) -> Iterator[Callable[[Needed, str, Logo | None], tuple[Writer, DocumentFonts]]]:
        """Fonts for all of `every`: those at hand if they have all the characters, else new ones.
        Gives what begins one of the documents."""
        fonts = self._fonts
        if fonts is None or not all(map(fonts.covers, every)):
            fonts = self._fonts = make_fonts(every)
        with TemporaryDirectory(prefix="invoicepay-") as folder:
            document, others = fonts.save(Path(folder))

            def begin(
                need: Needed, currency: str, logo: Logo | None
            ) -> tuple[Writer, DocumentFonts]:
                own = [others[path] for path in need.others]
                writer = Writer(paper(currency), document, own, logo)
                return writer, DocumentFonts(fonts, need, writer.measure)

            yield begin


def _ratio(logo: Logo | None) -> float | None:
    return logo.ratio if logo else None
