"""Pages: where they break, what stays inside the margins, what they weigh, and that the same
data gives the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from invoicepay.billing.customer import Address, Company
from invoicepay.billing.errors import BadInput
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import InvoiceDetail, InvoiceLine
from invoicepay.billing.ports import Receipt
from invoicepay.documents import BATCH, PdfDocuments
from invoicepay.documents.page import FOOT, MARGIN

Make = Callable[..., InvoiceDetail]
Render = Callable[..., bytes]
Read = Callable[[bytes], list[str]]
Pictures = Callable[[bytes], list[tuple[int, int, bytes]]]

HEAD = "Description Qty Unit price Tax rate Amount (USD)"
TODAY = date(2026, 10, 10)


def lines(count: int) -> tuple[InvoiceLine, ...]:
    return tuple(InvoiceLine(f"Item {n:03d}.", "2", "1.50", 300, 25, "8.25%") for n in range(count))


def logo(kind: str, size: tuple[int, int] = (300, 100)) -> bytes:
    output = BytesIO()
    Image.new("RGB", size, (31, 78, 121)).save(output, kind)
    return output.getvalue()


def test_two_hundred_lines(make_detail: Make, invoice_pdf: Render, read: Read) -> None:
    pages = read(invoice_pdf(make_detail(lines(200))))
    assert len(pages) == 7
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of 7" in page
        assert "Invoice INV-10428" in page
        assert page.count(HEAD) == 1
    text = " ".join(pages)
    assert all(text.count(f"Item {n:03d}.") == 1 for n in range(200))
    assert "Total 650.00 USD" in pages[-1]
    assert "Balance due 650.00 USD" in pages[-1]


@pytest.mark.parametrize("count", range(12, 32))
def test_totals_stay_together_wherever_the_page_ends(
    count: int, make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    pages = read(invoice_pdf(make_detail(lines(count))))
    with_totals = [page for page in pages if "Subtotal" in page]
    assert len(with_totals) == 1
    assert "Balance due" in with_totals[0].split("Subtotal")[1]
    assert all(HEAD in page for page in pages if "Item" in page)


def test_a_description_longer_than_a_page(
    make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    words = [f"w{n}" for n in range(4000)]
    long = InvoiceLine(" ".join(words), "1", "1.00", 100)
    pages = read(invoice_pdf(make_detail((*lines(2), long))))
    assert len(pages) > 3
    assert all(HEAD.replace(" Tax rate", "") in p.replace(" Tax rate", "") for p in pages[:-1])
    text = " ".join(pages).split()
    assert all(word in text for word in words)


HUGE = "W" * 3000


@pytest.mark.parametrize(
    "fields",
    [
        {"number": HUGE}, {"customer_name": HUGE}, {"po_number": HUGE}, {"memo": HUGE},
        {"bill_to": Address((HUGE,) * 3)}, {"bill_to": Address(("line",) * 300)},
        {"lines": (InvoiceLine(HUGE, HUGE, HUGE, 1, 1, HUGE),)},
    ],
    ids=lambda fields: next(iter(fields)),
)  # fmt: skip
def test_nothing_leaves_the_margins(
    fields: dict[str, object], make_detail: Make, invoice_pdf: Render, poppler_pages: Pictures
) -> None:
    check_margins(poppler_pages(invoice_pdf(make_detail(**fields))))


@pytest.mark.parametrize("field", ["name", "terms", "remit_to", "email", "tax_id"])
def test_nothing_of_the_company_leaves_the_margins(
    field: str,
    company: Company,
    make_detail: Make,
    invoice_pdf: Render,
    poppler_pages: Pictures,
) -> None:
    biller = replace(company, **{field: HUGE})  # type: ignore[arg-type]
    check_margins(poppler_pages(invoice_pdf(make_detail(), biller=biller)))


@pytest.mark.parametrize(
    "field", ["method_label", "receipt_number", "memo", "reference", "failure_message"]
)
def test_nothing_of_a_receipt_leaves_the_margins(
    field: str,
    documents: PdfDocuments,
    make_receipt: Callable[..., Receipt],
    poppler_pages: Pictures,
) -> None:
    pdf = documents.receipt(make_receipt(**{field: HUGE}), mode=Mode.LIVE).content
    check_margins(poppler_pages(pdf))


def check_margins(pictures: list[tuple[int, int, bytes]], descent: int = 3) -> None:
    """White at every edge, something on each page, and its foot in the foot's place. `descent`:
    how many points letters may reach below the last line."""
    for width, height, pixels in pictures:
        rows = [pixels[y * width : (y + 1) * width] for y in range(height)]
        inked = [y for y, row in enumerate(rows) if min(row) < 200]
        assert min(inked) >= MARGIN - 8
        assert max(inked) < height - 24
        edge = int(MARGIN) - 2
        assert all(min(row[:edge]) > 200 and min(row[-edge:]) > 200 for row in rows)
        # Between the text and the foot's rule there is nothing.
        gap = rows[int(height - FOOT) + descent : height - 48]
        assert all(min(row) > 200 for row in gap)


@pytest.mark.parametrize(("content", "ink"), [(b"", 300), (logo("PNG"), 4000)])
def test_the_head_of_the_page_is_not_blank(
    content: bytes,
    ink: int,
    company: Company,
    make_detail: Make,
    invoice_pdf: Render,
    poppler_pages: Pictures,
) -> None:
    pdf = invoice_pdf(make_detail(), biller=replace(company, logo=content))
    ((width, _height, pixels),) = poppler_pages(pdf)
    assert sum(pixel < 128 for pixel in pixels[: width * 140]) > ink


@pytest.mark.parametrize("size", [(300, 100), (20, 900), (900, 20), (1, 1), (5000, 3000)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_logo_of_any_shape(
    kind: str,
    size: tuple[int, int],
    company: Company,
    make_detail: Make,
    documents: PdfDocuments,
) -> None:
    biller = replace(company, logo=logo(kind, size))
    details = [make_detail(lines(40), number=f"INV-{n}") for n in range(3)]
    for pdf, _ in documents.invoices(biller, details, TODAY, mode=Mode.LIVE):
        (image,) = PdfReader(BytesIO(pdf)).pages[0].images
        assert image.image is not None
        assert len(pdf) < 200_000, "a large logo is not part of every invoice at its full size"


@pytest.mark.parametrize(
    "content",
    [
        logo("PNG")[:80], logo("JPEG")[:200], logo("PNG")[:8], b"\xff\xd8\xff", b"GIF89a....",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        b"/etc/passwd", b"http://logo.example/logo.png", logo("PNG").replace(b"IDAT", b"IDXX"),
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x00\x00\x00\x01\x00\x00\x08\x02\x00\x00\x00"
        b"\x00\x00\x00\x00",
    ],
)  # fmt: skip
def test_a_broken_logo_does_not_stop_the_bill(
    content: bytes, company: Company, make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    pdf = invoice_pdf(make_detail(), biller=replace(company, logo=content))
    assert "Balance due" in read(pdf)[0]
    assert not PdfReader(BytesIO(pdf)).pages[0].images


@pytest.mark.parametrize("size", [(1, 500), (3000, 2), (51, 1), (9000, 9000)])
def test_what_cannot_be_drawn_is_refused_and_left_out_where_it_was_set_before(
    size: tuple[int, int], company: Company, make_detail: Make, documents: PdfDocuments
) -> None:
    content = logo("PNG", size)
    with pytest.raises(BadInput, match=f"{size[0]:,} × {size[1]:,} pixels"):
        documents.logo(content)
    biller = replace(company, logo=content)
    ((pdf, _),) = documents.invoices(biller, [make_detail()], TODAY, mode=Mode.LIVE)
    assert not PdfReader(BytesIO(pdf)).pages[0].images


def test_a_logo_is_kept_upright_in_eight_bits_and_small(documents: PdfDocuments) -> None:
    sideways = Image.new("RGB", (2000, 1000), "red")
    sideways.paste("blue", (0, 0, 1000, 1000))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° to the right
    kept = opened(documents.logo(saved(sideways, "JPEG", exif=exif)))
    assert kept.size == (300, 600)
    assert [near(kept, at) for at in ((150, 30), (150, 570))] == ["blue", "red"]

    grey = Image.new("I;16", (40, 20), 0x8000)
    kept = opened(documents.logo(saved(grey, "PNG")))
    assert (kept.mode, kept.getpixel((5, 5))) == ("L", 0x80)

    clear = Image.new("P", (40, 20), 0)
    kept = opened(documents.logo(saved(clear, "PNG", transparency=0)))
    assert kept.mode == "RGBA"
    assert kept.getpixel((5, 5))[3] == 0  # type: ignore[index]


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    assert (image.format, image.getexif().get(0x0112)) == ("PNG", None)
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    output = BytesIO()
    image.save(output, kind, **options)
    return output.getvalue()


def near(image: Image.Image, at: tuple[int, int]) -> str:
    red, _, blue = image.getpixel(at)  # type: ignore[misc]
    return "red" if red > 200 > blue else "blue" if blue > 200 > red else "neither"


def test_the_same_data_gives_the_same_bytes_alone_or_in_a_batch(
    company: Company, make_detail: Make, make_receipt: Callable[..., Receipt]
) -> None:
    biller = replace(company, logo=logo("PNG"))
    plain = make_detail()
    others = [make_detail(lines(9)), make_detail(customer_name="Ωμέγα Жук Łódź Đà Nẵng")]
    alone = list(PdfDocuments().invoices(biller, [plain], TODAY, mode=Mode.LIVE))
    batch = list(
        PdfDocuments().invoices(biller, [*others, plain, others[1], plain], TODAY, mode=Mode.LIVE)
    )
    assert alone[0] == batch[2] == batch[4]
    assert batch[1] == batch[3]
    documents = PdfDocuments()
    first = documents.receipt(make_receipt(), mode=Mode.SANDBOX).content
    list(documents.invoices(biller, others, TODAY, mode=Mode.LIVE))
    assert documents.receipt(make_receipt(), mode=Mode.SANDBOX).content == first


SCRIPT = """
import hashlib
from datetime import date
from invoicepay.billing.customer import Company
from invoicepay.billing.invoice import Invoice, InvoiceDetail, InvoiceLine
from invoicepay.billing.customer import Address
from invoicepay.billing.identity import Mode
from invoicepay.documents import PdfDocuments
day = date(2026, 9, 15)
detail = InvoiceDetail(Invoice("I-1", "C", day, day, "EUR", 100), (InvoiceLine("Жук Ωμέγα"),), (),
                       Address())
