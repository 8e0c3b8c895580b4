"""Text in other scripts than Latin, Greek and Cyrillic: written as its readers write it where
fonts are installed, and told where not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invoicepay.billing.customer import Address, Company
from invoicepay.billing.errors import BadInput
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import InvoiceDetail, InvoiceLine
from invoicepay.billing.ports import Receipt
from invoicepay.documents import PdfDocuments
from invoicepay.documents.fonts import needed
from invoicepay.documents.page import Sheet
from invoicepay.documents.scripts import region_of
from invoicepay.documents.text import REPLACEMENT
from invoicepay.documents.writer import About
from tests.documents.conftest import TODAY
from tests.documents.test_pages import check_margins
from tests.documents.test_text import EXAMPLE
from tests.proofs.size import chosen

pytest.importorskip("uharfbuzz", reason="the fonts extra is not installed")

Make = Callable[..., InvoiceDetail]
Render = Callable[..., bytes]

NAMES = {
    "JPY": "株式会社 東京コーヒー機器",
    "CNY": "北京咖啡设备有限公司",
    "KRW": "서울 커피 주식회사",
    "SAR": "شركة القهوة المحدودة",
    "ILS": "בית קפה בעמ",
    "THB": "บริษัท กาแฟไทย จำกัด",
    "INR": "कॉफ़ी कंपनी प्राइवेट लिमिटेड",
}


def letters(text: str) -> set[str]:
    return {char for char in text if not char.isspace()}


@pytest.mark.parametrize(("currency", "name"), NAMES.items())
def test_a_name_in_its_own_script_is_written_and_can_be_read_back(
    currency: str,
    name: str,
    documents: PdfDocuments,
    company: Company,
    make_detail: Make,
    poppler_text: Callable[[bytes], str],
) -> None:
    lines = (InvoiceLine(f"{name} 12", "2", "617", 123400),)
    detail = make_detail(lines, currency=currency, customer_name=name)
    ((pdf, missing),) = documents.invoices(company, [detail], TODAY, mode=Mode.LIVE)
    text = poppler_text(pdf)
    assert missing == ""
    assert REPLACEMENT not in text
    assert letters(name) <= letters(text)
    assert not [c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\f"]
    assert text.count("INV-10428") == 5, "figures and numbers stand in the document font"


def test_the_same_data_gives_the_same_bytes_alone_or_in_a_batch(
    company: Company, make_detail: Make
) -> None:
    every = [
        make_detail(currency=currency, customer_name=NAMES[currency], memo="手数料 数量 ๑")
        for currency in ("JPY", "CNY", "SAR", "THB")
    ]
    batch = list(PdfDocuments().invoices(company, every, TODAY, mode=Mode.LIVE))
    for detail, document in zip(every, batch, strict=True):
        assert (
            next(iter(PdfDocuments().invoices(company, [detail], TODAY, mode=Mode.LIVE)))
            == document
        )


def test_a_receipt_is_written_in_its_customer_s_script(
    documents: PdfDocuments,
    make_receipt: Callable[..., Receipt],
    poppler_text: Callable[[bytes], str],
) -> None:
    receipt = make_receipt(memo=NAMES["THB"])
    receipt = replace(receipt, customer=replace(receipt.customer, name=NAMES["JPY"]))
    pdf, missing = documents.receipt(receipt, mode=Mode.LIVE)
    assert missing == ""
    assert letters(NAMES["JPY"] + NAMES["THB"]) <= letters(poppler_text(pdf))


WORD = re.compile(r'<word xMin="([0-9.]+)".*?>(.*?)</word>')


def places(pdf: bytes, folder: Path) -> dict[str, float]:
    """Where each word begins, from the left."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    (folder / "d.pdf").write_bytes(pdf)
    command = ["pdftotext", "-bbox", str(folder / "d.pdf"), "-"]
    found = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    return {word: float(x) for x, word in WORD.findall(found)}


