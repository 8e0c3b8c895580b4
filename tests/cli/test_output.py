"""What the formats look like."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from invoicepay.billing.text import UNSEEN
from invoicepay.cli.layout import Column
from invoicepay.cli.output import Format, Output, json_text
from invoicepay.cli.records import Field, Nested, Record, named
from invoicepay.cli.show.customers import CUSTOMER, CUSTOMER_VIEW
from invoicepay.cli.show.invoices import invoice_detail_record, invoice_record
from invoicepay.cli.show.mail import MAIL
from invoicepay.cli.show.methods import method_record
from invoicepay.cli.show.payments import PAYMENT, PLAN

RECORD = Record[Mapping[str, Any]](
    Field("id", lambda p: p["id"]),
    Field("amount_minor", lambda p: p["amount_minor"]),
    Nested(
        "allocations",
        "allocation",
        lambda p: p["allocations"],
        named("invoice", "amount_minor", "amount"),
    ),
)
COLUMNS = [
    Column[Mapping[str, Any]]("Payment", lambda p: p["id"]),
    Column[Mapping[str, Any]]("Amount", lambda p: str(p["amount_minor"]), right=True),
]
ONE = {
    "id": "p1",
    "amount_minor": 5,
    "allocations": [{"invoice": "A", "amount_minor": 5, "amount": "0.05"}],
}
TWO = {
    "id": "p2",
    "amount_minor": 12345,
    "allocations": [
        {"invoice": "A", "amount_minor": 12000, "amount": "120.00"},
        {"invoice": "B", "amount_minor": 345, "amount": "3.45"},
    ],
}
NONE: dict[str, Any] = {"id": "p3", "amount_minor": 7, "allocations": []}


def many(format: Format, *records: Mapping[str, Any]) -> tuple[str, str]:
    """stdout and stderr of a list."""
    out, err = io.StringIO(), io.StringIO()
    Output(format, out, err).many(records, RECORD, COLUMNS, empty="no payments yet")
    return out.getvalue(), err.getvalue()


def test_json_is_one_array_with_an_object_a_line() -> None:
    out, err = many(Format.JSON, ONE, TWO)
    assert json.loads(out) == [ONE, TWO]
    assert len(out.splitlines()) == 4
    assert err == ""


def test_an_empty_list() -> None:
    assert many(Format.JSON) == ("[]\n", "")
    assert many(Format.CSV) == (
        "id,amount_minor,allocation_invoice,allocation_amount_minor,allocation_amount\n",
        "",
    )
    assert many(Format.TABLE) == ("", "no payments yet\n")


def test_csv_has_a_row_for_each_of_a_nested_list() -> None:
    out, _ = many(Format.CSV, ONE, TWO, NONE)
    assert out.splitlines() == [
        "id,amount_minor,allocation_invoice,allocation_amount_minor,allocation_amount",
        "p1,5,A,5,0.05",
        "p2,12345,A,12000,120.00",
        "p2,12345,B,345,3.45",
        "p3,7,,,",
    ]


def test_csv_of_lists_and_figures_by_currency() -> None:
    out = io.StringIO()
    record = {"customers": ["C-1", "C-2"], "added_minor": {"EUR": 5, "USD": 7}, "memo": 'a "b", c'}
    Output(Format.CSV, out).one(record, lambda: None)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert rows == [{"customers": "C-1\nC-2", "added_minor": "EUR 5\nUSD 7", "memo": 'a "b", c'}]


def test_csv_cells_hold_any_text() -> None:
    """Also what cannot be written as UTF-8, or what a reader of CSV would stop at."""
    out = io.StringIO()
    Output(Format.CSV, out).one({"memo": "a\ud800b\x00c\r\nd"}, lambda: None)
    assert next(csv.reader(io.StringIO(out.getvalue().partition("\n")[2], newline=""))) == [
        "abc\nd"
    ]


NAMES = "株式会社 – Łódź – Ωμέγα"


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8", "latin-1"])
@pytest.mark.parametrize("format", [Format.JSON, Format.CSV])
def test_data_is_utf_8_in_every_locale(format: Format, encoding: str) -> None:
    raw, err = io.BytesIO(), io.BytesIO()
    streams = [io.TextIOWrapper(each, encoding, "backslashreplace") for each in (raw, err)]
    output = Output(format, *streams)
    output.one({"name": NAMES}, lambda: None)
    output.problem("not_found", NAMES, "")
    for stream in streams:
        stream.flush()

    text = raw.getvalue().decode("utf-8")
    if format is Format.JSON:
        assert json.loads(text) == {"name": NAMES}
    else:
        assert list(csv.DictReader(io.StringIO(text))) == [{"name": NAMES}]
    assert NAMES in text
    assert NAMES in err.getvalue().decode("utf-8")


@given(text=st.text())
@example("\x7f\x80\x9b\u202e\u2028\ud800\U000e0041")
def test_json_shows_letters_and_gives_back_the_very_text(text: str) -> None:
    written = json_text({"name": text, "list": [text]}, indent=2)
    assert json.loads(written) == {"name": text, "list": [text]}
    assert not re.search(f"(?!\n)[{UNSEEN}]", written)
    assert "é – 東" in json_text("é – 東")


def test_a_byte_order_mark_is_for_spreadsheets_only() -> None:
    out = io.StringIO()
    Output(Format.CSV, out, bom=True).one({"name": NAMES}, lambda: None)
    assert out.getvalue() == f"\ufeffname\n{NAMES}\n"


def test_a_table_is_aligned_and_never_cut() -> None:
    out, _ = many(Format.TABLE, {**ONE, "id": "x" * 300}, TWO)
    header, first, second = out.splitlines()
    assert header == "Payment" + " " * 295 + "Amount"
    assert first == "x" * 300 + "       5"
    assert second == "p2" + " " * 301 + "12345"


def test_a_table_counts_cells_not_characters() -> None:
    out, _ = many(Format.TABLE, {**ONE, "id": "日本"}, {**TWO, "id": "e\u0301"})
    assert out.splitlines() == ["Payment  Amount", "日本          5", "e\u0301         12345"]


@pytest.mark.parametrize("format", [Format.JSON, Format.CSV])
def test_notes_are_for_people(format: Format) -> None:
    err = io.StringIO()
    Output(format, io.StringIO(), err).note("SANDBOX – no money moved")
    assert err.getvalue() == ""


@pytest.mark.parametrize(
    ("message", "hint", "line"),
    [
        ("no invoice 5", "Look again.", "invoicepay: no invoice 5. Look again.\n"),
        ("nothing was paid", "", "invoicepay: nothing was paid.\n"),
        ("it said: No!", "Ask.", "invoicepay: it said: No! Ask.\n"),
    ],
)
def test_a_problem_is_one_line(message: str, hint: str, line: str) -> None:
    for format in (Format.TABLE, Format.CSV):
        err = io.StringIO()
        Output(format, io.StringIO(), err).problem("not_found", message, hint)
        assert err.getvalue() == line


TODAY = date(2026, 11, 1)
RECORDS: list[Record[Any]] = [
    CUSTOMER, CUSTOMER_VIEW, MAIL, PAYMENT, PLAN, invoice_record(TODAY),
    invoice_detail_record(TODAY), method_record(TODAY),
]  # fmt: skip


@pytest.mark.parametrize("record", RECORDS)
def test_no_two_columns_have_the_same_name(record: Record[Any]) -> None:
    columns = [name for name, _ in record.csv_columns()]
    assert len(set(columns)) == len(columns) > 4
