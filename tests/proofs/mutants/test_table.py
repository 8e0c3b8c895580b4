"""The table of planted bugs cannot rot: each still fits, and is still Python."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.proofs.mutants.edits import (
    Edit,
    always,
    insert_before,
    insert_first,
    never,
    remove,
    replace,
    replace_text,
)
from tests.proofs.mutants.mutant import Mutant
from tests.proofs.mutants.table import MUTANTS

ROOT = Path(__file__).resolve().parents[3]
CODE = '''
def pay(plan, *, total=0):
    """Words."""
    if plan.total != total: raise ValueError("it changed")
    first = ledger.find(plan.id, 1, scope=None); ledger.note(first)
    if first: ledger.note(plan)
    return (ledger.find(plan.key) or first)
'''


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_fits_and_is_python(mutant: Mutant) -> None:
    file, text = mutant.applied()

    assert ast.dump(ast.parse(text)) != ast.dump(ast.parse(file.read_text("utf-8")))
    compile(text, file, "exec")
    assert (ROOT / mutant.first).exists()


def test_each_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        (never("plan.total != total"), "if plan.total != total:", "if False:"),
        (always("first"), "if first:", "if True:"),
        (
            replace("ledger.find(plan.key) or first", "None"),
            "ledger.find(plan.key) or first",
            "None",
        ),
        (
            replace("first = ledger.find(...)", "pass"),
            "first = ledger.find(plan.id, 1, scope=None)",
            "pass",
        ),
        (
            replace("if first: ...", "a = 1; b = 2"),
            "if first:\n        ledger.note(plan)",
            "a = 1\n    b = 2",
        ),
        (remove("ledger.note(first)"), "ledger.note(first)", "pass"),
        (insert_before("return ...", "a = 1"), "    return", "    a = 1\n    return"),
        (insert_first("a = 1"), "    if plan.total", "    a = 1\n    if plan.total"),
        (replace_text("changed", "is as it was"), "it changed", "it is as it was"),
    ],
)
def test_an_edit_is_of_the_one_piece_that_it_names(
    tmp_path: Path, edit: Edit, before: str, after: str
) -> None:
    (tmp_path / "file.py").write_text(CODE)

    _, text = Mutant("name", "", "pay", edit, "").applied(tmp_path)

    whole = ast.unparse(ast.parse(CODE))
    assert whole.count(before) == 1
    assert text == whole.replace(before, after)


@pytest.mark.parametrize(
    ("edit", "count"),
    [
        (replace("ledger.find(...)", "None"), 2),
        (replace("ledger.lose(...)", "None"), 0),
        (remove("ledger.note(...)"), 2),
        (remove("ledger.lose(...)"), 0),
        (never("plan"), 0),
        (replace_text("n", ""), 2),
        (replace_text("lost", ""), 0),
    ],
)
def test_what_is_not_there_once_is_not_changed(tmp_path: Path, edit: Edit, count: int) -> None:
    (tmp_path / "file.py").write_text(CODE.replace("it changed", "note in"))

    with pytest.raises(ValueError, match=rf"a-bug, in pay of file\.py: .* {count} times"):
        Mutant("a-bug", "", "pay", edit, "").applied(tmp_path)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["moved.py"], "moved.py"),
        (["old/payments.py", "other.py"], "old/payments.py"),
        ([], "no file"),
        (["one.py", "other.py"], "one.py, other.py"),
    ],
)
def test_a_function_is_found_wherever_it_is_if_it_is_one(
    tmp_path: Path, files: list[str], found: str
) -> None:
    mutant = Mutant("a-bug", "", "old.payments:pay", never("first"), "")
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(CODE)

    try:
        where = str(mutant.applied(tmp_path)[0].relative_to(tmp_path))
    except ValueError as error:
        where = str(error).removeprefix("a-bug: old.payments:pay is defined in ")
        where = where.removesuffix(", not in one")

    assert where == found
