"""One rule for text, whatever field it is typed into or imported for."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from tests.proofs.hostile.checks import assert_ended_well
from tests.proofs.hostile.test_imports import as_json
from tests.world.child import run, run_each
from tests.world.program import DemoCompany

UNSEEN = (
    "\x01\x07\x1b\x7f\x85\x9b\u2028\u2029\u061c\u200b\u200c\u200d\u200e\u200f\u202e\u2060\u2066"
    "\ufeff\u00ad\u034f\u115f\u3164\u2800\ufe0f\ufffc\U000e0041\U0001d173"
)
"""Between letters of ASCII nobody sees them."""
SEEN = (
    "Ünïted № 7", "a\u00a0b", "شركة المرحبا", "می\u200cخواهم", "क्\u200dष", "請求書",
    "👩\u200d👧 🏳\ufe0f\u200d🌈", "1\ufe0f\u20e3 rate", "葛\U000e0100城商店",
)  # fmt: skip
TYPED: dict[str, Sequence[str]] = {
    "memo of a payment": ("customer", "pay", "INV-1042", "--dry-run", "--memo"),
    "label of a token": ("customer", "tokens", "create", "--"),
    "name of a contact": ("finance", "contacts", "invite", "new@example.com", "--customer=C-1007",
                          "--name"),
    **{f"{name} of the company": ("admin", "company", "set", f"--{name}")
       for name in ("name", "address", "phone", "website", "tax-id", "terms", "remit-to")},
    "name of a new company": ("admin", "--ledger=new.db", "init", "--admin-email=a@example.com",
                              "--password-stdin", "--company"),
}  # fmt: skip
IMPORTED = (
    ("customers", "name"), ("customers", "address"), ("contacts", "name"),
    ("invoices", "memo"), ("invoices", "line_description"), ("payments", "memo"),
)  # fmt: skip
IDENTIFIERS = (
    ("customers", "number"), ("invoices", "number"), ("invoices", "po_number"),
    ("invoices", "order_number"), ("payments", "reference"),
)  # fmt: skip


@pytest.mark.parametrize("field", TYPED)
def test_what_nobody_sees_is_refused_where_it_is_typed(company: DemoCompany, field: str) -> None:
    who, *command = TYPED[field]
    desk = company.as_(who)
    for char, said in zip(
        UNSEEN, run_each(desk, [["--json", *command, f"a{char}b"] for char in UNSEEN]), strict=True
    ):
        assert_ended_well(said, [8])
        error = json.loads(said.stderr)["error"]
        assert error["code"] == "bad_text"
        assert f"U+{ord(char):04X}" in error["message"]


@pytest.mark.parametrize("field", [field for field in TYPED if "new company" not in field])
def test_what_people_see_is_taken(company: DemoCompany, field: str) -> None:
    who, *command = TYPED[field]
    for said in run_each(company.as_(who), [[*command, text] for text in SEEN]):
        assert_ended_well(said)


@pytest.mark.parametrize(("kind", "field"), [*IMPORTED, *IDENTIFIERS])
def test_what_nobody_sees_is_refused_where_it_is_imported(
    company: DemoCompany, kind: str, field: str
) -> None:
    desk = company.as_("finance")
    file = desk.folder / "rows.jsonl"
    file.write_text(as_json(kind, field, [f"a{char}b" for char in UNSEEN]))
    said = run(desk, "import", kind, file.name, "--json")
    assert_ended_well(said, [8])
    problems = json.loads(said.stderr)["error"]["problems"]
    for char, problem in zip(UNSEEN, problems, strict=True):
        assert problem["reason"].startswith(f"it has U+{ord(char):04X}, ")


@pytest.mark.parametrize(("kind", "field"), IMPORTED)
def test_what_people_see_is_imported(company: DemoCompany, kind: str, field: str) -> None:
    desk = company.as_("finance")
    (desk.folder / "rows.jsonl").write_text(as_json(kind, field, list(SEEN)))
    assert_ended_well(run(desk, "import", kind, "rows.jsonl", "--dry-run"))
