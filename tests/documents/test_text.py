"""Hostile and foreign text: shown where the font can, visibly replaced where it cannot, and
never a crash."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from invoicepay.billing.customer import Address, Company
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import Invoice, InvoiceDetail, InvoiceLine
from invoicepay.documents import PdfDocuments
from invoicepay.documents.fonts import make_fonts, needed
from invoicepay.documents.text import REPLACEMENT, price, tidy

Make = Callable[..., InvoiceDetail]
Render = Callable[..., bytes]
Read = Callable[[bytes], list[str]]


@pytest.mark.parametrize(
    "text",
    [
        "Řehoř Žižka – Škoda", "Łódź Kraków ąęśćż", "Đà Nẵng Việt Nam", "İstanbul ğüşöç",
        "Ανταλλακτικά Ωμέγα ἄνθρωπος", "Запасные части Ђорђе Їжак Қазақ", "ÅÄÖ ß ẞ æøå þð",
        "“quotes” ‘single’ … — – • € £ ¥ ₹ ₴ ₺ № ™ ½ × ÷ ± °", "a\u0301 composes",
        r"(paren) ) ( \ back\\slash \( <<>> [/] {}%/Name endstream endobj",
    ],
)  # fmt: skip
def test_text_that_is_shown_as_it_is(
    text: str, make_detail: Make, invoice_pdf: Render, read: Read
) -> None:
    (page,) = read(invoice_pdf(make_detail((InvoiceLine(text),), customer_name=text)))
    expected = unicodedata.normalize("NFC", text)
    assert page.count(expected) == 2, "once in each weight"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("漢字", "□□"), ("سلام", "□□□□"), ("שלום", "□□□□"), ("🧾x", "□x"), ("\ud800y", "□y"),
        ("😀\ufe0f\u200d😀", "□□"), ("a\u202eb\u2066c\u200fd", "abcd"), ("a\x1b[31mb", "a[31mb"),
        ("a\x00\x07\x7f\x9bb", "ab"), ("a\u200b\u2060\ufeffb", "ab"), ("a\tb", "a b"),
        ("a\u3000b", "a b"), ("\ue000", "□"), ("\U0010ffff", "□"),
    ],
)  # fmt: skip
def test_text_that_cannot_be_shown_as_it_is(
    text: str,
    shown: str,
    without_other_fonts: None,
    make_detail: Make,
    invoice_pdf: Render,
    read: Read,
) -> None:
    line = InvoiceLine(f"<<{text}>>")
    detail = make_detail((line,), customer_name=f"[[{text}]]", number=text, memo=text)
    (page,) = read(invoice_pdf(detail))
    assert f"<<{shown}>>" in page
    assert f"[[{shown}]]" in page


def test_line_ends_of_every_kind(make_detail: Make, invoice_pdf: Render, read: Read) -> None:
    text = "a\r\nb\u2028c\x85d\re"
    (page,) = read(invoice_pdf(make_detail((), number=text, memo=text)))
    assert "MEMO a b c d e " in page
    assert "Invoice a b c d e Page 1 of 1" in page


def test_poppler_finds_the_replacement_too(
    without_other_fonts: None,
    make_detail: Make,
    invoice_pdf: Render,
    poppler_text: Callable[[bytes], str],
) -> None:
    text = poppler_text(invoice_pdf(make_detail((InvoiceLine("Ωμέγα 漢 Жук"),))))
    assert f"Ωμέγα {REPLACEMENT} Жук" in text


any_text = st.text(st.characters(), max_size=60)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=any_text, other=any_text)
@example(text="\ud800\udc00)\\(\x00", other="\U000e0001é\u0300\u0301")
def test_no_text_whatever_stops_a_bill(text: str, other: str) -> None:
    company = Company(text, Address((other, text)), other, text, other, text, terms=other,
                      remit_to=text)  # fmt: skip
    detail = replace(EXAMPLE, lines=(InvoiceLine(text, other, text, 1, 1, other),),
                     invoice=replace(EXAMPLE.invoice, number=text, customer_name=other,
                                     po_number=text, memo=other))  # fmt: skip
    ((pdf, _),) = DOCUMENTS.invoices(company, [detail], EXAMPLE.invoice.due_on, mode=Mode.LIVE)
    reader = PdfReader(BytesIO(pdf), strict=True)
    assert "Balance due" in reader.pages[0].extract_text()


@given(st.text())
def test_tidy_text_holds_nothing_that_is_not_meant_to_be_seen(text: str) -> None:
    result = tidy(text)
    assert tidy(result) == result
    assert not {unicodedata.category(char) for char in result} & {"Cf", "Cs", "Zl", "Zp"}
    assert all(char == "\n" for char in result if unicodedata.category(char) == "Cc")


def test_the_file_s_title_keeps_what_the_font_lacks(make_detail: Make, invoice_pdf: Render) -> None:
    reader = PdfReader(BytesIO(invoice_pdf(make_detail(number="請求書\ud800\n(1)"))))
    assert reader.metadata is not None
    assert reader.metadata.title == "Invoice 請求書□ (1)"


def test_a_subset_has_both_weights_of_every_character_and_figures_of_one_width() -> None:
    fonts = make_fonts([needed(["Ωμέγα Жук 漢"], "USD")])
    for face in (fonts.regular, fonts.bold):
        assert fonts.characters <= face.advances.keys() | {"\xad"}
        assert len({face.advances[figure] for figure in "0123456789"}) == 1
    assert not fonts.covers(needed(["Жук", "Москва"], "USD"))
    assert fonts.covers(needed(["кЖу", "plain ASCII", "Ünïcode ½"], "USD"))


@pytest.mark.parametrize(
    ("text", "currency", "shown"),
    [
        ("125", "USD", "125.00"), ("1250.5", "USD", "1,250.50"), ("0.0035", "USD", "0.0035"),
        ("-0.5", "USD", "-0.50"), ("500", "JPY", "500"), ("1.5", "KWD", "1.500"), ("", "USD", ""),
        ("12 each", "USD", "12 each"), ("1e5", "USD", "1e5"), ("１２", "USD", "１２"),
        ("9" * 41, "USD", "9" * 41),
    ],
)  # fmt: skip
def test_unit_prices(text: str, currency: str, shown: str) -> None:
    assert price(text, currency) == shown


DOCUMENTS = PdfDocuments()
EXAMPLE = InvoiceDetail(
    Invoice("I-1", "C", date(2026, 9, 15), date(2026, 10, 15), "USD", 100), (), (), Address()
)