def test_hebrew_runs_from_right_to_left_and_numbers_in_it_from_left_to_right(
    make_detail: Make, invoice_pdf: Render, tmp_path: Path
) -> None:
    line = InvoiceLine("שולחן INV-7 מחיר", "1", "", 100)
    at = places(invoice_pdf(make_detail((line,))), tmp_path)
    assert at["מחיר"[::-1]] < at["INV-7"] < at["שולחן"[::-1]], "poppler tells letters as they lie"


def test_a_number_within_hebrew_stands_where_its_readers_expect_it(
    make_detail: Make, invoice_pdf: Render, tmp_path: Path
) -> None:
    line = InvoiceLine("First זיכוי 1,000.00 עברית 2,000.00 last", "1", "", 100)
    at = places(invoice_pdf(make_detail((line,))), tmp_path)
    words = ["First", "2,000.00", "עברית"[::-1], "1,000.00", "זיכוי"[::-1], "last"]
    assert [at[word] for word in words] == sorted(at[word] for word in words)


@pytest.mark.parametrize(
    ("joined", "parts"),
    [("سلام", ("س", "ل", "ا", "م")), ("क्ष", ("क", "ष"))],
)
def test_letters_join(
    joined: str,
    parts: tuple[str, ...],
    documents: PdfDocuments,
) -> None:
    """The word takes less room than its letters each on their own."""
    need = needed([joined], "USD")
    with documents.saved([need]) as begin:
        writer, fonts = begin(need, "USD", None)
        assert fonts.width(joined, 10) < sum(fonts.width(part, 10) for part in parts)
        writer.write(Sheet((99, 99), fonts), About("", "", datetime.now(UTC)))  # closes the fonts


LONG = {
    "CJK": "漢字かな交じり文、" * 90,
    "Thai": "กรุงเทพมหานคร" * 80,
    "Arabic": "شركة القهوة " * 90,
}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, id=name, marks=[] if name == "Arabic" else pytest.mark.middle)
        for name, text in LONG.items()
    ],
)
def test_long_text_stays_within_the_margins(
    text: str,
    make_detail: Make,
    invoice_pdf: Render,
    poppler_pages: Callable[[bytes], list[tuple[int, int, bytes]]],
) -> None:
    detail = make_detail((InvoiceLine(text, "1", "", 100),), customer_name=text, memo=text)
    check_margins(poppler_pages(invoice_pdf(detail)), descent=7)


@pytest.mark.parametrize(
    ("currency", "texts", "region"),
    [
        ("JPY", ["서울"], "jp"), ("CNY", ["東京タワー"], "sc"), ("TWD", [], "tc"),
        ("HKD", [], "tc"), ("KRW", [], "kr"), ("USD", ["東京", "コーヒー"], "jp"),
        ("USD", ["東京", "서울"], "kr"), ("EUR", ["東京"], "sc"), ("EUR", [], "sc"),
    ],
)  # fmt: skip
def test_whose_chinese_characters_are_used(currency: str, texts: list[str], region: str) -> None:
    assert region_of(currency, texts) == region


def base_fonts(pdf: bytes) -> set[str]:
    return set(re.findall(rb"/BaseFont /[A-Z]+\+(\w+)", pdf))


@pytest.mark.parametrize(
    ("currency", "font"),
    [
        ("JPY", b"NotoSansJP"),
        pytest.param("CNY", b"NotoSansSC", marks=pytest.mark.middle),
        pytest.param("TWD", b"NotoSansTC", marks=pytest.mark.middle),
    ],
)
def test_one_character_is_drawn_as_the_document_s_country_draws_it(
    currency: str, font: bytes, make_detail: Make, invoice_pdf: Render
) -> None:
    pdf = invoice_pdf(make_detail((), currency=currency, memo="直"))
    assert font in base_fonts(pdf)  # type: ignore[comparison-overlap]


