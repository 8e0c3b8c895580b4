"""JSON lines that are no records."""

from __future__ import annotations

from dataclasses import replace

from tests.proofs.hostile.files.bad import Bad, as_json

INVOICE = {"number": "A", "customer": "C1", "issued_on": "2026-10-01", "total": "5.00"}
PAYMENT = {
    "reference": "9",
    "customer": "C1",
    "received_on": "2026-10-09",
    "method_type": "check",
    "amount": "5.00",
}
FIRST = as_json(INVOICE, number="GOOD")


def _line(name: str, text: str, says: str, kind: str = "invoices") -> Bad:
    """`text` on line 2, after a good line where they are invoices."""
    first = FIRST if kind == "invoices" else "\n"
    return Bad(name, kind, first + text + "\n", 2, says, file="file.jsonl")


def _said(name: str, says: str, **changes: object) -> Bad:
    return _line(name, as_json(INVOICE, **changes).rstrip(), says)


def _paid(name: str, says: str, **changes: object) -> Bad:
    return _line(name, as_json(PAYMENT, **changes).rstrip(), says, "payments")


SYNTAX = [
    _line("an array of records", f"[{FIRST.rstrip()}]", "it is a JSON array; write one object"),
    _line("an empty array", "[]", "it is a JSON array"),
    _line("a text", '"A"', "it is not a JSON object"),
    _line("a number", "7", "it is not a JSON object"),
    _line("null", "null", "it is not a JSON object"),
    _line("a trailing comma", FIRST.rstrip()[:-1] + ",}", "not JSON"),
    _line("a comma after the object", FIRST.rstrip() + ",", "not JSON: Extra data"),
    _line("two objects on a line", FIRST.rstrip() * 2, "not JSON: Extra data"),
    _line("cut short", FIRST[:30], "not JSON"),
    _line("cut within an escape", '{"number":"\\u12', "not JSON"),
    _line("an object over several lines", "{", "not JSON"),
    _line("single quotes", "{'number': 'A'}", "not JSON: Expecting property name"),
    _line("names without quotes", "{number: 1}", "not JSON"),
    _line("a comment", "// the rest is from May", "not JSON"),
    _line("a comment after the object", FIRST.rstrip() + " # May", "not JSON: Extra data"),
    _line("a tab within a text", '{"number":"A\tB"}', "not JSON: Invalid control character"),
    _line("a bad escape", '{"number":"\\x41"}', "not JSON: Invalid \\escape"),
    _line("CSV named .jsonl", "number,customer", "not JSON"),
    _line("arrays of 100,000 levels", "[" * 100_000, "it is nested too deeply"),
    _line("objects of 50,000 levels", '{"a":' * 50_000, "it is nested too deeply"),
    _line("a number of many zeros", "0" * 5_000, "not JSON"),
    Bad(
        "blank lines only",
        "invoices",
        "\n \n\n",
        0,
        "the file has no records",
        "bad_file",
        "f.json",
    ),
    Bad("empty", "invoices", "", 0, "the file is empty", "bad_file", "f.ndjson"),
]

KEYS = [
    _line("a key twice", FIRST.rstrip()[:-1] + ',"total":"6"}', "key 'total' is a duplicate"),
    _line(
        "a key twice within a line",
        as_json(INVOICE)[:-2] + ',"lines":[{"amount":1,"amount":2}]}',
        "key 'amount' is a duplicate",
    ),
    _said("an unknown key", "unknown key 'totl'. Did you mean total?", totl=5),
    _said("a key of CSV", "unknown key 'line_amount'", line_amount=5),
    _said("a key in capitals", "unknown key 'Total'", Total=5),
    _said("a key that is half a surrogate", r"unknown key '\udc00'", **{"\udc00": 5}),
    _said("an unknown key within a line", "lines: unknown key 'price'", lines=[{"price": 1}]),
    _line("no number", '{"customer":"C1"}', "number: it is empty"),
    _line("an empty object", "{}", "number: it is empty"),
]

