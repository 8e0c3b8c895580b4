"""Mapping files that map nothing, and files that are not those they are for."""

from __future__ import annotations

from tests.proofs.hostile.files.bad import Bad

COLUMNS = '[columns]\nnumber = "No"\ncustomer = "Who"\nissued_on = "On"\ntotal = "Sum"\n'
FILE = "No,Who,On,Sum\nA,C1,2026-10-01,5.00\n"


def _toml(name: str, toml: str | bytes, says: str, code: str = "bad_mapping", line: int = 0) -> Bad:
    return Bad(name, "invoices", FILE, line, f"mapping.toml: {says}", code, mapping=toml)


def _with(name: str, setting: str, says: str, code: str = "bad_mapping") -> Bad:
    return _toml(name, f"{setting}\n{COLUMNS}", says, code)


TOML = [
    _toml("not TOML", "number: No\n", "not TOML: Expected '='", line=1),
    _toml("JSON", '{"columns": {"number": "No"}}', "not TOML", line=1),
    _toml("a table left open", COLUMNS + "[values", "not TOML"),
    _toml("a text left open", '[columns]\nnumber = "No\n', "not TOML: Illegal character", line=2),
    _toml("a column twice", COLUMNS + 'total = "Net"\n', "not TOML: Cannot overwrite a value"),
    _toml("a table twice", COLUMNS * 2, "not TOML: Cannot declare ('columns',) twice"),
    _toml("deeper than can be read", "x = " + "[" * 2_000, "not TOML"),
    _toml("a number of 2,000 digits", f"{COLUMNS}x = {'9' * 2_000}", "columns.x is not a column"),
    _toml("a key of 1,200 parts", "a." * 1_200 + "b = 1\n" + COLUMNS, "unknown setting 'a'"),
    _toml("a key of 20,000 parts", "a." * 20_000 + "b=1\n", "line 1 is longer than 2500", line=1),
    _toml("300 KiB", "# x\n" * 80_000, "the file is too large for a mapping"),
    _toml("a date that is none", f"x = 2026-13-45\n{COLUMNS}", "not TOML", line=1),
    _toml("Latin-1", '[columns]\nmemo = "Stra\xdfe"\n'.encode("latin-1"), "line 2 is not UTF-8", "bad_file", 2),
    _toml("UTF-16", COLUMNS.encode("utf-16"), "the file is UTF-16", "bad_file"),
    _toml("NUL", COLUMNS.encode() + b"\0", "line 6 has a NUL byte", "bad_file", 6),
    _toml("a text over a line's end", f'x = "\n"\n{COLUMNS}', "not TOML", line=1),
]  # fmt: skip

SETTINGS = [
    _toml("no columns", 'decimal_mark = ","\n', "it has no [columns]"),
    _toml("columns without any", "[columns]\n", "it has no [columns]"),
    _toml("columns as a text", 'columns = "number"\n', "columns is not a table"),
    _toml("another kind", 'kind = "payments"\n' + COLUMNS, "this mapping is for payments, not invoices"),
    _toml("a column of another kind", COLUMNS + 'reference = "Ref"\n', "columns.reference is not a column of invoices"),
    _toml("a column of nothing", COLUMNS + 'memo = ""\n', "columns.memo is not a text"),
    _toml("two columns for one", COLUMNS + 'memo = ["Text", "Note"]\n', "columns.memo is not a text"),
    _toml("a default that is a number", COLUMNS + "[defaults]\ntax = 0\n", "defaults.tax is not a text"),
    _toml("a default for no column", COLUMNS + '[defaults]\nvat = "0"\n', "defaults.vat is not a column"),
    _toml("values for no column", COLUMNS + '[values.art]\na = "b"\n', "values.art is not a column"),
    _toml("values that are a text", COLUMNS + '[values]\nkind = "x"\n', "values.kind is not a table"),
    _toml("values that are numbers", COLUMNS + "[values.kind]\nx = 1\n", "values.kind has what is not a text"),
    _with("an unknown setting", 'decimal = ","', "unknown setting 'decimal'"),
    _with("a setting in capitals", 'Encoding = "utf-8"', "unknown setting 'Encoding'"),
    _with("an unknown decimal mark", 'decimal_mark = "x"', "decimal_mark is 'x'"),
    _with("a decimal mark that is a number", "decimal_mark = 1", "decimal_mark is not a text"),
    _with("the same mark twice", 'decimal_mark = ","\nthousands_mark = ","', "decimal_mark and thousands_mark are the same"),
    _with("an unknown delimiter", 'delimiter = "^"', "delimiter is '^'"),
    _with("a delimiter of two", 'delimiter = ",,"', "delimiter is ',,'"),
    _with("an unknown encoding", 'encoding = "utf-7"', "encoding is 'utf-7'"),
    _with("an encoding of another alphabet", 'encoding = "rot13"', "encoding is 'rot13'"),
    _with("said to be UTF-16", 'encoding = "utf-16"', "encoding is 'utf-16'"),
    _with("a flag that is a text", 'create_customers = "no"', "create_customers is not true or false"),
    _with("a date without a day", 'date_format = "%Y-%m"', "date_format '%Y-%m': it takes one year, one month and one day"),
    _with("a date with a time", 'date_format = "%Y-%m-%d %H"', "date_format '%Y-%m-%d %H': %H is not known"),
    _with("a date format cut short", 'date_format = "%Y-%m-%"', "date_format '%Y-%m-%': % is not known"),
    _with("an unknown currency", 'currency = "XXX"', "'XXX' is not a currency code", "unknown_currency"),
    _with("a currency that only looks so", 'currency = "U\u017fD"', "'U\u017fD' is not a currency code", "unknown_currency"),
    _with("a currency that does not show", 'currency = "\\u0000"', r"'\u0000' is not a currency", "unknown_currency"),
]  # fmt: skip


def _file(
    name: str, content: str, says: str, toml: str = COLUMNS, line: int = 1, code: str = "bad_file"
) -> Bad:
    return Bad(name, "invoices", content, line, says, code, mapping=toml)


FILES = [
    _file("a column is not there", FILE.replace("Sum", "Net"), "there is no column 'Sum', which mapping.toml names"),
    _file("a column is there twice", FILE.replace("On", "Sum"), "there is no column 'On'"),
    _file("a mapped column twice", "No,Who,On,Sum,Sum\n", "column 'Sum' stands there twice"),
    _file("another delimiter than said", FILE, "there is no column 'No'", 'delimiter = ";"\n' + COLUMNS),
    _file("a column in capitals", FILE.replace("Who", "WHO"), "there is no column 'Who'"),
    _file("a required column not mapped", FILE, "there is no column for issued_on", COLUMNS.replace('issued_on = "On"\n', ""), 0),
    _file("the file of our own names", "number,customer,issued_on,total\n", "none of the columns"),
    _file("a default that is no currency", FILE, "currency: 'XXX' is not a currency code", COLUMNS + '[defaults]\ncurrency = "XXX"\n', 2, "bad_rows"),
    _file("a word that is not mapped", FILE.replace("5.00", "void"), "Sum: 'void' is not an amount", COLUMNS + '[values.total]\nfree = "0"\n', 2, "bad_rows"),
    _file("a default that does not print", FILE, "memo: it has U+0007", COLUMNS + '[defaults]\nmemo = "\\u0007"\n', 2, "bad_rows"),
    _file("customers that may not come along", FILE.replace("C1", "C9"), "Who: there is no customer 'C9'", COLUMNS, 2, "bad_rows"),
]  # fmt: skip

CASES = [*TOML, *SETTINGS, *FILES]
