"""What a payment's steps leave in the journal: enough to follow it without the rows."""

from __future__ import annotations

import json
from typing import Any

from invoicepay.operations.methods import AttachTestMethod
from tests.operations.payments.protocol.test_restored import restored, sync
from tests.world.company import EVERYTHING, SmallCompany

Entry = tuple[str, str, str, dict[str, Any]]


def journal(company: SmallCompany, *kinds: str) -> list[Entry]:
    """Kind, subject, actor and data, oldest first."""
    with company.ledger.read() as unit:
        rows = unit._connection.execute(
            "SELECT kind, subject, actor, data FROM journal ORDER BY seq"
        ).fetchall()
    return [
        (kind, subject, actor, json.loads(data))
        for kind, subject, actor, data in rows
        if kind in kinds or (not kinds and kind.startswith("payment."))
    ]


def test_a_payment_can_be_followed_from_claim_to_end(company: SmallCompany) -> None:
    payment = company.pay("INV-1", "INV-2", method="card", amounts=(("INV-1", "40"),))

    assert journal(company) == [
        (
            "payment.claimed",
            payment.id,
            "payer@example.com",
            {
                "customer": "C-1",
                "currency": "USD",
                "amount_minor": 29050,
                "method": payment.method_id,
                "allocations": [["INV-1", 4000], ["INV-2", 25050]],
            },
        ),
        (
            "payment.submitted",
            payment.id,
            "gateway",
            {"from": "claimed", "gateway_id": payment.gateway_id, "failure_code": ""},
        ),
        (
            "payment.succeeded",
            payment.id,
            "gateway",
            {"from": "submitted", "gateway_id": payment.gateway_id, "failure_code": ""},
        ),
    ]


def test_a_decline_is_journaled_with_its_code(company: SmallCompany, bad_card: str) -> None:
    payment = company.pay("INV-1", method=bad_card)

    assert journal(company)[-1] == (
        "payment.failed",
        payment.id,
        "gateway",
        {
            "from": "submitted",
            "gateway_id": payment.gateway_id,
            "failure_code": "generic_decline",
        },
    )


def test_a_charge_that_is_taken_in_says_so(company: SmallCompany) -> None:
    lost = restored(company, method="card")

    sync(company)

    assert journal(company, "payment.taken_in") == [
        (
            "payment.taken_in",
            lost.id,
            "sync",
            {"gateway_id": lost.gateway_id, "amount_minor": 10000},
        )
    ]


def test_how_far_the_gateway_was_looked_at_is_journaled(company: SmallCompany) -> None:
    company.pay("INV-1", method="card")
    company.clock.move(days=3)
    company.pay("INV-2", method="card")

    sync(company)

    with company.ledger.read() as unit:
        until = unit.company.identity().reconciled_until
    assert until is not None
    assert journal(company, "gateway.reconciled") == [
        ("gateway.reconciled", "", "sync", {"until": until.isoformat()})
    ]


def test_the_customer_at_the_gateway_is_journaled_with_the_account(company: SmallCompany) -> None:
    company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))

    with company.ledger.read() as unit:
        found = unit.customers.get("C-2", EVERYTHING)
    entries = journal(company, "customer.at_gateway")
    assert found is not None
    assert entries[-1] == (
        "customer.at_gateway",
        "C-2",
        "stranger@example.com",
        {"gateway_id": found.gateway_id, "account": "acct_scripted"},
    )
