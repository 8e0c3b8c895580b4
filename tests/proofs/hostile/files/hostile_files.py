"""Files made up by Hypothesis: bytes, damaged files, and tables of cells good and bad."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from tests.proofs.hostile.files.bad import INVOICES, LINES, PAYMENTS

VALID: dict[str, tuple[str, ...]] = {
    "customers": (
        'number,name,email,address,currency,terms_days\nK1,Kay,k@a.example,"1 Road\nTown",EUR,7\n'
        "K2,Kit,,,,\nC1,One Ltd,,,USD,30\n",
        '{"number":"K3","name":"Köln","address":["1 Road","Town"],"terms_days":7}\n',
    ),
    "contacts": (
        "email,name,role,customers\nk@a.example,Kay,,C1;C2\nl@a.example,Lou,customer,C2\n",
        '{"email":"m@a.example","name":"May","customers":["C1"]}\n',
    ),
    "invoices": (
        INVOICES + "N1,C1,2026-10-01,2026-10-31,USD,10.00,one\nN2,C2,2026-10-02,,EUR,0.01,\n"
        'N3,C3,2026-10-03,,JPY,500,"two, ""lines""\nof it"\n',
        LINES + "N4,C1,2026-10-01,USD,30.00,2.00,Pump,20.00,2.00\nN4,C1,,,,,Hose,8.00,\n"
        "N5,C3,2026-10-01,,,,x,500,\nN5,,,,,,y,7,\n",
        "number,customer,issued_on,currency,total,kind,voided_on,paid_on,disputed\n"
        "N6,C1,2026-10-01,USD,5.00,,,2026-10-02,yes\nN7,C1,2026-10-01,USD,-5.00,credit_memo,,,\n"
        "OPEN,C1,2026-10-01,USD,100.00,,,,\n",
        '{"number":"N8","customer":"C1","issued_on":"2026-10-01","total":10.83,"lines":'
        '[{"description":"Work","amount":10,"tax":"0.83"}]}\n'
        '{"number":"N9","customer":"C2","issued_on":"2026-10-01","total":"7.00","memo":null}\n',
    ),
    "payments": (
        PAYMENTS + "9,C1,2026-10-09,check,USD,90.00,,OPEN,50.00\n9,C1,,,,,,HALF,40.00\n"
        "8,C2,2026-10-09,wire,EUR,10.00,thanks,,\n7,C1,2026-10-09,other,USD,5.00,,HELD,\n",
        '{"reference":"6","customer":"C1","received_on":"2026-10-09","method_type":"wire",'
        '"amount":20,"allocations":[{"invoice":"OPEN","applied":10.83}]}\n',
    ),
}
KINDS = st.sampled_from(sorted(VALID))
MOST = "92233720368547758.07"

GOOD_WORDS = {
    "number": "A B C D E OPEN EURO HERS",
    "customer": "C1 C1 C2 C3",
    "issued_on": "2026-10-01 2026-10-01 2026-09-15",
    "due_on": "2026-10-31 2026-11-30",
    "received_on": "2026-10-09 2026-10-09 2026-10-31",
    "voided_on": "2026-10-05",
    "paid_on": "2026-10-05 2026-10-06",
    "currency": "USD USD EUR JPY usd",
    "kind": "invoice invoice credit_memo",
    "disputed": "yes no 1",
    "method_type": "check wire other",
    "reference": "1 2 3 4 5 4410",
    "invoice": "OPEN OPEN HALF HELD EURO HERS A B",
    "memo": "x =1+1 💩",
    "email": "k@a.example ann@example.com",
    "role": "customer",
    "customers": "C1 C2 C1;C2",
    "terms_days": "0 14 999",
}
BAD_WORDS = {
    "number": "HALF HELD PAID VOID MEMO -1 A\u200b \ufeffA",
    "customer": "C9 c1",
    "issued_on": "2026-02-31 2026-1-1 9999-12-31",
    "due_on": "2026-01-01 2026-13-01",
    "received_on": "2026-11-02 1899-01-01",
    "voided_on": "2026-09-01 2026-11-05",
    "paid_on": "2026-11-05",
    "currency": "BHD ISK XXX",
    "kind": "Credit_Memo x",
    "invoice": "PAID VOID MEMO NONE",
    "memo": "\x1b[31m \u202e",
    "email": "fin@example.com x@",
    "role": "finance admin",
    "customers": "C9 ;",
    "terms_days": "1000 -1",
}
GOOD_AMOUNTS = "10.00 5.00 5 100.00 60.00 40.00 50.00 500 1 0"
BAD_AMOUNTS = f"-5.00 -0.00 0.01 1.005 1e3 1_000 １２ NaN {MOST} -{MOST}"
HOSTILE = [
    '"',
    ",",
    ";",
    "\n",
    "\r",
    "\0",
    "\ufeff",
    "é",
    "\u2028",
    "=1+1",
    "x" * 3000,
    "'",
    "\\",
    "{",
]
HOSTILE_BYTES = [t.encode() for t in HOSTILE] + [
    b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"\xed\xa0\x80", b"1e3", b"9" * 25, b"-", b"NaN",
    b"\\ud800", b"null", b"[]", b"{}", b"true", b"USD", b"JPY", b"OPEN", MOST.encode(),
]  # fmt: skip


def _cells(column: str, hostile: bool) -> st.SearchStrategy[str]:
    good = st.sampled_from(GOOD_WORDS.get(column, GOOD_AMOUNTS).split(" "))
    if not hostile:
        return good
    bad = ["", *BAD_WORDS.get(column, BAD_AMOUNTS).split(" "), *HOSTILE]
    return st.one_of(good, good, good, st.sampled_from(bad), st.text(max_size=6))


COLUMNS = {
    "customers": ("number name", "email address currency terms_days"),
    "contacts": ("email name customers", "role"),
    "invoices": (
        "number customer issued_on total",
        "due_on currency tax kind memo disputed voided_on paid_on",
    ),
    "payments": (
        "reference customer received_on method_type amount",
        "currency memo invoice applied",
    ),
}


def _csv(*rows: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


@st.composite
def tables(draw: st.DrawFn, kind: str) -> bytes:
    """A table of `kind`; its cells are of the kind that belongs there, in most tables."""
    required, optional = (names.split() for names in COLUMNS[kind])
    header = required + draw(st.lists(st.sampled_from(optional), unique=True))
    hostile = draw(st.sampled_from([False, False, True]))
    row = st.tuples(*(_cells("number" if c == "name" else c, hostile) for c in header))
    key = None if hostile else (lambda cells: cells[0])
    rows = draw(st.lists(row, min_size=1, max_size=4, unique_by=key))
    order = draw(st.permutations(range(len(header))))
    return _csv(*([cells[place] for place in order] for cells in (header, *rows)))


AMOUNT = st.integers(0, 10**7)


@st.composite
def invoices_with_lines(draw: st.DrawFn) -> tuple[bytes, Counter[str]]:
    """A table of new invoices whose later rows leave out what the first has said, or repeat it;
    and what it adds up to."""
    rows, totals = [], Counter[str]()
    for number in range(draw(st.integers(1, 3))):
        currency = draw(st.sampled_from(["USD", "EUR", "JPY"]))
        # What it is billed in, where the file does not say.
        customer = draw(st.sampled_from(["C1", {"USD": "C1", "EUR": "C2", "JPY": "C3"}[currency]]))
        said = "" if customer == {"EUR": "C2", "JPY": "C3"}.get(currency) else currency
        lines = draw(st.lists(st.tuples(AMOUNT, AMOUNT), min_size=1, max_size=3))
        total = sum(map(sum, lines))
        totals[currency] += total
        own = [customer, "2026-10-01", said, draw(st.sampled_from(["", _text(total, currency)]))]
        for place, (amount, tax) in enumerate(lines):
            head = [c if not place or draw(st.booleans()) else "" for c in own]
            cells = [_text(amount, currency), _text(tax, currency)]
            rows.append([f"T{number}", *head, *cells])
    header = "number customer issued_on currency total line_amount line_tax".split()
    return _csv(header, *rows), totals


def _text(minor: int, currency: str) -> str:
    return str(minor) if currency == "JPY" else f"{minor // 100}.{minor % 100:02d}"


@st.composite
def invoices_without_lines(draw: st.DrawFn) -> tuple[bytes, Counter[str]]:
    """A table of new invoices in amounts that are written in many ways, and what it adds up to."""
    rows, totals = [], Counter[str]()
    for number in range(draw(st.integers(1, 6))):
        currency = draw(st.sampled_from(["USD", "EUR", "JPY"]))
        total = draw(AMOUNT)
        totals[currency] += total
        text = _text(total, currency)
        more = f"{text}0" if currency != "JPY" else f"{text}.00"
        text = draw(st.sampled_from([text, more, f"0{text}", f" {text} "]))
        said = draw(st.sampled_from([currency, currency.lower(), f" {currency}"]))
        rows.append([f"T{number}", "C1", "2026-10-01", said, text])
    return _csv("number customer issued_on currency total".split(), *rows), totals


JSON_VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4),
        st.sampled_from(["C1", "C2", "OPEN", "A", "2026-10-01", "10.00", "USD", "check", "\ud800"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from("invoice applied amount tax".split()), inner, max_size=3),
    ),
    max_leaves=6,
)  # fmt: skip


@st.composite
def json_records(draw: st.DrawFn, kind: str) -> bytes:
    """Good records of `kind` with some of their values replaced."""
    valid = [json.loads(line) for line in VALID[kind][-1].splitlines()]
    lines = []
    for record in draw(st.lists(st.sampled_from(valid), min_size=1, max_size=3)):
        keys = st.sampled_from([*record, "currency", "lines", "allocations", "memo"])
        changes = draw(st.dictionaries(keys, JSON_VALUES, max_size=2))
        lines.append(json.dumps({**record, **changes}))
    return "\n".join(lines).encode()


def _flip(data: bytes, at: int, to: bytes) -> bytes:
    return data[:at] + bytes([data[at] ^ (to[0] or 1)]) + data[at + 1 :] if data else to


def _cut(data: bytes, at: int, to: bytes) -> bytes:
    return data[:at]


def _drop(data: bytes, at: int, to: bytes) -> bytes:
    return data[:at] + data[at + len(to) :]


def _insert(data: bytes, at: int, to: bytes) -> bytes:
    return data[:at] + to + data[at:]


def _repeat_row(data: bytes, at: int, to: bytes) -> bytes:
    rows = data.splitlines(keepends=True)
    place = at % max(len(rows), 1)
    return b"".join(rows[: place + 1] + rows[place:])


def _swap_rows(data: bytes, at: int, to: bytes) -> bytes:
    rows = data.splitlines(keepends=True)
    place, other = at % max(len(rows), 1), to[0] % max(len(rows), 1)
    if rows:
        rows[place], rows[other] = rows[other], rows[place]
    return b"".join(rows)


def _swap_columns(data: bytes, at: int, to: bytes) -> bytes:
    rows = [row.split(b",") for row in data.split(b"\n")]
    for row in rows:
        place, other = at % len(row), to[0] % len(row)
        row[place], row[other] = row[other], row[place]
    return b"\n".join(b",".join(row) for row in rows)


def _set_cell(data: bytes, at: int, to: bytes) -> bytes:
    cells = data.split(b",")
    cells[at % len(cells)] = to
    return b",".join(cells)


DAMAGES: tuple[Callable[[bytes, int, bytes], bytes], ...] = (
    _flip, _cut, _drop, _insert, _repeat_row, _swap_rows, _swap_columns, _set_cell, _set_cell,
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, kind: str) -> tuple[bytes, str]:
    """A valid file of `kind`, damaged, and its name."""
    text = draw(st.sampled_from(VALID[kind]))
    data, name = text.encode(), "file.jsonl" if text.startswith("{") else "file.csv"
    for _ in range(draw(st.integers(1, 4))):
        damage = draw(st.sampled_from(DAMAGES))
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        data = damage(data, at, draw(st.sampled_from(HOSTILE_BYTES)))
    return data, name
