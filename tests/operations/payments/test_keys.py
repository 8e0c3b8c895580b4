"""A key stands for one payment of a customer, whoever uses it and however often."""

from __future__ import annotations

from dataclasses import replace

import pytest

from invoicepay.billing.errors import BadInput, NotFound, Refused, Unreachable, Usage
from invoicepay.billing.invoice import InvoiceState
from invoicepay.billing.payment import PaymentStatus
from invoicepay.operations.methods import AttachTestMethod
from invoicepay.operations.payments import quote
from invoicepay.operations.payments.cancel import CancelPayment
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.payments.sync import Sync
from tests.world.company import SmallCompany
from tests.world.journaled import journal_changes
from tests.world.scripted_gateway import Fault, ScriptedGateway


def test_the_same_key_pays_once(company: SmallCompany, gateway: ScriptedGateway) -> None:
    first = company.pay("INV-1", method="card", key="october")
    again = company.pay("INV-1", method="card", key="october")

    assert again == first
    assert len(gateway.charges) == 1


def test_a_key_means_its_payment_also_where_its_memo_is_refused_today(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier version may have taken it."""
    with monkeypatch.context() as earlier:
        earlier.setattr(quote, "check_text", lambda text, *given, **more: text)
        first = company.pay("INV-1", method="card", key="october", memo="\u2800")

    assert company.pay("INV-1", method="card", key="october", memo="\u2800") == first
    with pytest.raises(BadInput):
        company.pay("INV-2", method="card", key="november", memo="\u2800")
    assert len(gateway.charges) == 1


def test_the_same_key_for_a_part_pays_the_part_once(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    for _ in range(3):
        company.pay("INV-1", method="ach", amounts=(("INV-1", "10"),), key="october")

    assert len(gateway.charges) == 1


def test_the_same_key_for_something_else_is_refused(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    first = company.pay("INV-1", method="card", key="october")

    for other in ({"amounts": (("INV-1", "5"),)}, {"memo": "x"}, {"method": "ach"}):
        with pytest.raises(Refused) as refusal:
            company.pay("INV-1", **{"method": "card", "key": "october", **other})
        assert (refusal.value.code, refusal.value.payment) == ("key_reused", first.id)
        assert first.id in refusal.value.hint
    assert len(gateway.charges) == 1


def test_a_plan_that_was_changed_is_not_taken_for_the_payment_that_it_made(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Nor is one whose invoice has changed since; only the plan itself is what was paid."""
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    (line,) = plan.lines
    paid = company.call(Pay(plan))
    assert company.call(Pay(plan)) == paid

    for other in (
        replace(plan, memo="x"),
        replace(plan, lines=(replace(line, amount_minor=5000),)),
        replace(plan, lines=(replace(line, invoice=company.invoice("INV-1")),)),
    ):
        with pytest.raises(Refused) as refusal:
            company.call(Pay(other))
        assert (refusal.value.code, refusal.value.payment) == ("key_reused", paid.id)
    assert len(gateway.charges) == 1


# --- Whose key it is ---


def test_payer_and_finance_with_one_key_make_one_charge(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    payment = company.pay("INV-1", method="card", key="october")

    quoted = company.finance.call(Quote(numbers=("INV-1",), method="card", key="october"))

    assert quoted.existing == payment
    assert len(gateway.charges) == 1


def test_naming_the_customer_or_not_is_the_same_content(company: SmallCompany) -> None:
    payment = company.pay("INV-1", method="card", key="october")

    named = Quote(numbers=("INV-1",), customer="C-1", method="card", key="october")

    assert company.finance.call(named).existing == payment


def test_a_key_means_nothing_to_another_customer(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    company.pay("INV-1", method="card", key="october")
    company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))

    plan = company.stranger.call(Quote(numbers=("INV-9",), method="card", key="october")).plan
    assert plan is not None
    company.stranger.call(Pay(plan))

    assert len(gateway.charges) == 2


def test_a_key_of_a_customer_that_is_out_of_scope_by_now_is_not_found(
    company: SmallCompany,
) -> None:
    company.pay("INV-1", method="card", key="october")
    with company.ledger.write() as unit:
        contact = unit.contacts.get("payer")
        assert contact is not None
        unit.contacts.put(replace(contact, customers=("C-2",)))
        journal_changes(unit)

    with pytest.raises(NotFound):
        company.pay("INV-1", method="card", key="october")


def test_a_key_for_a_filter_belongs_to_the_contacts_only_customer(company: SmallCompany) -> None:
    everything = Quote(state=InvoiceState.OPEN, currency="USD", method="card", key="october")
    plan = company.call(everything).plan
    assert plan is not None
    payment = company.call(Pay(plan))

    assert company.call(everything).existing == payment


def test_a_key_for_a_filter_over_several_customers_asks_for_one(company: SmallCompany) -> None:
    everything = Quote(state=InvoiceState.OPEN, currency="USD", method="card", key="october")

    with pytest.raises(Usage) as problem:
        company.finance.call(everything)

    assert problem.value.code == "input_needed"
    assert "--customer" in problem.value.hint
    assert company.finance.call(replace(everything, customer="C-1")).plan is not None


# --- Another attempt ---


@pytest.mark.parametrize("fault", [Fault.NOT_SENT, Fault.LOST_ANSWER, Fault.LATE, Fault.REFUSED])
def test_after_an_outage_before_the_charge_the_same_key_pays(
    company: SmallCompany, gateway: ScriptedGateway, fault: Fault
) -> None:
    gateway.fail_next("create", fault)
    with pytest.raises(Unreachable):
        company.pay("INV-1", method="card", key="october")

    payment = company.pay("INV-1", method="card", key="october")
    gateway.arrive_late()

    assert payment.status is PaymentStatus.SUCCEEDED
    assert gateway.charges == [payment.gateway_id]
    assert company.pay("INV-1", method="card", key="october") == payment


def test_each_attempt_is_a_payment_of_its_own(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    for _ in range(3):
        gateway.fail_next("create", Fault.LOST_ANSWER)
        with pytest.raises(Unreachable):
            company.pay("INV-1", method="card", key="october")
    payment = company.pay("INV-1", method="card", key="october")

    assert payment.status is PaymentStatus.SUCCEEDED
    assert len({intent.payment_id for intent in gateway.found.values()}) == 4
    assert gateway.charges == [payment.gateway_id]


def test_after_an_outage_the_same_key_for_something_else_is_still_refused(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("create", Fault.NOT_SENT)
    with pytest.raises(Unreachable):
        company.pay("INV-1", method="card", key="october")

    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card", key="october", amounts=(("INV-1", "5"),))

    assert refusal.value.code == "key_reused"


def test_what_a_settler_gave_up_is_paid_by_the_same_key_in_one_go(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.NOT_SENT)
    unknown = company.pay("INV-1", method="card", key="october")
    assert unknown.status is PaymentStatus.UNKNOWN
    company.clock.time += LEASE

    payment = company.pay("INV-1", method="card", key="october")

    assert (payment.status, payment.id) != (PaymentStatus.SUCCEEDED, unknown.id)
    assert payment.status is PaymentStatus.SUCCEEDED
    assert gateway.charges == [payment.gateway_id]
    assert company.payment(unknown.id).given_up


def test_a_confirm_that_comes_late_after_another_attempt_charges_nothing(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.LATE)
    company.pay("INV-1", method="card", key="october")
    company.clock.time += LEASE

    payment = company.pay("INV-1", method="card", key="october")
    gateway.arrive_late()

    assert gateway.charges == [payment.gateway_id]


def test_a_declined_key_stays_declined(
    company: SmallCompany, gateway: ScriptedGateway, bad_card: str
) -> None:
    declined = company.pay("INV-1", method=bad_card, key="october")

    again = company.pay("INV-1", method=bad_card, key="october")

    assert again == declined
    assert gateway.calls.count("create") == 1


def test_a_key_whose_payment_was_canceled_on_purpose_stays_canceled(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.NOT_SENT)
    unknown = company.pay("INV-1", method="card", key="october")
    company.call(CancelPayment(unknown.id))

    again = company.pay("INV-1", method="card", key="october")

    assert (again.id, again.status) == (unknown.id, PaymentStatus.CANCELED)
    assert gateway.charges == []


def test_a_claim_canceled_on_purpose_is_not_paid_by_its_key(
    company: SmallCompany, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card", key="october")).plan
    assert plan is not None
    with monkeypatch.context() as patch:
        patch.setattr("invoicepay.operations.payments.pay.charge", lambda payment, ports: payment)
        company.call(Pay(plan))
    company.call(CancelPayment(plan.payment_id))

    again = company.pay("INV-1", method="card", key="october")

    assert (again.id, again.status) == (plan.payment_id, PaymentStatus.CANCELED)


def test_what_somebody_canceled_at_the_gateway_is_not_paid_by_its_key(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    gateway.fail_next("confirm", Fault.NOT_SENT)
    unknown = company.pay("INV-1", method="card", key="october")
    gateway.cancel(unknown.gateway_id, on_request=True)
    list(company.finance.call(Sync()))

    again = company.pay("INV-1", method="card", key="october")

    assert (again.id, again.status) == (unknown.id, PaymentStatus.CANCELED)
    assert not again.given_up


def test_a_key_from_before_keys_were_named_in_the_digest_pays_once(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """As a ledger has it that an earlier version wrote."""
    paid = company.pay("INV-1", method="card", key="october")
    content = paid.request_digest.partition(":")[2]
    with company.ledger.write() as unit:
        unit._connection.execute(
            "UPDATE payments SET request_digest = ? WHERE id = ?", [content, paid.id]
        )
        journal_changes(unit)

    assert company.pay("INV-1", method="card", key="october").id == paid.id
    with pytest.raises(Refused) as refusal:
        company.pay("INV-1", method="card", key="october", memo="x")
    assert refusal.value.code == "key_reused"
    assert len(gateway.charges) == 1
