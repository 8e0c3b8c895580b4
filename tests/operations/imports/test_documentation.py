"""The examples of docs/importing.md are files that import."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from invoicepay.operations.imports.layouts import LAYOUTS, ImportKind
from invoicepay.operations.imports.mapping import parse_mapping

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.imports.conftest import Office

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "importing.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_the_examples_import(hire: Callable[[], Office]) -> None:
    office = hire()
    customers, invoices, payments = blocks("csv")
    assert office.take("customers", customers).customers.added == 2
    assert office.take("invoices", invoices).invoices.added == 1
    assert office.take("payments", payments).unapplied_minor == {"EUR": 40000}
    (record,) = blocks("json")
    again = office.json("invoices", json.loads(record))
    assert again.invoices.unchanged == 1
    assert office.invoice("INV-1042").balance_minor == 134250


def test_the_mapping_is_one() -> None:
    (toml,) = blocks("toml")
    assert parse_mapping(toml, "erp.toml", ImportKind.INVOICES).create_customers


def test_every_column_is_described() -> None:
    for layout in LAYOUTS.values():
        for name in layout.fields:
            assert f"`{name}`" in TEXT, name
