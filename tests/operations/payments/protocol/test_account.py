"""Whose key it is, told by the account, by what the ledger has there, or by finance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from invoicepay.billing.errors import BadInput, InvoicepayError, NotAllowed, Unreachable
from invoicepay.billing.identity import Mode
from invoicepay.billing.payment import PaymentStatus
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.books.health import Check, CheckHealth
from invoicepay.operations.company import BindAccount
from invoicepay.operations.methods import AttachTestMethod
from invoicepay.operations.payments.sync import NotReconciled, Sync
from tests.world.company import SmallCompany, make_template, open_copy
from tests.world.scripted_gateway import Fault, ScriptedGateway

VISA = AttachTestMethod("C-1", "pm_card_visa")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"), Mode.TEST)


@pytest.fixture
def new(template: Path, tmp_path: Path) -> Iterator[SmallCompany]:
    """Nothing of it is at the gateway yet."""
    path = tmp_path / "new.db"
    path.write_bytes(template.read_bytes())
    company = SmallCompany(SqliteLedger(path), ScriptedGateway())
    yield company
    company.assert_books_balance()
    company.ledger.close()


@pytest.fixture
def used(template: Path, tmp_path: Path) -> Iterator[SmallCompany]:
    """It has a customer at the gateway, and is bound to the account."""
    company = open_copy(template, tmp_path)
    yield company
    company.assert_books_balance()
    company.ledger.close()


def gateway_of(company: SmallCompany) -> ScriptedGateway:
    assert isinstance(company.gateway, ScriptedGateway)
    return company.gateway


def of_another_account(restricted: bool) -> ScriptedGateway:
    return ScriptedGateway(account_id="acct_other", restricted=restricted, refusal_names="")


def bound(company: SmallCompany) -> str:
    return company.ledger.identity().gateway_account


def gateway_check(company: SmallCompany) -> Check:
    (check,) = [c for c in company.finance.call(CheckHealth()).checks if c.name == "gateway"]
    return check


def not_reconciled(company: SmallCompany) -> InvoicepayError | None:
    steps = [s for s in company.finance.call(Sync()) if isinstance(s, NotReconciled)]
    return steps[0].error if steps else None


def assert_nothing_was_made(company: SmallCompany) -> None:
    assert gateway_of(company)._customers == {}
    assert "create_customer" not in gateway_of(company).calls


# --- A key of another account -------------------------------------------------------------------


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize("has_paid", [False, True])
def test_another_accounts_key_is_noticed(
    used: SmallCompany, restricted: bool, has_paid: bool
) -> None:
    """By the account's id, or by a customer or an intent that it does not have."""
    if has_paid:
        used.pay("INV-1", method="card")
    used.gateway = of_another_account(restricted)

    with pytest.raises(Unreachable) as refusal:
        used.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))
    error = not_reconciled(used)

    assert refusal.value.code == "gateway_mismatch"
    assert error is not None
    assert (error.code, error.exit_code) == ("gateway_mismatch", 10)
    assert not gateway_check(used).ok
    assert_nothing_was_made(used)


def test_another_accounts_key_is_noticed_on_a_ledger_that_is_not_bound(
    used: SmallCompany, template: Path, tmp_path: Path
) -> None:
    """As after a restore, when `sync` has learnt of the customer from a charge."""
    used.pay("INV-1", method="card")
    (tmp_path / "restored.db").write_bytes(template.read_bytes())
    restored = SmallCompany(SqliteLedger(tmp_path / "restored.db"), used.gateway, used.clock)
    assert not_reconciled(restored) is None
    assert bound(restored) == ""

    assert not_reconciled(restored) is None
    restored.gateway = of_another_account(restricted=False)
    error = not_reconciled(restored)

    assert error is not None
    assert error.code == "gateway_mismatch"
    restored.ledger.close()


def test_a_key_that_may_not_even_look_is_no_other_accounts(used: SmallCompany) -> None:
    gateway_of(used).restricted = True
    gateway_of(used).fail_next("has", Fault.REFUSED)

    error = not_reconciled(used)

    assert error is not None
    assert error.code == "gateway_refused"


# --- A restricted key ---------------------------------------------------------------------------


def test_a_restricted_key_of_a_ledger_in_use_works(used: SmallCompany) -> None:
    used.pay("INV-1", method="card")
    gateway_of(used).restricted = True

    assert used.pay("INV-2", method="card").status is PaymentStatus.SUCCEEDED
    assert not_reconciled(used) is None
    assert gateway_check(used) == Check("gateway", True, "acct_scripted answers (test)")
    used.call(VISA)


def test_a_restricted_key_leaves_alone_what_another_process_has_bound(
    used: SmallCompany, template: Path, tmp_path: Path
) -> None:
    """While it made a customer, on a ledger that was not bound and had something there."""
    used.pay("INV-1", method="card")
    (tmp_path / "restored.db").write_bytes(template.read_bytes())
    gateway = gateway_of(used)
    restored = SmallCompany(SqliteLedger(tmp_path / "restored.db"), gateway, used.clock)
    assert not_reconciled(restored) is None
    gateway.restricted = True

    def other(call: str) -> None:
        if call == "create_customer":
            gateway.before = lambda name: None
            restored.another_process().finance.call(BindAccount("acct_scripted"))

    gateway.before = other
    restored.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))

    assert bound(restored) == "acct_scripted"
    restored.ledger.close()