(pdf, _), = PdfDocuments().invoices(Company("C"), [detail], day, mode=Mode.LIVE)
print(hashlib.sha256(pdf).hexdigest())
"""


def test_the_same_data_gives_the_same_bytes_in_every_process() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(found) == 1


def test_invoices_are_made_as_they_are_asked_for(company: Company, make_detail: Make) -> None:
    taken = 0

    def details() -> Iterator[InvoiceDetail]:
        nonlocal taken
        while True:
            taken += 1
            yield make_detail(())

    made = PdfDocuments().invoices(company, details(), TODAY, mode=Mode.LIVE)
    assert taken == 0
    next(made)
    assert taken == 1
    next(made)
    assert taken == 1 + BATCH
    made.close()  # type: ignore[attr-defined]


def test_no_invoices_at_all(company: Company, documents: PdfDocuments) -> None:
    assert list(documents.invoices(company, [], TODAY, mode=Mode.LIVE)) == []


def test_both_weights_are_embedded_under_names_of_their_own(
    make_detail: Make, invoice_pdf: Render
) -> None:
    fonts = PdfReader(BytesIO(invoice_pdf(make_detail()))).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    names = {str(font.get_object()["/BaseFont"]) for font in fonts.values()}
    assert {name.split("+")[1] for name in names} == {"Arimo", "ArimoBold"}