def test_what_no_font_has_is_told_and_boxes_stand_for_it(
    documents: PdfDocuments, company: Company, make_detail: Make, read: Callable[..., list[str]]
) -> None:
    detail = make_detail((InvoiceLine("😀 東京 🧾😀"),))
    ((pdf, missing),) = documents.invoices(company, [detail], TODAY, mode=Mode.LIVE)
    assert missing == "😀🧾"
    assert "□ 東京 □□" in read(pdf)[0]


def test_without_the_fonts_all_of_it_is_told(
    without_other_fonts: None, documents: PdfDocuments, company: Company, make_detail: Make
) -> None:
    details = [make_detail(customer_name="東京"), make_detail(customer_name="Zażółć")]
    assert [d.missing for d in documents.invoices(company, details, TODAY, mode=Mode.LIVE)] == [
        "京東",
        "",
    ]


def font_of(family: str) -> Path:
    folder = Path(str(files("justmytype_intl_cjk"))) / "fonts" / "ofl" / family
    return next(folder.glob("*.ttf"))


def test_a_font_of_the_settings_comes_first(company: Company, make_detail: Make) -> None:
    documents = PdfDocuments([font_of("notosanskr")])
    ((pdf, missing),) = documents.invoices(
        company, [make_detail(memo="東京")], TODAY, mode=Mode.LIVE
    )
    assert missing == ""
    assert base_fonts(pdf) == {b"Arimo", b"ArimoBold", b"NotoSansKR", b"NotoSansKRBold"}  # type: ignore[comparison-overlap]


def test_a_font_that_is_a_pipe_keeps_nobody_waiting(
    tmp_path: Path, company: Company, make_detail: Make
) -> None:
    os.mkfifo(tmp_path / "font.ttf")
    documents = PdfDocuments([tmp_path / "font.ttf"])
    ((_, missing),) = documents.invoices(company, [make_detail(memo="東京")], TODAY, mode=Mode.LIVE)
    assert missing == ""


@pytest.mark.parametrize("content", [None, b"", b"\0\1\0\0 no font", b"OTTO"])
def test_a_font_that_cannot_be_read_is_left_out_and_told(
    content: bytes | None,
    tmp_path: Path,
    company: Company,
    make_detail: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / "broken.ttf"
    if content is not None:
        path.write_bytes(content)
    ((_, missing),) = PdfDocuments([path]).invoices(
        company, [make_detail(memo="東京")], TODAY, mode=Mode.LIVE
    )
    assert missing == ""
    (record,) = caplog.records
    assert str(path) in record.message


def test_a_font_that_is_damaged_further_on_is_named(
    tmp_path: Path, company: Company, make_detail: Make
) -> None:
    path = tmp_path / "damaged.ttf"
    with TTFont(font_of("notosanskr")) as font:
        del font["glyf"], font["loca"]
        font.save(path)
    with pytest.raises(BadInput, match=r"damaged\.ttf cannot be used") as caught:
        next(
            iter(
                PdfDocuments([path]).invoices(
                    company, [make_detail(memo="서울")], TODAY, mode=Mode.LIVE
                )
            )
        )
    assert "[documents] fonts" in caught.value.hint


DOCUMENTS = PdfDocuments()
"""Makes its fonts once, for all that comes."""
SOME = "".join(NAMES.values()) + "12 (A) ؟،٣۔ ـ ゙゚्ฺ “”"


@settings(
    max_examples=chosen.of(6, 15, 60), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.text(st.sampled_from(SOME), max_size=80))
def test_no_mixture_of_scripts_stops_a_bill(text: str) -> None:
    company = Company(text, Address((text,)), terms=text, remit_to=SOME)
    detail = replace(EXAMPLE, lines=(InvoiceLine(text, text, text, 1, 1, text),))
    ((pdf, missing),) = DOCUMENTS.invoices(
        company, [detail], EXAMPLE.invoice.due_on, mode=Mode.LIVE
    )
    assert missing == ""
    assert pdf.startswith(b"%PDF")
