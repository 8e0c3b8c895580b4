"""What the ledger says was charged, and what the practice bank has: `sync` and `doctor` compare
them."""

from __future__ import annotations

from invoicepay.sandbox.faults import add_fault
from tests.world.program import DemoCompany

LIST = "GET /v1/payment_intents"


def pay(company: DemoCompany) -> tuple[str, str]:
    paid = company.run("pay INV-1042 --method card --yes --json").json
    return paid["id"], paid["gateway_id"]


def test_a_payment_that_the_gateway_has_otherwise_is_named_with_both_values(
    company: DemoCompany,
) -> None:
    payment, intent = pay(company)
    company.edit_bank(
        f"UPDATE objects SET body = json_set(body, '$.amount', 900) WHERE id = '{intent}'"
    )
    line = (
        f"amount of payment {payment}: 1,842.50 USD, should be 9.00 USD as the gateway's {intent} "
        "has it"
    )
    finance = company.as_("finance")

    for command in ("doctor", "sync", "sync", "doctor --all", "doctor --fix"):
        result = finance.run(command)
        assert result.exit_code == 11, result
        assert f"  {line}\n" in result.stdout
        assert result.stderr.splitlines()[-1] == (
            f"invoicepay: 1 difference(s) from what the gateway has; first: {line}. Let nobody pay "
            "until that is understood (docs/operations.md)."
        )
        told = finance.run(f"{command} --json")
        assert (told.exit_code, told.error["code"]) == (11, "books_differ")
    assert company.run(f"payments show {payment} --json").json["amount_minor"] == 184250


def test_a_payment_whose_charge_is_gone_is_found_by_doctor_all_also_later(
    company: DemoCompany,
) -> None:
    payment, intent = pay(company)
    finance = company.as_("finance")
    assert finance.run("sync").exit_code == 0
    company.edit_bank(f"DELETE FROM objects WHERE id = '{intent}'")

    assert finance.run("doctor").exit_code == 0
    assert finance.run("sync").exit_code == 0
    found = finance.run("doctor --all")

    assert found.exit_code == 11
    line = f"{payment}: succeeded, should be absent, since the gateway has no {intent}"
    assert f"  status of payment {line}\n" in found.stdout


def test_a_list_that_fails_is_out_of_reach_and_no_difference(company: DemoCompany) -> None:
    pay(company)
    finance = company.as_("finance")
    for command in ("doctor", "doctor --all"):
        add_fault(company.sandbox, LIST, "status_500", times=3)
        result = finance.run(f"{command} --json")
        assert (result.exit_code, result.error["code"]) == (10, "gateway_unreachable"), result
    add_fault(company.sandbox, LIST, "status_500", times=3)
    synced = finance.run("sync --json")
    assert (synced.exit_code, synced.error["code"]) == (9, "partly_done")

    assert finance.run("sync").exit_code == 0


def test_a_customer_compares_nothing(company: DemoCompany) -> None:
    _, intent = pay(company)
    company.edit_bank(f"DELETE FROM objects WHERE id = '{intent}'")

    assert company.run("sync").exit_code == 0


def test_a_ledger_from_before_is_compared_whole_by_its_first_sync(company: DemoCompany) -> None:
    payment, intent = pay(company)
    finance = company.as_("finance")
    assert finance.run("sync").exit_code == 0
    company.edit(
        "DROP TABLE comparison",
        "DELETE FROM _sqlite_migrations WHERE name = '0003_comparison'",
        "PRAGMA user_version = 1",
    )
    company.edit_bank(f"DELETE FROM objects WHERE id = '{intent}'")

    result = finance.run("sync")

    assert result.exit_code == 11
    assert payment in result.stderr
