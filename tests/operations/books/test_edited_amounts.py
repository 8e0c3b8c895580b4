"""Every amount of money in the ledger, edited by hand: what acts on it is refused by name, and an
edit that nothing acts on shows to whoever looks."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from invoicepay.billing.errors import DoesNotTie, InvoicepayError
from invoicepay.operations.books.backup import BackUp
from invoicepay.operations.books.health import CheckHealth
from invoicepay.operations.books.restore import Restore
from invoicepay.operations.imports.import_records import ImportRecords
from tests.operations.books.test_edited import Edit, edit  # noqa: F401 - a fixture
from tests.world.company import SmallCompany
from tests.world.scripted_gateway import ScriptedGateway

LINES = """\
number,customer,issued_on,currency,total,line_description,line_quantity,line_unit_price,line_amount
L-1,C-1,2026-10-01,USD,100.00,Bolts,1,40.00,40.00
L-1,C-1,2026-10-01,USD,100.00,Nuts,2,30.00,60.00
"""
CHEQUE = """\
reference,customer,received_on,method_type,currency,amount,invoice,applied
777,C-1,2026-10-30,check,USD,5.00,L-1,5.00
"""
_L_1 = "WHERE number = 'L-1'"
_CARD, _DEBIT = (
    f"payment_seq = (SELECT seq FROM payments WHERE status = '{status}')"
    for status in ("succeeded", "processing")
)
EDITS = {
    "invoices.total_minor": f"UPDATE invoices SET total_minor = total_minor + 500 {_L_1}",
    "invoices.total_minor, less": f"UPDATE invoices SET total_minor = total_minor - 1 {_L_1}",
    "invoices.paid_minor": f"UPDATE invoices SET paid_minor = paid_minor - 1 {_L_1}",
    "invoices.paid_minor, none": f"UPDATE invoices SET paid_minor = 0 {_L_1}",
    "invoices.reserved_minor": f"UPDATE invoices SET reserved_minor = 0 {_L_1}",
    "invoice_lines.amount_minor": "UPDATE invoice_lines SET amount_minor = 3900 WHERE position = 0",
    "invoice_lines.tax_minor": "UPDATE invoice_lines SET tax_minor = 1 WHERE position = 0",
    "allocations.amount_minor": f"UPDATE allocations SET amount_minor = 1 WHERE {_CARD}",
    "allocations.amount_minor, debit": f"UPDATE allocations SET amount_minor = 1 WHERE {_DEBIT}",
    "payments.amount_minor": "UPDATE payments SET amount_minor = 1 WHERE status = 'succeeded'",
    "payments.amount_minor, debit": "UPDATE payments SET amount_minor = 1 "
    "WHERE status = 'processing'",
    "currency": f"UPDATE invoices SET currency = 'EUR' {_L_1}",
    "customer": f"UPDATE invoices SET customer_id = 2 {_L_1}",
    "status": "UPDATE payments SET status = 'failed' WHERE status = 'processing'",
}
"""Of an invoice that is paid in part by card, and in part by a debit that is under way."""
NOT_MADE_OF_OTHERS = {
    "invoices.tax_minor": f"UPDATE invoices SET tax_minor = 1 {_L_1}",
    "payments.amount_minor, more": "UPDATE payments SET amount_minor = amount_minor + 1 "
    "WHERE status = 'succeeded'",
}
"""Nothing is paid by these: a part of a total that is only printed, and what was received beyond
what a payment is for. Only the journal knows what they were."""
WITHOUT_ROWS = {"reversals.amount_minor", "unplaced.amount_minor"}
"""Nothing writes them yet."""


@pytest.fixture
def busy(company: SmallCompany, tmp_path: Path) -> SmallCompany:
    for name, text in (("lines", LINES), ("cheque", CHEQUE)):
        (tmp_path / f"{name}.csv").write_text(text)
    more = LINES.replace("100.00", "110.00").replace("2,30.00,60.00", "2,35.00,70.00")
    (tmp_path / "more.csv").write_text(more)
    company.finance.call(ImportRecords("invoices", str(tmp_path / "lines.csv")))
    company.pay("L-1", method="card", amounts=(("L-1", "10"),))
    company.pay("L-1", method="ach", amounts=(("L-1", "20"),))
    return company


ACTS: dict[str, Callable[[SmallCompany, Path], object]] = {
    "pay": lambda company, folder: company.pay(
        "L-1", method="card", amounts=(("L-1", "1"),), allow_pending=True, key="another"
    ),
    "import payments": lambda company, folder: company.finance.call(
        ImportRecords("payments", str(folder / "cheque.csv"))
    ),
    "import invoices": lambda company, folder: company.finance.call(
        ImportRecords("invoices", str(folder / "more.csv"), update=True)
    ),
    "backup": lambda company, folder: company.finance.call(BackUp(folder / "saved.db")),
}


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        passing = re.compile(r'INSERT INTO "(sessions|write_ahead_log)"')
        return [line for line in db.iterdump() if not passing.match(line)]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("what", EDITS)
def test_what_acts_on_it_is_refused_and_nothing_is_changed(
    busy: SmallCompany,
    gateway: ScriptedGateway,
    edit: Edit,  # noqa: F811
    tmp_path: Path,
    what: str,
    act: str,
) -> None:
    edit(EDITS[what])
    before, charges = dump(busy.ledger.path), len(gateway.charges)
    try:
        ACTS[act](busy, tmp_path)
    except InvoicepayError as error:
        found = error
    else:
        raise AssertionError("it went through")
    # An invoice that is another's now, or in another currency, is not what the file or its payer
    # speaks of.
    other = {"not_found", "bad_rows", "method_unusable"} if what in ("currency", "customer") else ()
    assert found.code in {"books_differ", *other}
    busy.ledger.close()
    assert dump(busy.ledger.path) == before
    assert len(gateway.charges) == charges


@pytest.mark.parametrize("act", ACTS)
def test_unedited_all_of_it_goes_through(busy: SmallCompany, tmp_path: Path, act: str) -> None:
    ACTS[act](busy, tmp_path)


@pytest.mark.parametrize("what", [*EDITS, *NOT_MADE_OF_OTHERS])
def test_it_shows_to_who_looks_and_no_such_backup_is_put_in_place(
    busy: SmallCompany, edit: Edit, tmp_path: Path, what: str  # noqa: F811
) -> None:  # fmt: skip
    edit((EDITS | NOT_MADE_OF_OTHERS)[what])
    health = busy.finance.call(CheckHealth())
    assert health.journal is not None
    assert health.journal.count
    busy.ledger.close()
    shutil.copy(busy.ledger.path, tmp_path / "edited.db")
    with pytest.raises(DoesNotTie):
        busy.finance.call(Restore(tmp_path / "edited.db"))


def test_no_amount_is_left_out(busy: SmallCompany) -> None:
    with closing(sqlite3.connect(busy.ledger.path)) as db:
        amounts = {
            f"{table}.{column}"
            for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for _, column, *_ in db.execute(f"PRAGMA table_info({table})")
            if column.endswith("_minor")
        }
    named = {what.partition(",")[0] for what in (*EDITS, *NOT_MADE_OF_OTHERS)}
    assert amounts - WITHOUT_ROWS <= named
