"""CSV that is not a table."""

from __future__ import annotations

from tests.proofs.hostile.files.bad import GOOD, INVOICES, LINES, PAYMENTS, Bad
from tests.proofs.hostile.files.encodings import MANY

QUOTED = 'A,C1,2026-10-01,2026-10-31,USD,10.00,"{}"\n'


def _header(name: str, content: str, says: str, *, line: int = 1, kind: str = "invoices") -> Bad:
    return Bad(name, kind, content, line, says, "bad_file")


def _row(name: str, content: str, line: int, says: str, others: tuple[int, ...] = ()) -> Bad:
    return Bad(name, "invoices", content, line, says, others=others)


HEADERS = [
    _header("empty", "", "the file is empty", line=0),
    _header("blank lines only", "\n\n\r\n\n", "has none of the columns"),
    _header("spaces only", "   \n  \n", "has none of the columns"),
    _header("no header", GOOD, "a header with their names must come first"),
    _header("a title above the header", "Export of October\n" + INVOICES, "none of the columns"),
    _header("a blank line above the header", "\n" + INVOICES, "has none of the columns"),
    _header("a hint of Excel above the header", "sep=;\n" + INVOICES, "none of the columns"),
    _header("the header of another kind", "email,name\na@example.com,A\n", "none of the columns"),
    _header("payments as invoices", PAYMENTS, "unknown column 'reference'"),
    _header("a misspelt column", INVOICES.replace("due_on", "due"), "unknown column 'due'"),
    _header("a column in capitals", INVOICES.replace("memo", "Memo"), "unknown column 'Memo'"),
    _header("a column without a name", INVOICES.replace("memo", ""), "unknown column ''"),
    _header("a column too many", INVOICES.replace("\n", ",\n"), "unknown column ''"),
    _header("a column twice", INVOICES.replace("memo", "total"), "'total' stands there twice"),
    _header(
        "a column twice but for spaces",
        INVOICES.replace("memo", " total "),
        "'total' stands there twice",
    ),
    _header("a column missing", "number,issued_on,total\n", "no column for customer", line=0),
    _header("no names", "number,email\nC8,\n", "no column for name", line=0, kind="customers"),
    _header("no e-mail", "name,role\nAnn,\n", "no column for email", line=0, kind="contacts"),
    _header(
        "no amount",
        PAYMENTS.replace("amount,", ""),
        "no column for amount",
        line=0,
        kind="payments",
    ),
    _header("a quote left open in the header", 'number,"customer\n', "is never closed"),
    _header(
        "a quote left open in the header of a long file",
        'number,"customer\n' + MANY,
        "longer than 128 KiB",
    ),
    _header("text after a quote in the header", 'number,"customer"x\n', "is not doubled"),
    _header("an invisible character", "number,customer\u200b\n", r"column 'customer\u200b'"),
    _header("a terminal's escape", "number,\x1b[31mcustomer\n", r"column '\u001b[31mcustomer'"),
    _header(
        "two delimiters at once", "number,customer;issued_on\n", "does not tell what separates"
    ),
    _header("an unknown delimiter", INVOICES.replace(",", "^"), "has none of the columns"),
    _header("JSON named .csv", '{"number":"A","customer":"C1"}\n', "has none of the columns"),
    _header("HTML", "<!DOCTYPE html>\n<table><tr><td>number\n", "has none of the columns"),
    _header("a header of 4 MiB", "number," * 700_000, "line 1 is longer than 4 MiB"),
]

