"""Every bad file is refused by name, line and reason, and nothing is changed."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from invoicepay.billing.errors import InvoicepayError
from invoicepay.operations.imports.problems import BadRows
from tests.proofs.hostile.files import (
    cells,
    encodings,
    json_lines,
    mappings,
    records,
    tables,
)
from tests.proofs.hostile.files.bad import Bad, seen
from tests.world.office import Office

FAMILIES = (encodings, tables, json_lines, cells, records, mappings)
CASES = [
    pytest.param(bad, id=f"{family.__name__.rpartition('.')[2]}: {bad.name}")
    for family in FAMILIES
    for bad in family.CASES
]


def refusal(office: Office, bad: Bad, *, dry_run: bool = False) -> InvoicepayError:
    """The error with which `bad` is refused."""
    request = bad.written_to(office, dry_run=dry_run)
    before = seen(office)
    with pytest.raises(InvoicepayError) as caught:
        office.run(request)
    assert seen(office) == before
    return caught.value


@pytest.mark.parametrize("bad", CASES)
def test_it_is_refused(office: Office, bad: Bad) -> None:
    error = refusal(office, bad)
    assert (error.code, error.exit_code) == (bad.code, 8)
    named = re.match(r"(file\.\w+|a\.jsonl|f\.\w+|mapping\.toml): ", error.message)
    assert named, error.message
    assert bad.says in error.message
    if bad.line:
        assert re.search(rf"\bline {bad.line}\b", error.message), error.message
    for text in (error.message, error.hint):
        assert text.isprintable()
        assert len(text) < 500
    if isinstance(error, BadRows):
        lines = tuple(problem.line for problem in error.problems)
        assert lines == (bad.line, *bad.others)
        assert error.count == len(lines)
    again = refusal(office, bad, dry_run=True)
    assert (again.code, again.message) == (error.code, error.message)


def test_there_are_enough_of_them() -> None:
    names = Counter(case.id for case in CASES)
    assert [name for name, times in names.items() if times > 1] == []
    assert len(names) >= 200
