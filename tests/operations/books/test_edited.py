"""Money is never moved on figures that do not tie out."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from invoicepay.billing.errors import DoesNotTie
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.quote import Quote
from tests.world.company import SmallCompany
from tests.world.scripted_gateway import ScriptedGateway

Edit = Callable[[str], None]


@pytest.fixture
def edit(company: SmallCompany) -> Iterator[Edit]:
    """Changes the ledger with another program; afterwards it is as it was before the first edit."""
    path = company.ledger.path
    kept = path.with_suffix(".kept")

    def change(sql: str) -> None:
        company.ledger.close()
        if not kept.exists():
            shutil.copy(path, kept)
        with closing(sqlite3.connect(path)) as db:
            assert db.execute(sql).rowcount == 1
            db.commit()

    yield change
    company.ledger.close()
    kept.replace(path)


def pay_is_refused(company: SmallCompany, number: str) -> None:
    with pytest.raises(DoesNotTie) as problem:
        company.pay(number, method="card", amounts=((number, "1"),))
    assert problem.value.code == "books_differ"
    assert number in problem.value.message


@pytest.mark.parametrize(
    "change",
    [
        "paid_minor = 0, paid_day = NULL",
        "paid_minor = paid_minor - 1000, paid_day = NULL",
        "total_minor = total_minor + 500, paid_day = NULL, paid_minor = paid_minor - 1",
    ],
)
def test_a_paid_invoice_that_was_edited_is_not_charged_again(
    company: SmallCompany, gateway: ScriptedGateway, edit: Edit, change: str
) -> None:
    company.pay("INV-3", method="card")
    edit(f"UPDATE invoices SET {change} WHERE number = 'INV-3'")

    pay_is_refused(company, "INV-3")

    assert len(gateway.charges) == 1


def test_a_reservation_that_was_edited_away_does_not_let_another_payment_in(
    company: SmallCompany, gateway: ScriptedGateway, edit: Edit
) -> None:
    company.pay("INV-3", method="ach")
    edit("UPDATE invoices SET reserved_minor = 0 WHERE number = 'INV-3'")

    pay_is_refused(company, "INV-3")

    assert len(gateway.charges) == 1


def test_an_allocation_that_was_edited_is_noticed(
    company: SmallCompany, gateway: ScriptedGateway, edit: Edit
) -> None:
    company.pay("INV-3", method="card", amounts=(("INV-3", "10"),))
    edit("UPDATE allocations SET amount_minor = amount_minor - 1")

    pay_is_refused(company, "INV-3")

    assert len(gateway.charges) == 1


def test_lines_that_do_not_add_up_to_the_total_are_noticed(
    company: SmallCompany, gateway: ScriptedGateway, edit: Edit
) -> None:
    edit(
        "INSERT INTO invoice_lines (invoice_id, position, description, quantity, unit_price, "
        "amount_minor) SELECT id, 0, 'x', '1', '', total_minor - 1 FROM invoices "
        "WHERE number = 'INV-3'"
    )

    pay_is_refused(company, "INV-3")

    assert gateway.charges == []


def test_what_was_edited_between_quote_and_claim_is_noticed(
    company: SmallCompany, gateway: ScriptedGateway, edit: Edit
) -> None:
    company.pay("INV-3", method="card", amounts=(("INV-3", "10"),))
    plan = company.call(Quote(numbers=("INV-3",), method="card")).plan
    assert plan is not None
    edit("UPDATE allocations SET amount_minor = amount_minor - 1")

    with pytest.raises(DoesNotTie):
        company.call(Pay(plan))

    assert len(gateway.charges) == 1


def test_other_invoices_can_be_paid(
    company: SmallCompany, gateway: ScriptedGateway, edit: Edit
) -> None:
    company.pay("INV-3", method="card")
    edit("UPDATE invoices SET paid_minor = 0, paid_day = NULL WHERE number = 'INV-3'")

    company.pay("INV-1", method="card")

    assert len(gateway.charges) == 2


def test_the_figure_is_named_with_what_it_should_be(company: SmallCompany, edit: Edit) -> None:
    edit("UPDATE invoices SET reserved_minor = 5 WHERE number = 'INV-1'")

    with pytest.raises(DoesNotTie) as problem:
        company.pay("INV-1", method="card")

    assert problem.value.message == (
        "reserved on INV-1 is 5 in the ledger and should be 0; nothing was charged"
    )
