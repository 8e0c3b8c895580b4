"""Charges that the gateway tells otherwise than is expected: with fields left out, and with words
that nobody here knows. Whoever has one goes on paying."""

from __future__ import annotations

from tests.world.program import DemoCompany

CLOSED = "pm_usBankAccount_accountClosed"


def status_of(company: DemoCompany, payment: str) -> str:
    return str(company.run(f"payments show {payment} --json").json["status"])


def test_a_closed_bank_account_locks_nobody_out(company: DemoCompany) -> None:
    """The bank blocks it: the intent's error has no decline_code then."""
    attached = company.run(f"sandbox attach {CLOSED} --customer C-1007 --json").json["id"]
    pay = f"pay INV-1042 --method {attached} --yes --json"
    assert company.run(pay).json["status"] == "processing"
    company.run("sandbox clock advance 5d")
    assert company.run("sync").exit_code == 0
    assert company.run(pay).exit_code in (3, 7)

    assert company.run("sync").exit_code == 0
    assert company.as_("finance").run("sync").exit_code == 0
    assert company.run("pay INV-1042 --method card --yes").exit_code == 0


def test_a_charge_that_cannot_be_read_stands_in_the_way_of_its_invoice_only(
    company: DemoCompany,
) -> None:
    company.run("sync")
    payment = company.run("pay INV-1042 --method ach --yes --json").json
    gateway_id = payment["gateway_id"]
    company.edit_bank(
        "UPDATE objects SET body = json_remove(json_set(body, '$.status', 'requires_wonder'), "
        f"'$.last_payment_error', '$.amount_received') WHERE id = '{gateway_id}'"
    )
    finance = company.as_("finance")

    assert company.run("pay INV-1060 --method card --yes").exit_code == 0
    refused = company.run("pay INV-1042 --method card --yes --json")
    assert (refused.exit_code, refused.error["code"]) == (7, "in_flight")

    synced = finance.run("sync --json")
    assert synced.exit_code == 9
    assert f"the gateway's {gateway_id} cannot be read" in synced.stderr
    assert status_of(company, payment["id"]) == "processing"
    assert company.run("pay INV-1063 --method card --yes").exit_code == 0


def test_a_charge_that_cannot_be_read_is_found_by_doctor(company: DemoCompany) -> None:
    """One of this ledger's that it does not know."""
    finance = company.as_("finance")
    company.edit_bank(
        "UPDATE objects SET body = json_set(body, '$.status', 'requires_wonder', "
        "'$.metadata.invoicepay_payment', 'lost', '$.metadata.invoicepay_allocations_0', "
        "'INV-1042=' || json_extract(body, '$.amount')) "
        "WHERE seq = (SELECT max(seq) FROM objects WHERE kind = 'payment_intent' AND "
        "json_extract(body, '$.status') = 'succeeded')"
    )

    doctor = finance.run("doctor --json")

    assert doctor.exit_code == 9
    assert "cannot be read: its status is requires_wonder" in doctor.stdout
    assert finance.run("sync").exit_code == 9
    refused = company.run("pay INV-1042 --method card --yes --json")
    assert (refused.exit_code, refused.error["code"]) == (7, "in_flight")
    assert "may have been charged already" in refused.error["message"]
    assert company.run("pay INV-1060 --method card --yes").exit_code == 0
