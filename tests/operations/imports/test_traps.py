"""Files that are not what they seem. Each is handled, or named with file, line and reason."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from invoicepay.billing.errors import BadInput, NotFound, Usage
from invoicepay.operations.imports.import_records import ImportRecords

if TYPE_CHECKING:
    from tests.operations.imports.conftest import Office

HEAD = "number,customer,issued_on,due_on,currency,total,memo\n"
ROW = "{},C1,2026-10-01,2026-10-31,USD,10.00,{}\n"


def refused(office: Office, content: str | bytes, name: str = "file.csv") -> str:
    """The message of a file that cannot be read as a whole."""
    with pytest.raises(BadInput) as caught:
        office.take("invoices", content, name=name)
    assert caught.value.exit_code == 8
    assert not office.invoices()
    return caught.value.message


def test_a_byte_order_mark_is_no_part_of_the_header(office: Office) -> None:
    assert office.take("invoices", b"\xef\xbb\xbf" + (HEAD + ROW.format("A", "")).encode())
    assert office.invoice("A").total_minor == 1000


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_tells_the_delimiter(office: Office, delimiter: str) -> None:
    office.take("invoices", (HEAD + ROW.format("A", "x")).replace(",", delimiter))
    assert office.invoice("A").memo == "x"


def test_a_header_that_does_not_tell_the_delimiter(office: Office) -> None:
    assert "does not tell" in refused(office, "number,customer;issued_on,total;memo\nA,C1\n")


def test_a_decimal_comma_is_not_read_as_something_else(office: Office) -> None:
    text = (HEAD + ROW.format("A", "")).replace(",", ";").replace("10.00", "1.234,50")
    (problem,) = office.problems("invoices", text)
    assert (problem.line, problem.column) == (2, "total")
    assert "'1.234,50' is not an amount" in problem.reason


def test_ragged_rows(office: Office) -> None:
    text = HEAD + ROW.format("A", "") + "B,C1\n" + ROW.format("C", "x,y")
    problems = office.problems("invoices", text)
    assert [str(p) for p in problems] == [
        "line 3: it has 2 cells, the header has 7",
        "line 4: it has 8 cells, the header has 7",
    ]


def test_blank_rows_and_rows_of_empty_cells_are_nothing(office: Office) -> None:
    text = HEAD + "\n" + ROW.format("A", "") + ",,,,\n\n"
    assert office.take("invoices", text).invoices.added == 1


def test_a_quote_that_is_never_closed_is_reported_where_it_opened(office: Office) -> None:
    text = HEAD + ROW.format("A", "") + ROW.format("B", '"oops') + ROW.format("C", "") * 3
    (problem,) = office.problems("invoices", text)
    assert (problem.line, problem.reason) == (
        3,
        "a quote opened here is never closed; what follows was not read",
    )


def test_a_quote_closed_by_a_later_one_is_reported_where_it_opened(office: Office) -> None:
    text = HEAD + ROW.format("A", '"oops') + ROW.format("B", "") + ROW.format("C", '"fine"')
    (problem,) = office.problems("invoices", text)
    assert problem.line == 2
    assert "earlier one is left open" in problem.reason


def test_a_swallowed_row_that_parses_is_ragged_or_bad(office: Office) -> None:
    text = HEAD + ROW.format("A", '"oops') + 'B",C1,2026-10-01,2026-10-31,USD,10.00,\n'
    (problem,) = office.problems("invoices", text)
    assert problem.line == 2
    assert "it runs to line 3: is a quote left open?" in problem.reason


def test_a_quoted_line_end_counts_as_a_line(office: Office) -> None:
    text = HEAD + ROW.format("A", '"two\r\nlines"') + ROW.format("", "")
    (problem,) = office.problems("invoices", text)
    assert (problem.line, problem.column) == (4, "number")
    office.take("invoices", HEAD + ROW.format("A", '"two\r\nlines"'))
    assert office.invoice("A").memo == "two\nlines"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end(office: Office, end: str) -> None:
    text = (HEAD + ROW.format("A", "") + ROW.format("-B", "")).replace("\n", end)
    (problem,) = office.problems("invoices", text)
    assert problem.line == 3


def test_a_cell_over_128_kib(office: Office) -> None:
    (problem,) = office.problems("invoices", HEAD + ROW.format("A", "x" * 140_000))
    assert problem.line == 2
    assert "longer than 128 KiB" in problem.reason


def test_a_line_without_end(office: Office) -> None:
    message = refused(office, HEAD + ROW.format("A", "x" * (5 << 20)))
    assert message == "file.csv: line 2 is longer than 4 MiB"


def test_nul(office: Office) -> None:
    message = refused(office, HEAD + ROW.format("A", "") + ROW.format("B", "x\0y"))
    assert message == "file.csv: line 3 has a NUL byte; this is not a text file"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16(office: Office, encoding: str) -> None:
    content = (HEAD + ROW.format("A", "")).encode(encoding)
    assert refused(office, content) == "file.csv: the file is UTF-16, not UTF-8"


def test_latin_1_names_line_and_offset(office: Office) -> None:
    first = (HEAD + ROW.format("A", "")).encode()
    content = first + ROW.format("B", "Café").encode("latin-1")
    offset = content.index(b"\xe9")
    with pytest.raises(BadInput) as caught:
        office.take("invoices", content)
    assert caught.value.message == (f"file.csv: line 3 is not UTF-8: byte 0xe9 at offset {offset}")
    assert 'encoding = "cp1252"' in caught.value.hint


def test_an_empty_file(office: Office) -> None:
    assert refused(office, b"") == "file.csv: the file is empty"


def test_a_file_without_a_header(office: Office) -> None:
    assert "line 1 has none of the columns" in refused(office, ROW.format("A", ""))


def test_a_header_alone_is_an_import_of_nothing(office: Office) -> None:
    assert office.take("invoices", HEAD).invoices.added == 0


def test_unknown_double_and_missing_columns(office: Office) -> None:
    with pytest.raises(BadInput) as caught:
        office.take("invoices", HEAD.replace("due_on", "dueon"))
    assert caught.value.message == "file.csv: line 1: unknown column 'dueon'"
    assert caught.value.hint == "Did you mean due_on?"
    double = HEAD.replace("memo", "total")
    assert refused(office, double) == "file.csv: line 1: column 'total' stands there twice"
    without = HEAD.replace("customer,", "")
    assert refused(office, without) == "file.csv: there is no column for customer"


def test_a_folder(office: Office) -> None:
    with pytest.raises(BadInput, match="this is a folder"):
        office.run(ImportRecords("invoices", str(office.folder)))


def test_a_pipe_is_refused_without_waiting(office: Office) -> None:
    pipe = office.folder / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(BadInput, match=r"pipe\.csv: this is not a regular file"):
        office.run(ImportRecords("invoices", str(pipe)))


def test_a_device(office: Office) -> None:
    with pytest.raises(BadInput, match="this is not a regular file"):
        office.run(ImportRecords("invoices", "/dev/zero"))


@pytest.mark.parametrize("path", ["missing.csv", "a/b/c.csv"])
def test_no_such_file(office: Office, path: str) -> None:
    with pytest.raises(NotFound):
        office.run(ImportRecords("invoices", str(office.folder / path)))


def test_a_name_that_is_none(office: Office) -> None:
    with pytest.raises(BadInput):
        office.run(ImportRecords("invoices", "a\0b.csv"))


def test_an_unknown_kind_and_an_unknown_preset(office: Office) -> None:
    with pytest.raises(Usage):
        office.run(ImportRecords("refunds", "file.csv"))
    with pytest.raises(BadInput, match="no preset 'sage'"):
        office.run(ImportRecords("invoices", "file.csv", preset="sage"))


def test_memory_does_not_grow_with_the_file(office: Office) -> None:
    import tracemalloc

    row = "N{0},C1,2026-10-01,2026-10-31,USD,10.00,{0:0200d}\n"
    rows = "".join(row.format(n) for n in range(12_000))
    path = Path(office.file(HEAD + rows))
    del rows
    tracemalloc.start()
    try:
        office.run(ImportRecords("invoices", str(path)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 2_500_000
    # As objects, its rows would take some 12 MB.
    assert peak < 6 << 20


def test_a_record_of_too_many_rows(office: Office) -> None:
    head = "number,customer,issued_on,line_amount\n"
    rows = "A,C1,2026-10-01,1.00\n"
    office.take("invoices", head + rows * 10_000)
    assert office.invoice("A").total_minor == 1_000_000
    (problem,) = office.problems("invoices", head + rows.replace("A", "B") * 10_001)
    assert str(problem).startswith("line 10002: more than 10000 rows of one record")


def test_a_file_name_that_cannot_be_printed(office: Office) -> None:
    path = office.folder / os.fsdecode(b"caf\xe9\x1b.csv")
    path.write_bytes(b"x")
    with pytest.raises(BadInput) as caught:
        office.run(ImportRecords("invoices", str(path)))
    assert caught.value.message.startswith("caf\\udce9\\u001b.csv: line 1 has none")
