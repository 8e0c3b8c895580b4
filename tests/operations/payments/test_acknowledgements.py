"""Whoever wants one payment, and tries again only while not told how it ended, is charged once."""

from __future__ import annotations

from typing import Any

import pytest

from invoicepay.billing.errors import Refused
from invoicepay.billing.invoice import InvoiceState
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import ChargeOrder
from invoicepay.operations.app import App
from invoicepay.operations.payments.acknowledgements import AcknowledgePayments
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.payments.sync import Sync
from tests.world.company import SmallCompany
from tests.world.scripted_gateway import Fault, ScriptedGateway

PART = (("INV-1", "10"),)


def refusal(company: SmallCompany, *numbers: str, **more: Any) -> Refused:
    with pytest.raises(Refused) as found:
        company.pay(*numbers, **{"method": "card", **more})
    return found.value


def pay_unseen(company: SmallCompany, app: App, *numbers: str, **more: Any) -> Payment:
    """As a command that is killed before it has shown anything."""
    plan = app.call(Quote(numbers=numbers, **{"method": "card", **more})).plan
    assert plan is not None
    return app.call(Pay(plan))


# --- What a payment holds is not paid again ---


def test_a_part_is_refused_while_a_debit_of_another_part_is_processing(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    first = company.pay("INV-1", method="ach", amounts=PART)

    refused = refusal(company, "INV-1", method="ach", amounts=PART)

    assert (refused.code, refused.payment) == ("in_flight", first.id)
    assert first.id in refused.message
    assert first.id in refused.hint
    assert len(gateway.charges) == 1


def test_a_part_is_refused_while_another_is_unknown(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    first = company.pay("INV-1", method="card", amounts=PART)
    gateway.fail_next("retrieve", Fault.NOT_SENT)

    refused = refusal(company, "INV-1", amounts=PART)

    assert (refused.code, refused.payment) == ("in_flight", first.id)
    assert not refused.says_outcome
    assert len(gateway.charges) == 1


def test_what_another_contact_pays_is_in_flight_too(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    first = pay_unseen(company, company.finance, "INV-1", method="ach", amounts=PART)

    refused = refusal(company, "INV-1", amounts=PART)

    assert (refused.code, refused.payment) == ("in_flight", first.id)
    assert not refused.says_outcome


def test_what_ended_uncharged_is_out_of_the_way(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.NOT_SENT)
    company.pay("INV-1", method="card", amounts=PART)
    company.clock.time += LEASE

    again = company.pay("INV-1", method="card", amounts=PART)

    assert again.status is PaymentStatus.SUCCEEDED
    assert gateway.charges == [again.gateway_id]


def test_a_claim_refuses_what_has_come_to_be_held_since_the_quote(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card", amounts=PART)).plan
    assert plan is not None
    first = company.pay("INV-1", method="ach", amounts=PART)

    with pytest.raises(Refused) as refused:
        company.call(Pay(plan))

    assert (refused.value.code, refused.value.payment) == ("in_flight", first.id)


def test_a_filter_leaves_out_what_is_held_and_says_so(company: SmallCompany) -> None:
    company.pay("INV-1", method="ach", amounts=PART)

    everything = Quote(state=InvoiceState.OPEN, currency="USD", method="card")
    plan = company.call(everything).plan

    assert plan is not None
    assert plan.left_out == ("INV-1",)
    assert [line.invoice.number for line in plan.lines] == ["INV-2", "INV-3"]


# --- Who has not been told is asked once ---


@pytest.mark.parametrize("amounts", [(), PART])
def test_a_charge_nobody_was_shown_refuses_the_next_payment_once(
    company: SmallCompany, gateway: ScriptedGateway, amounts: tuple[tuple[str, str], ...]
) -> None:
    first = pay_unseen(company, company.payer, "INV-1", amounts=amounts)

    refused = refusal(company, "INV-1", amounts=amounts)

    assert (refused.code, refused.payment) == ("not_acknowledged", first.id)
    assert refused.says_outcome
    assert "succeeded" in refused.message
    assert len(gateway.charges) == 1
    company.call(AcknowledgePayments((first.id,)))
    if amounts:
        assert company.pay("INV-1", method="card", amounts=amounts).id != first.id
    else:
        assert refusal(company, "INV-1").code == "already_paid"


def test_what_the_quote_itself_finds_charged_is_shown_first(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    first = company.pay("INV-1", method="card", amounts=PART)
    company.clock.time += LEASE

    refused = refusal(company, "INV-1", amounts=PART)

    assert (refused.code, refused.payment) == ("not_acknowledged", first.id)
    assert len(gateway.charges) == 1


def test_what_finances_sync_finds_charged_is_shown_to_its_payer_first(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    first = company.pay("INV-1", method="card", amounts=PART)
    company.clock.time += LEASE
    list(company.finance.call(Sync()))
    company.finance.call(AcknowledgePayments((first.id,)))

    assert refusal(company, "INV-1", amounts=PART).code == "not_acknowledged"
    assert len(gateway.charges) == 1


def test_another_contact_is_not_asked_about_it(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    pay_unseen(company, company.payer, "INV-1", amounts=PART)

    pay_unseen(company, company.finance, "INV-1", amounts=PART)

    assert len(gateway.charges) == 2


def test_a_payment_of_another_invoice_is_not_refused(company: SmallCompany) -> None:
    pay_unseen(company, company.payer, "INV-1", amounts=PART)

    assert company.pay("INV-2", method="card").status is PaymentStatus.SUCCEEDED


def test_a_key_tells_one_payment_from_another_without_asking(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    first = pay_unseen(company, company.payer, "INV-1", amounts=PART, key="one")

    same = company.pay("INV-1", method="card", amounts=PART, key="one")
    other = company.pay("INV-1", method="card", amounts=PART, key="two")

    assert same.id == first.id != other.id
    assert len(gateway.charges) == 2


def test_what_ended_uncharged_asks_nobody(company: SmallCompany, bad_card: str) -> None:
    pay_unseen(company, company.payer, "INV-1", method=bad_card)

    assert company.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED


def test_a_claim_asks_too(company: SmallCompany, gateway: ScriptedGateway) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card", amounts=PART)).plan
    assert plan is not None
    first = pay_unseen(company, company.payer, "INV-1", amounts=PART)

    with pytest.raises(Refused) as refused:
        company.call(Pay(plan))

    assert (refused.value.code, refused.value.payment) == ("not_acknowledged", first.id)
    assert len(gateway.charges) == 1


def test_nobody_acknowledges_what_is_not_known(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    first = pay_unseen(company, company.payer, "INV-1", amounts=PART)
    company.call(AcknowledgePayments((first.id,)))
    company.clock.time += LEASE

    assert refusal(company, "INV-1", amounts=PART).code == "not_acknowledged"


def test_somebody_else_does_not_acknowledge_for_its_payer(company: SmallCompany) -> None:
    first = pay_unseen(company, company.payer, "INV-1", amounts=PART)
    company.finance.call(AcknowledgePayments((first.id,)))

    assert refusal(company, "INV-1", amounts=PART).code == "not_acknowledged"


def test_a_charge_that_sync_took_in_is_shown_to_whoever_pays_next(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """A ledger that was restored does not know who made it."""
    with company.ledger.read() as unit:
        ledger_id = unit.company.identity().id
    plan = company.call(Quote(numbers=("INV-1",), method="card", amounts=PART)).plan
    assert plan is not None
    order = ChargeOrder(
        payment_id=plan.payment_id,
        ledger_id=ledger_id,
        customer="cus_0",
        customer_number="C-1",
        method=plan.method.gateway_id,
        method_type="card",
        amount_minor=1000,
        currency="USD",
        description="",
        allocations=plan.allocations,
    )
    gateway.confirm(gateway.create(order).id, plan.payment_id)
    list(company.finance.call(Sync()))

    refused = refusal(company, "INV-1", amounts=PART)

    assert (refused.code, refused.payment) == ("not_acknowledged", plan.payment_id)
    company.call(AcknowledgePayments((plan.payment_id,)))
    assert company.pay("INV-1", method="card", amounts=PART).status is PaymentStatus.SUCCEEDED


# --- More of what accepted payments hold ---


def test_allow_pending_pays_more_of_what_its_payer_knows_is_accepted(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    company.pay("INV-1", method="ach", amounts=PART)

    more = company.pay("INV-1", method="card", allow_pending=True)

    assert (more.status, more.amount_minor) == (PaymentStatus.SUCCEEDED, 9000)
    assert len(gateway.charges) == 2


def test_allow_pending_shows_first_what_its_payer_was_not_shown(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    first = pay_unseen(company, company.payer, "INV-1", method="ach", amounts=PART)

    for key in ("", "new"):
        refused = refusal(company, "INV-1", amounts=PART, allow_pending=True, key=key)
        assert (refused.code, refused.payment) == ("not_acknowledged", first.id)
    assert len(gateway.charges) == 1


def test_allow_pending_waits_until_another_payer_has_seen_theirs(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    first = pay_unseen(company, company.finance, "INV-1", method="ach", amounts=PART)

    assert refusal(company, "INV-1", allow_pending=True).code == "in_flight"
    company.finance.call(AcknowledgePayments((first.id,)))
    assert company.pay("INV-1", method="card", allow_pending=True).amount_minor == 9000


def test_allow_pending_is_refused_while_anything_is_unknown(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    company.pay("INV-1", method="ach", amounts=PART)
    gateway.fail_next("confirm", Fault.LOST_ANSWER)
    unknown = company.pay("INV-1", method="card", amounts=PART, allow_pending=True)
    gateway.fate = lambda call: Fault.NOT_SENT

    refused = refusal(company, "INV-1", amounts=PART, allow_pending=True)

    assert (refused.code, refused.payment) == ("in_flight", unknown.id)
    assert len(gateway.charges) == 2


def test_allow_pending_never_pays_more_than_is_left(company: SmallCompany) -> None:
    company.pay("INV-1", method="ach")

    assert refusal(company, "INV-1", allow_pending=True).code == "in_flight"