def test_a_restricted_key_does_not_begin_a_ledger_until_the_account_is_said(
    new: SmallCompany,
) -> None:
    gateway_of(new).restricted = True

    with pytest.raises(Unreachable) as refusal:
        new.call(VISA)
    error = not_reconciled(new)

    assert (refusal.value.code, refusal.value.exit_code) == ("account_unknown", 10)
    assert "config stripe --account acct_scripted`" in refusal.value.hint
    assert error is not None
    assert error.code == "account_unknown"
    assert gateway_check(new).hint == refusal.value.hint
    assert_nothing_was_made(new)

    assert new.finance.call(BindAccount("acct_scripted")) == "acct_scripted"  # the hint obeyed
    new.call(VISA)
    assert new.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED
    assert not_reconciled(new) is None
    assert bound(new) == "acct_scripted"


def test_a_refusal_that_names_no_account_asks_for_it(new: SmallCompany) -> None:
    gateway_of(new).restricted, gateway_of(new).refusal_names = True, ""

    with pytest.raises(Unreachable) as refusal:
        new.call(VISA)

    assert "config stripe --account ID`" in refusal.value.hint
    new.finance.call(BindAccount("acct_scripted"))
    new.call(VISA)


def test_what_a_refusal_names_is_not_taken_for_another_account_where_an_object_is_found(
    used: SmallCompany,
) -> None:
    """Words are no proof; that the account has our customer is."""
    gateway_of(used).restricted, gateway_of(used).refusal_names = True, "acct_words"

    assert not_reconciled(used) is None


def test_what_a_refusal_names_stops_a_bound_ledger_that_has_nothing_there(
    new: SmallCompany,
) -> None:
    gateway_of(new).restricted = True
    new.finance.call(BindAccount("acct_scripted"))
    gateway_of(new).refusal_names = "acct_other"

    with pytest.raises(Unreachable) as refusal:
        new.call(VISA)

    assert refusal.value.code == "gateway_mismatch"
    assert_nothing_was_made(new)


# --- Saying it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ["", "acct_", "1Ab", "acct_a b", "acct_é", "acct_" + "x" * 99])
def test_what_is_no_accounts_id(new: SmallCompany, account: str) -> None:
    with pytest.raises(BadInput):
        new.finance.call(BindAccount(account))
    assert bound(new) == ""


@pytest.mark.parametrize("restricted", [False, True])
def test_another_account_than_the_keys(new: SmallCompany, restricted: bool) -> None:
    gateway_of(new).restricted = restricted

    with pytest.raises(Unreachable) as refusal:
        new.finance.call(BindAccount("acct_typo"))

    assert refusal.value.code == "gateway_mismatch"
    assert "acct_scripted" in refusal.value.hint
    assert bound(new) == ""


def test_a_ledger_is_bound_once_and_for_good(new: SmallCompany) -> None:
    with new.ledger.read() as unit:
        before = unit.journal.head()
    new.finance.call(BindAccount("acct_scripted"))
    new.finance.call(BindAccount("acct_scripted"))
    with new.ledger.read() as unit:
        after = unit.journal.head()
    assert before is not None
    assert after is not None
    assert after.seq == before.seq + 1

    new.gateway = of_another_account(restricted=True)
    with pytest.raises(Unreachable) as refusal:
        new.finance.call(BindAccount("acct_other"))
    assert refusal.value.code == "gateway_mismatch"
    assert bound(new) == "acct_scripted"


def test_the_key_must_be_of_the_account_that_the_ledger_uses(used: SmallCompany) -> None:
    used.gateway = of_another_account(restricted=True)

    with pytest.raises(Unreachable) as refusal:
        used.finance.call(BindAccount("acct_scripted"))

    assert refusal.value.code == "gateway_mismatch"


def test_two_accounts_at_once_bind_one(new: SmallCompany) -> None:
    """A key was replaced while somebody made the first customer."""
    other = SmallCompany(SqliteLedger(new.ledger.path), of_another_account(restricted=False))

    def meanwhile(call: str) -> None:
        if call == "create_customer":
            gateway_of(new).before = lambda call: None
            other.finance.call(BindAccount("acct_other"))

    gateway_of(new).before = meanwhile
    with pytest.raises(Unreachable) as refusal:
        new.call(VISA)

    assert refusal.value.code == "gateway_mismatch"
    assert bound(new) == "acct_other"
    with new.ledger.read() as unit:
        assert unit.company.gateway_object() == ""


def test_a_customers_contact_may_not_say_it(new: SmallCompany) -> None:
    with pytest.raises(NotAllowed):
        new.payer.call(BindAccount("acct_scripted"))
    assert bound(new) == ""
