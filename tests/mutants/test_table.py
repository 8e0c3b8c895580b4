"""The table of planted bugs cannot rot: each still fits, and is still Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.mutant import Mutant
from tests.mutants.table import MUTANTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_fits_and_is_python(mutant: Mutant) -> None:
    text = (ROOT / "src" / "invoicepay" / mutant.file).read_text("utf-8")

    changed = mutant.applied_to(text)

    assert changed != text
    compile(changed, mutant.file, "exec")
    assert (ROOT / mutant.first).exists()


def test_each_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_one_that_does_not_fit_says_so() -> None:
    mutant = Mutant("name", "", "file.py", "a", "b", "")

    for text in ("", "aa"):
        with pytest.raises(ValueError, match=r"file\.py"):
            mutant.applied_to(text)
