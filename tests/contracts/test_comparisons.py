"""What every ComparisonStore must do, beside what comparing shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from invoicepay.billing.errors import Unreachable
from invoicepay.billing.payment import PaymentStatus
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.payments.sync import Sync
from tests.world.company import SmallCompany
from tests.world.told import change


def test_only_payments_with_an_intent_count_as_charges(
    company: SmallCompany, tmp_path: Path
) -> None:
    """The bounds are among them."""
    company.pay("INV-1", method="card")
    checks = tmp_path / "checks.csv"
    checks.write_text(
        "reference,customer,received_on,method_type,amount,invoice\n"
        "1,C-1,2026-10-25,check,5.00,INV-2\n"
    )
    company.finance.call(ImportRecords("payments", str(checks)))
    company.pay("INV-3", method="card")

    with company.ledger.read() as unit:
        assert [charge.seq for charge in unit.comparison.all(0, 9)] == [1, 3]
        assert unit.comparison.charges_between(1, 3) == 2
        assert unit.comparison.charges_between(2, 3) == 1
        assert unit.comparison.charges_between(2, 2) == 0


def test_a_payment_has_changed_with_the_entry_that_put_it_as_it_is(company: SmallCompany) -> None:
    """One, however many changed it before."""
    debit = company.pay("INV-1", method="ach")
    with company.ledger.read() as unit:
        (before,) = unit.comparison.changed(0, 9)
    assert before.status is PaymentStatus.PROCESSING
    company.gateway.bank_settles(debit.gateway_id)
    list(company.call(Sync()))

    with company.ledger.read() as unit:
        (after,) = unit.comparison.changed(0, 9)
        assert unit.comparison.changed(before.entry, 9) == [after]
        assert unit.comparison.changed(after.entry, 9) == []
    assert (after.id, after.status) == (debit.id, PaymentStatus.SUCCEEDED)
    assert after.entry > before.entry


def test_a_ledger_that_does_not_say_how_far_it_was_compared_is_damaged(
    company: SmallCompany,
) -> None:
    change(company.ledger.path, "DELETE FROM comparison")

    with pytest.raises(Unreachable) as error, company.ledger.read() as unit:
        unit.comparison.done_until()

    assert error.value.code == "ledger_damaged"
