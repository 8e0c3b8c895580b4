"""What a refusal says of the payment that holds an invoice, or that somebody was not told of."""

from __future__ import annotations

import pytest

from invoicepay.billing.payment import PaymentStatus
from invoicepay.operations.payments.acknowledgements import AcknowledgePayments
from tests.operations.payments.protocol.test_restored import restored, sync
from tests.operations.payments.test_acknowledgements import PART, pay_unseen, refusal
from tests.world.company import SmallCompany
from tests.world.scripted_gateway import Fault, ScriptedGateway

ALL_THREE = ("INV-1", "INV-2", "INV-3")


def see(payment_id: str) -> str:
    return f"`invoicepay payments show {payment_id}`"


def test_what_may_have_been_charged_is_not_to_be_paid_again(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    held = company.pay(*ALL_THREE, method="card")
    gateway.fail_next("retrieve", Fault.NOT_SENT)

    refused = refusal(company, *ALL_THREE)

    assert refused.message == (
        f"payment {held.id} of 425.75 USD for INV-1 and 2 more is under way (unknown)"
    )
    assert refused.hint == f"Do not pay again; `invoicepay sync` finds out; see {see(held.id)}."
    assert not refused.says_outcome


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        (("INV-3",), "INV-3"),
        (("INV-2", "INV-3"), "INV-2 and 1 more"),
        (("INV-1", "INV-2", "INV-3"), "INV-1 and 2 more"),
    ],
)
def test_only_invoices_that_are_being_paid_are_named(
    company: SmallCompany, wanted: tuple[str, ...], named: str
) -> None:
    held = company.pay(*ALL_THREE, method="ach")

    refused = refusal(company, *wanted)

    assert refused.message == (
        f"payment {held.id} of 425.75 USD for {named} is under way (processing)"
    )
    assert refused.hint == f"See {see(held.id)}; `invoicepay sync` asks the bank."


def test_what_the_bank_leaves_of_any_of_them_can_be_paid(company: SmallCompany) -> None:
    held = company.pay("INV-2", "INV-1", method="ach", amounts=PART)

    refused = refusal(company, "INV-1", "INV-2")

    assert refused.hint == (
        f"See {see(held.id)}; what it leaves can be paid with --allow-pending, once its payer "
        "knows."
    )
    assert refusal(company, "INV-2").hint == (
        f"See {see(held.id)}; `invoicepay sync` asks the bank."
    )


def test_a_refusal_tells_the_outcome_of_ones_own_accepted_payment_only(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    own = pay_unseen(company, company.payer, "INV-1", method="ach")
    others = pay_unseen(company, company.finance, "INV-2", method="ach")
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    unknown = pay_unseen(company, company.payer, "INV-3")

    told = {r.payment: r.says_outcome for r in (refusal(company, n) for n in ALL_THREE[:2])}
    gateway.fail_next("retrieve", Fault.NOT_SENT)
    third = refusal(company, "INV-3")
    told[third.payment] = third.says_outcome

    assert told == {own.id: True, others.id: False, unknown.id: False}


@pytest.mark.parametrize(
    ("method", "how"),
    [("card", "succeeded on 2026-11-02"), ("ach", "was accepted and is processing")],
)
def test_somebody_is_told_how_their_payment_ended(
    company: SmallCompany, method: str, how: str
) -> None:
    first = pay_unseen(company, company.payer, "INV-2", "INV-1", method=method, amounts=PART)

    refused = refusal(company, "INV-1", allow_pending=True)

    assert refused.code == "not_acknowledged"
    assert refused.payment == first.id
    assert refused.says_outcome
    assert refused.message == (
        f"payment {first.id} of 260.50 USD for INV-1 {how}, and you have not been told before; "
        "nothing more was charged"
    )


def test_a_debit_that_was_taken_in_is_told_to_whoever_pays_more(company: SmallCompany) -> None:
    """Nobody knows who made it, so it may have been them."""
    lost = restored(company, method="ach", amounts=PART)
    sync(company)

    in_flight = refusal(company, "INV-1")
    unseen = refusal(company, "INV-1", allow_pending=True)

    assert [(r.code, r.payment, r.says_outcome) for r in (in_flight, unseen)] == [
        ("in_flight", lost.id, True),
        ("not_acknowledged", lost.id, True),
    ]
    company.call(AcknowledgePayments((lost.id,)))
    assert company.pay("INV-1", method="card", allow_pending=True).amount_minor == 9000


@pytest.mark.parametrize(
    ("paid", "amounts", "wanted", "leaves_some"),
    [
        (["INV-1"], (), ["INV-1"], False),
        (["INV-1"], PART, ["INV-1"], True),
        (["INV-1", "INV-2"], PART, ["INV-1"], True),
        (["INV-1", "INV-2"], PART, ["INV-1", "INV-2"], False),
    ],
)
def test_whoever_is_told_of_a_charge_is_asked_to_repeat_where_anything_is_left(
    company: SmallCompany,
    paid: list[str],
    amounts: tuple[tuple[str, str], ...],
    wanted: list[str],
    leaves_some: bool,
) -> None:
    first = pay_unseen(company, company.payer, *paid, amounts=amounts)

    refused = refusal(company, *wanted)

    assert refused.code == "not_acknowledged"
    repeat = "If you do want to pay again, repeat the command."
    assert refused.hint == (repeat if leaves_some else f"See {see(first.id)}.")


def test_each_of_several_charges_is_told_before_another_is_made(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    unseen = [
        pay_unseen(company, app, "INV-1", amounts=PART, key=key)
        for app, key in ((company.payer, "a"), (company.payer, "b"))
    ]

    told = []
    for _ in unseen:
        told.append(refusal(company, "INV-1", amounts=PART).payment)
        company.call(AcknowledgePayments((told[-1],)))

    assert told == [payment.id for payment in unseen]
    assert company.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED
    assert len(gateway.charges) == 3
