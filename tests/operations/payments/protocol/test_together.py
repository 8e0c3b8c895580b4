"""What belongs together is written together: balances, journal, receipt number and e-mail."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from invoicepay.billing.errors import InvoicepayError
from invoicepay.billing.payment import PaymentStatus
from invoicepay.billing.ports import PaymentFilter
from tests.operations.payments.protocol.test_faults import sync
from tests.world.company import EVERYTHING, SmallCompany
from tests.world.scripted_gateway import ScriptedGateway

REFUSED = {
    "journal": "BEFORE INSERT ON journal WHEN new.kind = 'payment.succeeded'",
    "outbox": "BEFORE INSERT ON outbox",
    "receipt number": "BEFORE UPDATE OF receipt ON payments",
    "balance": "BEFORE UPDATE OF paid_minor ON invoices",
}


@pytest.mark.parametrize("table", REFUSED)
def test_a_charge_is_recorded_whole_or_not_at_all(
    company: SmallCompany, gateway: ScriptedGateway, table: str
) -> None:
    """The file refuses one of the writes, after the charge: none of the others is kept."""
    with closing(sqlite3.connect(company.ledger.path)) as db:
        db.execute(f"CREATE TRIGGER refuse {REFUSED[table]} BEGIN SELECT RAISE(ABORT, 'no'); END")

    with pytest.raises((sqlite3.IntegrityError, InvoicepayError)):
        company.pay("INV-1", method="card")

    assert len(gateway.charges) == 1
    with company.ledger.read() as unit:
        (payment,) = unit.payments.page(PaymentFilter(), EVERYTHING).items
        assert unit.outbox.owed(EVERYTHING) == []
    assert (payment.status, payment.receipt_number) == (PaymentStatus.SUBMITTED, "")
    assert company.invoice("INV-1").reserved_minor == 10000
    assert _kinds(company) == ["payment.claimed", "payment.submitted"]
    assert company.mailer.sent == []

    with closing(sqlite3.connect(company.ledger.path)) as db:
        db.execute("DROP TRIGGER refuse")
    company.clock.move(minutes=5)
    sync(company)

    assert company.payment(payment.id).receipt_number == "R-000001"
    assert _kinds(company) == ["payment.claimed", "payment.submitted", "payment.succeeded"]
    assert len(gateway.charges) == len(company.mailer.sent) == 1


def test_receipt_numbers_are_given_when_money_arrives_so_that_a_returned_debit_leaves_no_gap(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    returned, second, first = (
        company.pay(number, method="ach") for number in ("INV-1", "INV-2", "INV-3")
    )
    assert [returned.receipt_number, second.receipt_number] == ["", ""]

    for payment in (first, returned, second):
        gateway.bank_settles(payment.gateway_id, returned=payment is returned)
        sync(company)

    ended = [company.payment(payment.id) for payment in (first, second, returned)]
    assert [payment.receipt_number for payment in ended] == ["R-000001", "R-000002", ""]


def _kinds(company: SmallCompany) -> list[str]:
    with closing(sqlite3.connect(company.ledger.path)) as db:
        rows = db.execute("SELECT kind FROM journal WHERE kind LIKE 'payment.%' ORDER BY seq")
        return [kind for (kind,) in rows]