VALUES = [
    _line(f"{word} for a total", FIRST.replace('"5.00"', word).rstrip(), f"{word} is not a number")
    for word in ("NaN", "Infinity", "-Infinity")
] + [
    _line(f"{short}", as_json(INVOICE).replace('"5.00"', text).rstrip(), "is not an amount")
    for short, text in (
        ("1e3 without quotes", "1e3"),
        ("5E0 without quotes", "5E0"),
        ("an exponent of millions", "1e2000000"),
        ("an integer of 5,000 digits", "9" * 5_000),
        ("a fraction of 5,000 digits", "0." + "1" * 5_000),
    )
] + [
    _said("a float with a rounding error", "total: '0.30000000000000004' is not an amount", total=0.1 + 0.2),
    _said("an object for a total", "total: it is neither a text nor a number", total={"v": 5}),
    _said("a list for a total", "total: it is neither a text nor a number", total=["5.00"]),
    _said("true for a total", "total: it is true, neither a text nor a number", total=True),
    _said("true for a number", "number: it is true, neither a text nor a number", number=True),
    _said("false for a memo", "memo: it is false, neither", memo=False),
    _said("null for a total", "total: it is empty", total=None),
    _said("a text for a flag", "disputed: 'maybe' is neither yes nor no", disputed="maybe"),
    _said("2 for a flag", "disputed: '2' is neither yes nor no", disputed=2),
    _said("an object for lines", "lines: it is not a list of objects", lines={"amount": "5.00"}),
    _said("an empty object for lines", "lines: it is not a list of objects", lines={}),
    _said("an empty text for lines", "lines: it is not a list of objects", lines=""),
    _said("false for lines", "lines: it is not a list of objects", lines=False),
    _said("numbers for lines", "lines: it is not a list of objects", lines=[5]),
    _said("a list in a list", "lines: it is not a list of objects", lines=[[{"amount": 5}]]),
    _said("20,000 lines", "lines: it has more than 10000 objects", lines=[{}] * 20_000),
    replace(_said("lines of nothing", "number: the number is that of the row", lines=[{}, {}]), others=(2,)),
    _paid("an empty object for allocations", "it is not a list of objects", allocations={}),
    _paid("an empty text for allocations", "it is not a list of objects", allocations=""),
    Bad(
        "the same record again",
        "payments",
        as_json(PAYMENT) * 2,
        2,
        "it is that of the record before, too",
        file="file.jsonl",
    ),
    _line("an address of words that are none", '{"number":"K","name":"K","address":[true]}', "it is not a list of plain texts", "customers"),
    _line("a line end in an address's line", '{"number":"K","name":"K","address":["a\\nb"]}', "it is not a list of plain texts", "customers"),
]  # fmt: skip

SURROGATES = [
    _said(f"half of a surrogate pair in {field}", f"{field}: it has half of a surrogate pair", **{field: "\ud800"})
    for field in ("number", "customer", "issued_on", "total", "memo", "po_number", "currency", "kind")
] + [
    _said("half of a surrogate pair beside lines", "customer: it has half of a surrogate", customer="\ud800", lines=[{"amount": 5}]),
    _said("half of a surrogate pair in a line", "it has half of a surrogate pair", lines=[{"amount": 5, "description": "\udfff"}]),
    _said("half of a surrogate pair in a line's amount", r"'\ud800' is not an amount", lines=[{"amount": "\ud800"}]),
    _paid("half of a surrogate pair for a payer", "customer: it has half of a surrogate pair (U+D800)", customer="\ud800"),
    _paid("half of a surrogate pair in a reference", "half of a surrogate pair", reference="\udc80"),
    _paid("half of a surrogate pair for an invoice", "half of a surrogate pair", allocations=[{"invoice": "\ud800"}]),
    _line("half of a surrogate pair in a name", '{"number":"K","name":"\\ud83d"}', "name: it has half of a surrogate pair (U+D83D)", "customers"),
    _line("half of a surrogate pair in an e-mail", '{"email":"\\ud83d@a.example","name":"K","customers":"C1"}', "is not an e-mail address", "contacts"),
    _line("half of a surrogate pair in a contact's customer", '{"email":"k@a.example","name":"K","customers":["\\ud83d"]}', "customers: it has half of a surrogate pair (U+D83D)", "contacts"),
    _said("NUL in a number", "number: it has U+0000, a control character", number="A\0"),
    _paid("NUL in a payer", "customer: it has U+0000, a control character", customer="C1\0"),
]  # fmt: skip

CASES = [*SYNTAX, *KEYS, *VALUES, *SURROGATES]
