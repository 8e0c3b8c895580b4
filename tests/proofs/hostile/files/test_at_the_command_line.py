"""What a person reads of a bad file: exit code 8, a line for each bad line, and one at the end."""

from __future__ import annotations

import json

import pytest

from tests.proofs.hostile.files import cells, encodings, json_lines, mappings, tables
from tests.proofs.hostile.files.bad import Bad
from tests.world.office import CUSTOMERS
from tests.world.program import DemoCompany

CASES = {
    bad.name: bad
    for family, names in (
        (encodings, ("UTF-16 LE with its mark", "Latin-1", "NUL in a cell")),
        (tables, ("every bad row is said", "never closed", "a terminal's escape")),
        (json_lines, ("objects of 50,000 levels", "half of a surrogate pair in number")),
        (cells, ("USD '1e2000000'", "a memo that paints", "a number that turns round")),
        (mappings, ("not TOML", "a currency that does not show")),
    )
    for bad in family.CASES
    if bad.name in names
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_said(company: DemoCompany, name: str) -> None:
    bad, finance = CASES[name], company.as_("finance")
    command = ["import", bad.kind, bad.file, *_mapping(company, bad)]
    (company.folder / "customers.csv").write_text(CUSTOMERS)
    assert finance.run("import customers customers.csv").exit_code == 0
    (company.folder / bad.file).write_bytes(_bytes(bad.content))
    before, files = company.dump(), sorted(company.folder.rglob("*"))

    told = finance.run(command)
    answered = finance.run([*command, "--dry-run", "--json"])

    assert (told.exit_code, told.stdout) == (8, "")
    *problems, last = told.stderr.splitlines()
    assert last.startswith(f"invoicepay: {'mapping.toml' if bad.mapping else bad.file}: ")
    assert bad.says in told.stderr
    assert told.stderr.replace("\n", "").isprintable()
    assert (answered.exit_code, answered.stdout) == (8, "")
    error = json.loads(answered.stderr)["error"]
    assert error["code"] == bad.code
    assert len(error.get("problems", ())) == len(problems)
    if bad.code == "bad_rows":
        assert [p["line"] for p in error["problems"]] == [bad.line, *bad.others]
    assert company.dump() == before
    assert sorted(company.folder.rglob("*")) == files


def test_all_of_them_are_there() -> None:
    assert len(CASES) == 13


def _mapping(company: DemoCompany, bad: Bad) -> list[str]:
    if not bad.mapping:
        return []
    (company.folder / "mapping.toml").write_bytes(_bytes(bad.mapping))
    return ["--mapping", "mapping.toml"]


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
