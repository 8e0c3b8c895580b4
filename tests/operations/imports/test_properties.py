"""What must hold for any text, not only for those somebody thought of."""

from __future__ import annotations

import csv
import io
import string
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from invoicepay.billing.dates import day_number
from invoicepay.billing.errors import BadInput
from invoicepay.billing.money import plain_text
from invoicepay.billing.spelling import normalized
from invoicepay.operations.imports.cells import (
    DateFormat,
    Days,
    amounts,
    free_text,
    identifier,
    record_number,
)
from invoicepay.operations.imports.csv_rows import CsvTable
from invoicepay.operations.imports.json_rows import JsonTable
from invoicepay.operations.imports.layouts import LAYOUTS, ImportKind
from invoicepay.operations.imports.mapping import GENERIC, Mapping
from invoicepay.operations.imports.problems import CellError, Problems
from invoicepay.operations.imports.source import Source

DATES = st.dates(date(1900, 1, 1), date(2199, 12, 31))
FORMATS = ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d %b %Y", "%d-%B-%Y"]
CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@pytest.mark.parametrize("form", FORMATS)
@given(day=DATES)
def test_a_date_comes_back(form: str, day: date) -> None:
    assert DateFormat(form).parse(day.strftime(form)) == day
    assert Days(form)[day.strftime(form)] == day_number(day)


@given(day=DATES)
def test_zeros_may_be_left_out_between_separators(day: date) -> None:
    assert DateFormat("%m/%d/%Y").parse(f"{day.month}/{day.day}/{day.year}") == day


def test_without_separators_zeros_count() -> None:
    with pytest.raises(ValueError, match="no match"):
        DateFormat("%Y%m%d").parse("2026111")


@pytest.mark.parametrize("form", FORMATS)
@given(text=st.text(max_size=20))
@example(text="２０２６-01-01")
@example(text="2026-02-30")
def test_no_text_is_read_as_another_date(form: str, text: str) -> None:
    try:
        day = DateFormat(form).parse(text)
    except ValueError:
        return
    assert text.isascii()
    assert str(day.day) in text


@given(
    minor=st.integers(-(10**15), 10**15),
    marks=st.sampled_from([(".", ""), (",", "."), (".", ","), (",", " "), (".", "'"), (",", "")]),
)
def test_an_amount_comes_back_with_any_marks(minor: int, marks: tuple[str, str]) -> None:
    decimal, thousands = marks
    grouped = f"{abs(minor) // 100:,}".replace(",", thousands)
    text = f"{'-' if minor < 0 else ''}{grouped}{decimal}{abs(minor) % 100:02d}"
    assert amounts(decimal, thousands)(text, "USD") == minor


@given(
    text=st.text(string.digits + ".,-' eE_+１", max_size=24),
    marks=st.sampled_from([(".", ""), (",", "."), (".", ","), (",", " "), (",", "")]),
)
@example(text="1,23", marks=(".", ","))
@example(text="1.234,5.6", marks=(",", "."))
@example(text="1,2345", marks=(".", ","))
@example(text=",123", marks=(".", ","))
def test_no_text_is_read_as_another_amount(text: str, marks: tuple[str, str]) -> None:
    """What is accepted has the digits of the text, and each group of thousands is one."""
    decimal, thousands = marks
    try:
        minor = amounts(decimal, thousands)(text, "USD")
    except BadInput:
        return
    text = text.strip()
    assert text.isascii()
    whole, _, fraction = text.lstrip("-").partition(decimal)
    groups = whole.split(thousands) if thousands else [whole]
    assert all(len(group) == 3 for group in groups[1:])
    assert int(plain_text(abs(minor), "USD").replace(".", "")) == int(
        "".join(groups) + fraction[:2].ljust(2, "0")
    )


@given(text=st.text(max_size=70))
def test_an_identifier_shows_all_it_has(text: str) -> None:
    for check in (identifier, record_number):
        try:
            kept = check(text, "number")
        except CellError:
            continue
        assert kept.isprintable()
        assert kept == normalized(text.strip())
        assert len(kept) <= 64


@given(text=st.text(max_size=40))
def test_free_text_has_no_characters_that_nobody_sees(text: str) -> None:
    try:
        kept = free_text(text, "memo")
    except CellError:
        return
    kept.encode()  # no lone surrogates
    assert not any((ord(c) < 32 and c not in "\t\n") or 127 <= ord(c) < 160 for c in kept)
    assert not set(kept) & set("\u200b\u200e\u200f\u202e\u2060\u2066\ufeff")


def _rows(
    path: Path, kind: ImportKind, mapping: Mapping = GENERIC
) -> tuple[list[tuple[int, list[str]]], int]:
    problems = Problems("f")
    with Source(path) as source:
        table = (JsonTable if path.suffix == ".jsonl" else CsvTable)(
            source, LAYOUTS[kind], mapping, problems.add
        )
        return list(table.rows()), problems.count


@given(
    rows=st.lists(st.tuples(CELLS, CELLS), max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_cells_come_back_from_any_csv(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    delimiter: str,
    end: str,
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["number", "name"])
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("csv") / "f.csv"
    path.write_bytes(text.getvalue().encode())
    found, bad = _rows(path, ImportKind.CUSTOMERS)
    assert bad == 0
    assert [tuple(row[:2]) for _, row in found] == rows
    line = 2
    for (number, _), cells in zip(found, rows, strict=True):
        assert number == line
        line += len("".join(cells).replace("\r\n", "\n").replace("\r", "\n").split("\n"))


@given(content=st.binary(min_size=1, max_size=200), suffix=st.sampled_from(["csv", "jsonl"]))
@example(content=b'number,name\n"', suffix="csv")
@example(content=b"\r\r\n\n", suffix="csv")
@example(content=b"{}", suffix="jsonl")
def test_no_file_does_worse_than_be_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("any") / f"f.{suffix}"
    for start in (b"", b"number,name\n" if suffix == "csv" else b'{"number":1}\n'):
        path.write_bytes(start + content)
        try:
            found, _ = _rows(path, ImportKind.CUSTOMERS)
        except BadInput as error:
            assert error.message.startswith("f.")
        else:
            width = len(LAYOUTS[ImportKind.CUSTOMERS].fields)
            assert all(len(row) >= width for _, row in found)