ROWS = [
    _row("a short row", f"{INVOICES}{GOOD}B,C1\n", 3, "it has 2 cells, the header has 7"),
    _row("a long row", f"{INVOICES}{GOOD[:-1]},,\n", 2, "it has 9 cells, the header has 7"),
    _row("a row of one cell", f"{INVOICES}{GOOD}Total: 10.00\n", 3, "it has 1 cells"),
    _row("a row of spaces", f"{INVOICES}   \n{GOOD}", 2, "it has 1 cells"),
    _row("a comma in a memo", f"{INVOICES}{GOOD[:-1]}a, b\n", 2, "it has 8 cells"),
    _row("a decimal comma", f"{INVOICES}{GOOD.replace('10.00', '10,00')}", 2, "it has 8 cells"),
    _row("rows with semicolons", INVOICES + GOOD.replace(",", ";"), 2, "it has 1 cells"),
    _row("rows with tabs", INVOICES + GOOD.replace(",", "\t"), 2, "it has 1 cells"),
    _row(
        "every bad row is said",
        f"{INVOICES}A\n{GOOD}B,C1,x,,,1,\n,,,,,1,\n",
        2,
        "3 bad lines; first: line 2: it has 1 cells, the header has 7",
        (4, 5),
    ),
    _row("a header again", INVOICES + GOOD + INVOICES, 3, "customer: there is no customer 'cust"),
    _row("a cut last line", INVOICES + GOOD + GOOD[:20], 3, "it has 4 cells"),
    _row("mixed line ends", f"{INVOICES}{GOOD[:-1]}\r\n\r{GOOD[:9]}\r\n", 4, "it has 3 cells"),
    _row("line ends of an old Mac", f"{INVOICES}{GOOD}B\n".replace("\n", "\r"), 3, "has 1 cells"),
]

QUOTES = [
    _row("never closed", INVOICES + GOOD + QUOTED[:-3], 3, "a quote opened here is never closed"),
    _row("never closed, many rows", INVOICES + QUOTED[:-3] + MANY, 2, "longer than 128 KiB"),
    _row("text after it", INVOICES + QUOTED.replace('}"', '}"x'), 2, "is not doubled"),
    _row("not doubled within", INVOICES + QUOTED.format('12" pipe'), 2, "is not doubled"),
    _row("escaped by a backslash", INVOICES + QUOTED.format(r"12\" pipe"), 2, "is not doubled"),
    _row("a space before it", INVOICES + QUOTED.format("a,b").replace(',"', ', "'), 2, "8 cells"),
    _row("typographic", f"{INVOICES}{GOOD[:-1]}“a,b”\n", 2, "it has 8 cells"),
    _row(
        "it swallows a row",
        INVOICES + QUOTED.format("x")[:-2] + '\nB,C1,2026-10-01,,USD,1.00,"\n',
        2,
        "it runs to line 3, which reads like a record of its own: is a quote left open?",
    ),
    _row(
        "it swallows many rows",
        INVOICES + QUOTED.format("x")[:-2] + "\n" + GOOD * 50 + 'B,C1,2026-10-01,,USD,1.00,"x"\n',
        2,
        "is not doubled",
    ),
    _row(
        "it swallows rows up to an empty memo",
        INVOICES + QUOTED.format("x")[:-2] + "\n" + GOOD * 50 + 'B,C1,2026-10-01,,USD,1.00,""\n',
        2,
        "is never closed",
    ),
    _row(
        "it swallows rows up to a memo's last quote",
        INVOICES + QUOTED.format("x")[:-2] + "\n" + GOOD * 50 + 'B,C1,2026-10-01,,USD,1.00,2"\n',
        2,
        "it runs to line 53, which reads like a record of its own",
    ),
    _row(
        "a quoted cell of 128 KiB",
        INVOICES + QUOTED.format("x" * 140_000),
        2,
        "longer than 128 KiB",
    ),
    _row("a plain cell of 128 KiB", f"{INVOICES}{'9' * 140_000}{GOOD}", 2, "longer than 128 KiB"),
    _row(
        "a record over very many lines",
        INVOICES + GOOD + '"a\n",' * 1_300_000,
        3,
        "a record beginning here is longer than 4 MiB",
    ),
]

LIMITS = [
    Bad(
        "a line of 5 MiB",
        "invoices",
        INVOICES + GOOD + "x," * (5 << 19),
        3,
        "line 3 is longer than 4 MiB",
        "bad_file",
    ),
    _row(
        "an invoice of 10,001 lines",
        LINES + "A,C1,2026-10-01,,,,x,1,\n" * 10_001,
        10_002,
        "more than 10000 rows of one record",
    ),
    _row(
        "an empty number over and over",
        LINES + ",C1,2026-10-01,,,,x,1,\n" * 10_001,
        10_002,
        "more than 10000 rows of one record",
    ),
]

CASES = [*HEADERS, *ROWS, *QUOTES, *LIMITS]
