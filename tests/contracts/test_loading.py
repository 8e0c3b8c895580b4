"""What every LoadingStore must do, beside what the imports show."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from invoicepay.billing.customer import Company
from invoicepay.billing.identity import Mode
from invoicepay.ledger.file import create
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.ledger.stores import loading
from invoicepay.ledger.unit import SqliteUnit
from tests.world.clock import START
from tests.world.company import SmallCompany


def test_an_empty_ledger_sums_to_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    create(path, company=Company("A"), mode=Mode.SANDBOX, ledger_id="7", now=START)

    with closing(SqliteLedger(path)) as ledger, ledger.read() as unit:
        assert unit.loading.largest_sum() == 0


@pytest.mark.parametrize(
    ("large", "coming", "down"), [(8, 7, False), (8, 8, True), (4, 5, False), (4, 6, True)]
)
def test_only_a_large_load_into_a_smaller_table_takes_its_indexes_down_until_it_is_in(
    company: SmallCompany,
    monkeypatch: pytest.MonkeyPatch,
    large: int,
    coming: int,
    down: bool,
) -> None:
    """Five invoices are there."""
    monkeypatch.setattr(loading, "_LARGE", large)
    with company.ledger.write() as unit:
        whole, others = indexes(unit, of="invoices"), indexes(unit, of="payments")
        assert len(whole) > 1

        unit.loading.prepare(coming)

        assert indexes(unit, of="invoices") == (set() if down else whole)
        assert indexes(unit, of="payments") == others
        unit.loading.finish()
        assert indexes(unit, of="invoices") == whole


def indexes(unit: SqliteUnit, *, of: str) -> set[str]:
    rows = unit._connection.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql <> ''", (of,)
    )
    return {sql for (sql,) in rows}
