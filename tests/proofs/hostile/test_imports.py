"""Hostile text in files that come in: every line is taken with its very text, or refused by
file, line and column, in words that are harmless themselves."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping

import pytest

from invoicepay.billing.spelling import normalized
from tests.proofs.hostile.checks import assert_ended_well, assert_harmless
from tests.proofs.hostile.strings import HOSTILE, STORABLE
from tests.proofs.hostile.test_settings import quoted
from tests.world.child import Said, run, run_each
from tests.world.program import DemoCompany

TEXTS = list(HOSTILE.values())
WRITABLE = [text for text in STORABLE.values() if "\0" not in text]
ROWS: Mapping[str, Mapping[str, str]] = {
    "customers": {"number": "N{}", "name": "x", "email": "", "address": "", "currency": "",
                  "terms_days": ""},
    "contacts": {"email": "p{}@example.com", "name": "x", "role": "customer",
                 "customers": "C-1007"},
    "invoices": {"number": "N{}", "customer": "C-1007", "issued_on": "2026-01-01", "due_on": "",
                 "currency": "USD", "total": "10.00", "tax": "", "kind": "", "po_number": "",
                 "order_number": "", "memo": "", "disputed": "", "voided_on": "", "paid_on": "",
                 "customer_name": "", "line_description": "x", "line_quantity": "1",
                 "line_unit_price": "10.00", "line_amount": "10.00", "line_tax": "",
                 "line_tax_rate": ""},
    "payments": {"reference": "R{}", "customer": "C-1007", "received_on": "2026-01-01",
                 "method_type": "check", "amount": "1.00", "currency": "USD", "memo": "",
                 "invoice": "", "applied": ""},
}  # fmt: skip
FIELDS = [(kind, field) for kind, row in ROWS.items() for field in row]
LISTED = {
    "customers": ["customers", "list"], "contacts": ["contacts", "list"],
    "invoices": ["invoices", "list", "--all"], "payments": ["payments", "list"],
}  # fmt: skip
KEPT = {
    ("customers", "number"), ("customers", "name"), ("contacts", "name"), ("invoices", "number"),
    ("invoices", "po_number"), ("invoices", "order_number"), ("invoices", "memo"),
    ("payments", "reference"), ("payments", "memo"),
}  # fmt: skip
"""Fields of free text, which a list shows again."""


def row_of(kind: str, field: str, position: int, text: str) -> dict[str, str]:
    row = {name: value.format(position) for name, value in ROWS[kind].items()}
    return row | {field: text}


def as_csv(kind: str, field: str, texts: list[str]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(ROWS[kind]), lineterminator="\n")
    writer.writeheader()
    for position, text in enumerate(texts):
        writer.writerow(row_of(kind, field, position, text))
    return file.getvalue()


def as_json(kind: str, field: str, texts: list[str]) -> str:
    return "".join(
        json.dumps(_nested(kind, row_of(kind, field, i, text))) + "\n"
        for i, text in enumerate(texts)
    )


def _nested(kind: str, row: dict[str, str]) -> dict[str, object]:
    """The columns of lines and allocations as the lists that JSON has for them."""
    if kind == "invoices":
        line = {k.removeprefix("line_"): v for k, v in row.items() if k.startswith("line_")}
        head = {k: v for k, v in row.items() if not k.startswith("line_")}
        return head | {"lines": [line]}
    if kind == "payments":
        head = {k: v for k, v in row.items() if k not in ("invoice", "applied")}
        return head | {"allocations": [{"invoice": row["invoice"], "applied": row["applied"]}]}
    return dict(row)


def refused_lines(company: DemoCompany, kind: str, name: str) -> list[int]:
    """The first hundred bad lines; none when it was imported."""
    said = run(company, "import", kind, name, "--json")
    assert_ended_well(said, (0, 8))
    if said.exit_code == 0:
        return []
    problems = json.loads(said.stderr)["error"]["problems"]
    assert all(problem["reason"].isprintable() for problem in problems)
    return [problem["line"] for problem in problems]


def assert_told_line_by_line(company: DemoCompany, kind: str, name: str, lines: list[int]) -> None:
    """To people, who then hear in one line that nothing was imported."""
    said = run(company, "import", kind, name)
    assert_ended_well(said, [8])
    told = said.stderr.splitlines()
    assert [int(line.split()[1].strip(",:")) for line in told[:-1]] == lines
    assert told[-1].startswith(f"invoicepay: {name}: ")


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=["-".join(f) for f in FIELDS])
def test_every_text_is_taken_as_it_is_or_refused_by_line(
    company: DemoCompany, kind: str, field: str
) -> None:
    """As JSON lines, which can say everything."""
    company, texts = company.as_("finance"), TEXTS if (kind, field) in KEPT else TEXTS[::3]
    file = company.folder / "rows.jsonl"
    file.write_text(as_json(kind, field, texts))
    lines = refused_lines(company, kind, file.name)
    if lines:
        assert_told_line_by_line(company, kind, file.name, lines)
    for _ in range(6):  # a hundred at a time, and those that are twice the same without them
        texts = [text for line, text in enumerate(texts, 1) if line not in lines]
        file.write_text(as_json(kind, field, texts))
        if not texts or not (lines := refused_lines(company, kind, file.name)):
            break
    else:
        pytest.fail("it is never taken")
    if (kind, field) in KEPT:
        assert len(texts) > len(TEXTS) / 3, "most are strange, and yet text"
        stored = {r[field] for r in json.loads(run(company, *LISTED[kind], "--json").stdout)}
        kept = {t.strip().replace("\r\n", "\n").replace("\r", "\n") for t in texts}
        assert stored >= (kept if field in ("name", "memo") else set(map(normalized, kept)))


@pytest.mark.parametrize("kind", ROWS)
def test_a_sheet_of_them_is_refused_whole(company: DemoCompany, kind: str) -> None:
    company = company.as_("finance")
    before = run(company, *LISTED[kind], "--json").stdout
    for field in ROWS[kind]:
        (company.folder / "rows.csv").write_text(as_csv(kind, field, WRITABLE), "utf-8")
        if not refused_lines(company, kind, "rows.csv"):  # a field in which anything may stand
            assert field in ("name", "address", "memo", "customer_name", "line_description",
                             "line_tax_rate"), field  # fmt: skip
            return
    assert run(company, *LISTED[kind], "--json").stdout == before


def test_headers_and_keys(company: DemoCompany) -> None:
    for position, text in enumerate(TEXTS[::2]):
        key = json.dumps({text: "x", "number": "N1", "name": "x"})
        (company.folder / f"{position}.jsonl").write_text(key + "\n")
        if text in WRITABLE:
            head = io.StringIO()
            csv.writer(head).writerow(["number", "name", text])
            (company.folder / f"{position}.csv").write_text(head.getvalue() + "N1,x,y\n", "utf-8")
    names = sorted(path.name for path in company.folder.glob("[0-9]*.[cj]s*"))
    for said in run_each(company.as_("finance"), [["import", "customers", n] for n in names]):
        assert_refused_or_done(said)


def assert_refused_or_done(said: Said) -> None:
    if said.exit_code:
        assert_ended_well(said, [2, 5, 8])
        assert said.stderr.splitlines()[-1].startswith("invoicepay: ")
    else:
        assert_ended_well(said)


def test_names_of_files(company: DemoCompany) -> None:
    """A file that is called so, of what is no import."""
    names = []
    for text in TEXTS:
        name = text + ".csv"
        if "/" in name or "\0" in name or len(name.encode("utf-8", "replace")) > 255:
            continue
        if "\ud800" <= max(name, default="") <= "\udfff":
            continue
        try:
            (company.folder / name).write_text(text, "utf-8")
        except UnicodeEncodeError:
            continue
        names.append(name)
    assert len(names) > len(TEXTS) * 0.7
    for form, some in (("table", names[::2]), ("json", names[1::2])):
        commands = [["--format", form, "import", "invoices", "--", name] for name in some]
        for said in run_each(company.as_("finance"), commands):
            assert_ended_well(said, [5, 8])  # 5: `~` is a home folder


@pytest.mark.parametrize(
    "mapping",
    [
        "[columns]\nnumber = {}\nname = 'b'",
        "[columns]\n{} = 'a'",
        "kind = {}",
        "{} = 1",
        "currency = {}\n[columns]\nnumber = 'a'\nname = 'b'",
        "date_format = {}\n[columns]\nnumber = 'a'",
        "delimiter = {}\n[columns]\nnumber = 'a'",
        "encoding = {}\n[columns]\nnumber = 'a'",
        "thousands_mark = {}\n[columns]\nnumber = 'a'",
        "[defaults]\nname = {}\n[columns]\nnumber = 'a'",
        "[columns]\nnumber = 'a'\nname = 'b'\n[values.name]\n{} = 'x'",
        "{}",
    ],
)
def test_mapping_files(company: DemoCompany, mapping: str) -> None:
    (company.folder / "rows.csv").write_text("a,b\nN1,x\n")
    commands = []
    for position, text in enumerate(list(STORABLE.values())[len(mapping) % 9 :: 9]):
        written = text if mapping == "{}" else quoted(text)
        path = company.folder / f"{position}.toml"
        path.write_text(mapping.replace("{}", written), "utf-8")
        commands.append(["import", "customers", "rows.csv", "--dry-run", f"--mapping={path.name}"])
    for said in run_each(company.as_("finance"), commands):
        assert_refused_or_done(said)
        assert_harmless(said.stderr)
