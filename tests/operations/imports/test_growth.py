"""Four times the rows take about four times the work, which SQLite's own steps tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.operations.imports.conftest import Office

FEW, MANY = 400, 1600


def customers(prefix: str, count: int, text: str) -> str:
    return "number,name\n" + "".join(f"{prefix}{n},{text}\n" for n in range(count))


def contacts(prefix: str, count: int, text: str) -> str:
    rows = (f"{prefix}{n}@example.com,{text},C1\n" for n in range(count))
    return "email,name,customers\n" + "".join(rows)


def invoices(prefix: str, count: int, text: str) -> str:
    head = "number,customer,issued_on,line_description,line_amount\n"
    rows = (f"{prefix}{n},C1,2026-10-01,{text},5\n{prefix}{n},,,more,5\n" for n in range(count))
    return head + "".join(rows)


def paid(prefix: str, count: int, text: str) -> str:
    head = "number,customer,issued_on,total,paid_on,memo\n"
    return head + "".join(f"{prefix}{n},C1,2026-10-01,10,2026-10-02,{text}\n" for n in range(count))


def payments(prefix: str, count: int, text: str) -> str:
    head = "reference,customer,received_on,method_type,amount\n"
    return head + "".join(f"{text}{prefix}{n},C1,2026-10-02,check,10\n" for n in range(count))


@pytest.mark.parametrize("make", [customers, contacts, invoices, paid, payments])
def test_work_grows_with_the_rows_and_no_faster(
    office: Office, make: Callable[[str, int, str], str]
) -> None:
    kind = "invoices" if make is paid else make.__name__
    first = _steps(office, kind, make("f", FEW, "a")), _steps(office, kind, make("m", MANY, "a"))
    again = (
        _steps(office, kind, make("f", FEW, "b"), update=True),
        _steps(office, kind, make("m", MANY, "b"), update=True),
    )
    for few, many in (first, again):
        assert 2 < many / few < 6


def _steps(office: Office, kind: str, content: str, *, update: bool = False) -> int:
    """Of SQLite's virtual machine, in hundreds."""
    with office.ledger.read():
        pass  # opens it
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection = office.ledger._connection
    assert connection is not None
    connection.set_progress_handler(step, 100)
    office.take(kind, content, update=update)
    connection.set_progress_handler(None, 100)
    return count
