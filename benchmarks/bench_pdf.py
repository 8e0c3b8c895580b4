"""Invoice PDFs: ours beside the usual way with the same library, in one run.

The usual way is what fpdf2's tutorial shows: add the whole font to each document, draw the lines
with table(). Both get the same font (static files of both weights, made before the clock starts)
and the same invoices. Prints milliseconds per invoice, the ratio of medians of paired rounds, and
how two processes scale.

    python -m benchmarks.bench_pdf
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from fontTools.ttLib import TTFont
from fontTools.varLib import instancer
from fpdf import FPDF

from benchmarks.measure import line, milliseconds, ratio, take_turns
from invoicepay.billing.customer import Address, Company
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import Invoice, InvoiceDetail, InvoiceLine
from invoicepay.billing.money import grouped_text
from invoicepay.documents import PdfDocuments

ROUNDS, PER_ROUND, NAIVE_PER_ROUND, BATCH = 5, 50, 6, 100
TODAY = date(2026, 10, 31)
COMPANY = Company(
    "Harborline Supply Co.",
    Address(("214 Wharf Street", "Portland, OR 97209")),
    email="billing@harborline.example",
    tax_id="93-1234567",
    terms="Net 30. Please report errors within ten days.",
    remit_to="PO Box 4410, Portland, OR 97208",
)


def invoices(count: int, lines: int) -> list[InvoiceDetail]:
    """`count` invoices of `lines` lines, every one different."""
    made = []
    for number in range(count):
        rows = tuple(
            InvoiceLine(
                f"Marine rope {8 + i} mm, spool {number}-{i}, Łódź warehouse",
                str(i + 1), "189.00", 18900 * (i + 1), 1559 * (i + 1), "8.25%",
            )
            for i in range(lines)
        )  # fmt: skip
        tax = sum(row.tax_minor for row in rows)
        total = tax + sum(row.amount_minor for row in rows)
        invoice = Invoice(f"INV-{number:05d}", "C-0042", date(2026, 10, 1), date(2026, 10, 31),
                          "USD", total, customer_name="Northwind Boatworks",
                          tax_minor=tax)  # fmt: skip
        made.append(InvoiceDetail(invoice, rows, (), Address(("88 Marina Way", "Astoria, OR"))))
    return made


def static_fonts(folder: Path) -> tuple[Path, Path]:
    """The whole font as static files, as one would download them."""
    source = (files("fontpkg_arimo") / "files" / "Arimo[wght].ttf").read_bytes()
    paths = []
    for weight in (400, 700):
        font = instancer.instantiateVariableFont(TTFont(BytesIO(source)), {"wght": weight})
        paths.append(folder / f"Arimo-{weight}.ttf")
        font.save(paths[-1])
    return paths[0], paths[1]


def naive(detail: InvoiceDetail, fonts: tuple[Path, Path]) -> bytes:
    """The usual way, with less on the page than ours."""
    invoice = detail.invoice
    pdf = FPDF(format="letter")
    pdf.set_creation_date(datetime(2026, 10, 31, tzinfo=UTC))
    pdf.add_font("arimo", "", fonts[0])
    pdf.add_font("arimo", "B", fonts[1])
    pdf.add_page()
    pdf.set_font("arimo", "B", 20)
    pdf.cell(0, 10, f"Invoice {invoice.number}", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("arimo", "", 10)
    for text in (COMPANY.name, *COMPANY.address.lines, invoice.customer_name,
                 *detail.bill_to.lines, f"Due {invoice.due_on}", COMPANY.terms):  # fmt: skip
        pdf.cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")
    with pdf.table(col_widths=(50, 10, 15, 10, 15)) as table:
        table.row(("Description", "Qty", "Unit price", "Tax", "Amount"))
        for item in detail.lines:
            amount = grouped_text(item.amount_minor, "USD")
            table.row((item.description, item.quantity, item.unit_price, item.tax_rate, amount))
        table.row(("Total", "", "", "", grouped_text(invoice.total_minor, "USD")))
    return bytes(pdf.output())


def ours(details: Sequence[InvoiceDetail]) -> int:
    """Bytes made; a new `PdfDocuments` each time, so that the font's subset is paid for too."""
    return sum(
        len(pdf.content) for pdf in PdfDocuments().invoices(COMPANY, details, TODAY, mode=Mode.LIVE)
    )


def compare(lines: int, fonts: tuple[Path, Path]) -> None:
    details = invoices(PER_ROUND, lines)
    few = details[:NAIVE_PER_ROUND]
    works = {
        "usual": lambda: milliseconds(lambda: [naive(each, fonts) for each in few], len(few)),
        "ours": lambda: milliseconds(lambda: ours(details), len(details)),
    }
    taken = take_turns(works, ROUNDS)
    line(f"PDF, {lines} lines: the usual way", f"{median(taken['usual']):.1f} ms")
    times = f"{ratio(taken['usual'], taken['ours']):.1f} x faster"
    line(f"PDF, {lines} lines: ours", f"{median(taken['ours']):.1f} ms", times, "3.5")


def scale() -> None:
    """The same batch in one process and halved between two that are warm."""
    details = invoices(2 * BATCH, 8)
    halves = [details[:BATCH], details[BATCH:]]
    with ProcessPoolExecutor(2) as pool:
        works = {
            "one": lambda: milliseconds(lambda: pool.submit(ours, details).result(), 2 * BATCH),
            "two": lambda: milliseconds(lambda: list(pool.map(ours, halves)), 2 * BATCH),
        }
        taken = take_turns(works, 3)
    times = f"{ratio(taken['one'], taken['two']):.2f} x one"
    line("PDF, two processes", f"{median(taken['two']):.1f} ms", times, "1.8")


def main() -> None:
    with TemporaryDirectory() as folder:
        fonts = static_fonts(Path(folder))
        for lines in (8, 40):
            compare(lines, fonts)
    scale()


if __name__ == "__main__":
    main()
