"""What is said where the key and the ledger do not belong together, and what to do then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from invoicepay.billing.errors import Unreachable
from invoicepay.billing.identity import Mode
from invoicepay.billing.ports import AccountHidden
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.payments.protocol.account import (
    _mismatch,
    bind,
    check_account,
    check_named,
)
from tests.world.company import EVERYTHING, SmallCompany
from tests.world.scripted_gateway import ScriptedGateway
from tests.world.told import change, told

OURS, LESS, MORE = "acct_scripted", "acct_a", "acct_z"


@pytest.fixture
def new(template: Path, tmp_path: Path) -> Iterator[SmallCompany]:
    """It has nothing at the gateway, and is not bound to an account."""
    path = tmp_path / "new.db"
    path.write_bytes(template.read_bytes())
    made = SmallCompany(SqliteLedger(path), ScriptedGateway())
    yield made
    made.ledger.close()


def restored_customer(new: SmallCompany) -> ScriptedGateway:
    """As `sync` leaves a restored ledger: it knows a customer at the gateway, and no account."""
    gateway: ScriptedGateway = new.gateway
    with new.ledger.write() as unit:
        customer = unit.customers.get("C-1", EVERYTHING)
        assert customer is not None
        made = gateway.create_customer(customer, unit.company.identity().id, "key")
        unit.customers.set_gateway_id("C-1", made.id)
        told(unit)
    gateway.calls.clear()
    return gateway


def refused(company: SmallCompany, named: str = "") -> Unreachable:
    with pytest.raises(Unreachable) as found:
        if named:
            check_named(named, company)
        else:
            check_account(company)
    return found.value


@pytest.mark.parametrize("other", [LESS, MORE])
def test_both_accounts_are_named(
    company: SmallCompany, gateway: ScriptedGateway, other: str
) -> None:
    gateway.account_id = other

    assert refused(company).message == f"{other} answers, this ledger belongs to {OURS}"
    with company.ledger.read() as unit, pytest.raises(Unreachable) as problem:
        bind(other, unit)
    assert problem.value.message == f"{other} answers, this ledger belongs to {OURS}"


def test_a_practice_ledger_has_a_bank_of_its_own_and_others_have_a_key() -> None:
    hints = {mode: _mismatch("acct_b", "acct_a", mode).hint for mode in Mode}

    assert hints == {
        Mode.SANDBOX: "Use the .sandbox file that was beside this ledger.",
        Mode.TEST: "Use that account's key.",
        Mode.LIVE: "Use that account's key.",
    }


def test_binding_happens_once(new: SmallCompany) -> None:
    with new.ledger.write() as unit:
        assert bind(OURS, unit)
        assert not bind(OURS, unit)
        assert unit.company.identity().gateway_account == OURS
        told(unit)


@pytest.mark.parametrize("named", ["", OURS, MORE])
def test_a_hidden_account_of_a_ledger_that_has_nothing_to_tell_it_by_is_not_known(
    new: SmallCompany, named: str
) -> None:
    new.gateway.restricted, new.gateway.refusal_names = True, named

    error = refused(new)

    assert error.code == "account_unknown"
    assert error.message == "a restricted key may not say which account it is of" + (
        f"; the gateway speaks of {named}" if named else ""
    )
    command = f"invoicepay config stripe --account {named or 'ID'}`"
    assert command in error.hint
    assert isinstance(error.__cause__, AccountHidden)


@pytest.mark.parametrize(("named", "fits"), [("", True), (OURS, True), (LESS, False)])
def test_a_hidden_account_is_compared_where_a_bound_ledger_has_nothing_there(
    company: SmallCompany, gateway: ScriptedGateway, named: str, fits: bool
) -> None:
    change(company.ledger.path, "UPDATE customers SET gateway_id = ''")
    gateway.restricted, gateway.refusal_names = True, named

    if fits:
        assert check_account(company) == OURS
    else:
        error = refused(company)
        assert error.code == "gateway_mismatch"
        assert error.message == f"{LESS} answers, this ledger belongs to {OURS}"


def told_by_what_is_there(company: SmallCompany, account: str) -> None:
    gateway: ScriptedGateway = company.gateway
    gateway.restricted, gateway.refusal_names = True, MORE
    assert check_account(company) == account

    gateway._customers.clear()

    error = refused(company)
    assert error.code == "gateway_mismatch"
    assert error.message == "the key's account has no cus_0, which this ledger's account has"


def test_a_hidden_account_is_told_by_what_a_bound_ledger_has_there(company: SmallCompany) -> None:
    told_by_what_is_there(company, OURS)


def test_a_hidden_account_is_told_by_what_an_unbound_ledger_has_there(new: SmallCompany) -> None:
    restored_customer(new)
    told_by_what_is_there(new, "")


def test_an_account_that_says_itself_is_asked_for_nothing_else_once_it_is_bound(
    company: SmallCompany, gateway: ScriptedGateway, new: SmallCompany
) -> None:
    assert check_account(company) == OURS
    assert gateway.calls == []
    assert check_account(new) == OURS
    assert new.gateway.calls == []

    asked = restored_customer(new)
    assert check_account(new) == OURS
    assert asked.calls == ["has"]


@pytest.mark.parametrize("named", [LESS, MORE])
@pytest.mark.parametrize("restricted", [True, False])
def test_naming_another_account_than_the_keys_is_refused(
    company: SmallCompany, gateway: ScriptedGateway, named: str, restricted: bool
) -> None:
    gateway.restricted = restricted

    error = refused(company, named)

    assert error.code == "gateway_mismatch"
    assert error.message == f"the key is of {OURS}, not of {named}"
    assert error.hint == f"Say --account {OURS}, or use a key of {named}."
    check_named(OURS, company)


def test_naming_the_account_of_a_key_that_says_nothing_is_checked_by_what_is_there(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.restricted, gateway.refusal_names = True, ""
    check_named(MORE, company)

    gateway._customers.clear()
    assert "has no cus_0" in refused(company, MORE).message


def test_any_account_can_be_named_where_nothing_tells(new: SmallCompany) -> None:
    new.gateway.restricted, new.gateway.refusal_names = True, ""

    check_named(MORE, new)
