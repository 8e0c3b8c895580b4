"""Every query that takes a Scope, with one that has the customer and one that has not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from invoicepay.billing.customer import Scope
from invoicepay.billing.payment import Payment
from invoicepay.billing.ports import PaymentFilter
from tests.support.company import CUSTOMER, OTHER, START, SmallCompany, make_template, open_copy

QUERIES: dict[str, Callable[[Any, Payment, Scope], object]] = {
    "invoice": lambda unit, _, scope: unit.invoices.get("INV-1", scope),
    "invoice in full": lambda unit, _, scope: unit.invoices.detail("INV-1", scope),
    "payment": lambda unit, paid, scope: unit.payments.get(paid.id, scope),
    "payments": lambda unit, _, scope: unit.payments.page(PaymentFilter(), scope).items,
    "beginning of an id": lambda unit, paid, scope: unit.payments.starting(paid.id[:8], scope),
    "receipt": lambda unit, paid, scope: unit.payments.with_receipt(paid.receipt_number, scope),
    "under way": lambda unit, _, scope: unit.payments.unsettled(scope),
    "under way for": lambda unit, _, scope: unit.payments.unsettled(scope, ["INV-1"]),
    "method": lambda unit, paid, scope: unit.methods.get(paid.method_id, scope),
    "methods": lambda unit, _, scope: unit.methods.of_customer(CUSTOMER, scope),
    "customer": lambda unit, _, scope: unit.customers.get(CUSTOMER, scope),
}


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SmallCompany, Payment]]:
    """A debit of C-1 that is under way; its e-mail could not be sent yet."""
    folder = tmp_path_factory.mktemp("paid")
    company = open_copy(make_template(folder), folder)
    yield company, company.pay("INV-1", method="ach")
    company.ledger.close()


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_out_of_scope_is_as_if_it_were_not_there(
    paid: tuple[SmallCompany, Payment], query: str
) -> None:
    company, payment = paid
    with company.ledger.read() as unit:
        own = QUERIES[query](unit, payment, Scope(frozenset({CUSTOMER})))
        foreign = QUERIES[query](unit, payment, Scope(frozenset({OTHER})))

    assert own
    assert not foreign


def test_mail_about_others_payments_is_not_taken(paid: tuple[SmallCompany, Payment]) -> None:
    company, payment = paid
    with company.ledger.write() as unit:
        unit._connection.execute("UPDATE outbox SET sent_at = NULL, due_at = created_at")
        foreign = unit.outbox.take_due(START, START, Scope(frozenset({OTHER})))
        own = unit.outbox.take_due(START, START, Scope(frozenset({CUSTOMER})))

    assert foreign is None
    assert own is not None
    assert own.payment_id == payment.id
