"""What paying does when nothing goes wrong, and what it refuses before anything is charged."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from invoicepay.billing.errors import (
    BadInput,
    InvoicepayError,
    NotAllowed,
    NotFound,
    Refused,
    Usage,
)
from invoicepay.billing.invoice import InvoiceFilter, InvoiceState, InvoiceStatus
from invoicepay.billing.money import Money
from invoicepay.billing.payment import Allocation, PaymentStatus
from invoicepay.billing.ports import IntentStatus, MailNotSent, Message
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.invoices import ListInvoices
from invoicepay.operations.methods import AttachTestMethod, ListMethods, RemoveMethod
from invoicepay.operations.payments.find import ListPayments, ShowPayment
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.payments.sync import Sync
from tests.world.company import SmallCompany
from tests.world.halfway import halfway
from tests.world.scripted_gateway import ScriptedGateway
from tests.world.told import told


def test_a_card_pays_at_once(company: SmallCompany, gateway: ScriptedGateway) -> None:
    payment = company.pay("INV-1", method="card")

    assert payment.status is PaymentStatus.SUCCEEDED
    assert payment.receipt_number == "R-000001"
    assert company.invoice("INV-1").status is InvoiceStatus.PAID
    assert str(company.invoice("INV-1").paid_on) == "2026-11-02"
    assert gateway.charges == [payment.gateway_id]
    assert [m.message_id.split("@")[0] for m in company.mailer.sent] == [f"{payment.id}.received"]


def test_the_effective_date_is_the_companys_not_utcs(company: SmallCompany) -> None:
    company.clock.move(hours=13)  # 04:00 UTC on the 3rd is still the 2nd in New York

    assert str(company.pay("INV-1", method="card").effective_on) == "2026-11-02"


def test_a_bank_debit_is_owed_until_it_has_settled(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    payment = company.pay("INV-1", method="ach")

    assert payment.status is PaymentStatus.PROCESSING
    invoice = company.invoice("INV-1")
    assert (invoice.status, invoice.balance_minor) == (InvoiceStatus.PROCESSING, 10000)
    assert invoice.payable_minor == 0

    gateway.bank_settles(payment.gateway_id)
    list(company.call(Sync()))
    assert company.payment(payment.id).status is PaymentStatus.SUCCEEDED
    assert company.invoice("INV-1").status is InvoiceStatus.PAID
    kinds = [m.message_id.split("@")[0].rpartition(".")[2] for m in company.mailer.sent]
    assert kinds == ["initiated", "received"]


def test_a_returned_debit_reopens_the_invoice_once(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    payment = company.pay("INV-1", method="ach")
    gateway.bank_settles(payment.gateway_id, returned=True)

    list(company.call(Sync()))
    list(company.call(Sync()))

    found = company.payment(payment.id)
    assert (found.status, found.failure_code) == (PaymentStatus.FAILED, "insufficient_funds")
    assert company.invoice("INV-1").status is InvoiceStatus.OPEN
    assert company.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED


def test_a_debit_that_the_gateway_canceled_reopens_the_invoice(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    payment = company.pay("INV-1", method="ach")
    intent = gateway.found[payment.gateway_id]
    gateway.found[payment.gateway_id] = replace(intent, status=IntentStatus.CANCELED)

    list(company.call(Sync()))

    assert company.payment(payment.id).status is PaymentStatus.CANCELED
    assert company.invoice("INV-1").status is InvoiceStatus.OPEN


def test_a_declined_card_leaves_everything_as_it_was(
    company: SmallCompany, gateway: ScriptedGateway, bad_card: str
) -> None:
    before = company.invoice("INV-1")

    payment = company.pay("INV-1", method=bad_card)

    assert (payment.status, payment.failure_code) == (PaymentStatus.FAILED, "generic_decline")
    assert company.invoice("INV-1") == before
    assert gateway.found[payment.gateway_id].status == "canceled"
    assert company.mailer.sent == []
    assert company.pay("INV-1", method="card").status is PaymentStatus.SUCCEEDED


def test_several_invoices_are_one_charge(company: SmallCompany, gateway: ScriptedGateway) -> None:
    payment = company.pay("INV-1", "INV-2", "INV-1", method="card")

    assert payment.allocations == (Allocation("INV-1", 10000), Allocation("INV-2", 25050))
    assert payment.amount_minor == 35050
    assert len(gateway.charges) == 1


def test_a_part_can_be_paid_and_then_the_rest(company: SmallCompany) -> None:
    company.pay("INV-1", "INV-2", method="card", amounts=(("INV-2", "50.50"),))

    invoice = company.invoice("INV-2")
    assert (invoice.status, invoice.payable_minor) == (InvoiceStatus.PARTIAL, 20000)
    assert company.pay("INV-2", method="card").amount_minor == 20000
    assert company.invoice("INV-2").status is InvoiceStatus.PAID


def test_open_skips_what_is_under_way(company: SmallCompany) -> None:
    company.pay("INV-1", method="ach")

    plan = company.call(Quote(state=InvoiceState.OPEN, currency="USD")).plan

    assert plan is not None
    assert [line.invoice.number for line in plan.lines] == ["INV-2", "INV-3"]


def test_without_a_method_the_preferred_one_pays(company: SmallCompany) -> None:
    plan = company.call(Quote(numbers=("INV-1",))).plan
    methods = company.call(ListMethods()).methods

    assert plan is not None
    assert plan.method == next(m for m in methods if m.preferred)


REFUSALS: list[tuple[dict[str, Any], type[InvoicepayError], str]] = [
    ({"numbers": ("INV-404",)}, NotFound, "not_found"),
    ({"numbers": ("INV-9",)}, NotFound, "not_found"),  # another customer's
    ({"numbers": ("INV-1", "INV-4")}, Usage, "ambiguous_selection"),
    ({"numbers": ("INV-4",), "method": "ach"}, Usage, "currency_not_supported"),
    ({"numbers": ("INV-1",), "amounts": (("INV-1", "100.01"),)}, Refused, "amount_exceeds_payable"),
    ({"numbers": ("INV-1",), "amounts": (("INV-1", "0"),)}, Usage, "usage"),
    ({"numbers": ("INV-1",), "amounts": (("INV-1", "0.49"),)}, Usage, "under_limit"),
    ({"numbers": ("INV-1",), "amounts": (("INV-1", "1e1"),)}, BadInput, "bad_amount"),
    ({"numbers": ("INV-1",), "amounts": (("INV-2", "1"),)}, Usage, "usage"),
    ({"numbers": ("INV-1",), "method": "nope"}, NotFound, "not_found"),
    ({"numbers": ("INV-1",), "expect_total": "99.99"}, Refused, "total_differs"),
    ({"numbers": ("INV-1",), "max_total": "99.99"}, Refused, "total_differs"),
    ({"numbers": ("INV-1",), "state": InvoiceState.OPEN}, Usage, "usage"),
    ({}, Usage, "input_needed"),
    ({"numbers": ("INV-1",), "memo": "a\nb"}, BadInput, "bad_text"),
    ({"numbers": ("INV-1",), "key": "with space"}, Usage, "usage"),
    ({"state": InvoiceState.OPEN, "currency": "JPY"}, NotFound, "nothing_selected"),
]


@pytest.mark.parametrize(("request_", "family", "code"), REFUSALS)
def test_refused_before_anything_is_claimed(
    company: SmallCompany,
    gateway: ScriptedGateway,
    request_: dict[str, Any],
    family: type[InvoicepayError],
    code: str,
) -> None:
    with pytest.raises(family) as refusal:
        company.call(Quote(**request_))

    assert refusal.value.code == code
    assert gateway.calls == []


def test_paid_and_in_flight_invoices_say_so(company: SmallCompany) -> None:
    company.pay("INV-1", method="card")
    company.pay("INV-2", method="ach")

    with pytest.raises(Refused) as paid:
        company.call(Quote(numbers=("INV-1",)))
    with pytest.raises(Refused) as in_flight:
        company.call(Quote(numbers=("INV-2",)))

    assert (paid.value.code, in_flight.value.code) == ("already_paid", "in_flight")


def test_the_guards_pass_the_exact_total(company: SmallCompany) -> None:
    payment = company.pay("INV-1", method="card", expect_total="100.00", max_total="100")

    assert payment.amount_minor == 10000


def test_a_quote_that_only_looks_changes_nothing(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    before = company.ledger.path.read_bytes()

    company.call(Quote(numbers=("INV-1",), settle_first=False))

    assert company.ledger.path.read_bytes() == before
    assert gateway.calls == []


def test_the_same_plan_twice_charges_once(company: SmallCompany, gateway: ScriptedGateway) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None

    first, second = company.call(Pay(plan)), company.call(Pay(plan))

    assert first == second
    assert len(gateway.charges) == 1


def test_the_same_plan_in_two_processes_is_left_to_the_one_that_was_first(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    first = halfway(gateway, "create", lambda: company.call(Pay(plan)))
    first.switch()

    second = company.another_process().call(Pay(plan))

    assert second.status is PaymentStatus.CLAIMED
    assert gateway.calls == ["create"]
    first.switch()
    assert company.payment(plan.payment_id).status is PaymentStatus.SUCCEEDED


def test_a_plan_that_was_paid_is_nothing_to_another_customers_contact(
    company: SmallCompany,
) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    company.call(Pay(plan))

    with pytest.raises(Refused) as refusal:
        company.stranger.call(Pay(plan))

    assert refusal.value.code == "key_reused"


def test_a_payment_keeps_what_was_said_of_it(company: SmallCompany) -> None:
    payment = company.pay("INV-1", method="card", memo="October, second floor")

    assert payment.memo == "October, second floor"


# --- Moved since it was quoted ---


def test_a_plan_is_refused_when_its_invoice_was_paid_meanwhile(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    company.pay("INV-1", method="card")

    with pytest.raises(Refused) as refusal:
        company.call(Pay(plan))

    assert refusal.value.code == "already_paid"
    assert len(gateway.charges) == 1


def test_a_plan_is_refused_when_a_part_was_paid_meanwhile(company: SmallCompany) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card", amounts=(("INV-1", "10"),))).plan
    assert plan is not None
    company.pay("INV-1", method="card", amounts=(("INV-1", "20"),))

    with pytest.raises(Refused) as refusal:
        company.call(Pay(plan))

    assert refusal.value.code == "moved_since_quoted"


@pytest.mark.parametrize("total", ["120.00", "80.00"])
def test_a_plan_is_refused_when_its_invoice_was_raised_or_lowered_meanwhile(
    company: SmallCompany, gateway: ScriptedGateway, tmp_path: Path, total: str
) -> None:
    part = Quote(numbers=("INV-1",), method="card", amounts=(("INV-1", "10"),))
    plan = company.call(part).plan
    assert plan is not None
    changed = tmp_path / "invoices.csv"
    changed.write_text(
        "number,customer,issued_on,due_on,currency,total\n"
        f"INV-1,C-1,2026-10-01,2026-10-31,USD,{total}\n"
    )
    company.finance.call(ImportRecords("invoices", str(changed), update=True))

    with pytest.raises(Refused) as refusal:
        company.call(Pay(plan))

    assert refusal.value.code == "moved_since_quoted"
    assert gateway.charges == []


def test_another_customers_contact_cannot_pay_a_plan(company: SmallCompany) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None

    with pytest.raises(NotFound):
        company.stranger.call(Pay(plan))


def test_a_method_with_a_payment_under_way_stays(company: SmallCompany) -> None:
    payment = company.pay("INV-1", method="ach")

    with pytest.raises(Refused) as refusal:
        company.call(RemoveMethod(payment.method_id))

    assert refusal.value.code == "in_flight"


def test_a_removed_method_pays_nothing(company: SmallCompany) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    company.call(RemoveMethod(plan.method.id))

    with pytest.raises(Refused) as refusal:
        company.call(Pay(plan))

    assert refusal.value.code == "method_unusable"


# --- A plan is what its caller says; the ledger decides ---


def test_a_plans_own_word_on_its_method_is_not_trusted(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    theirs = company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    forged = replace(plan, method=replace(plan.method, gateway_id=theirs.gateway_id, brand="X"))

    payment = company.call(Pay(forged))

    assert gateway._orders[payment.gateway_id].method == plan.method.gateway_id
    assert payment.method_label == plan.method.name


def test_a_plan_for_somebody_else_or_with_their_method_is_not_found(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    theirs = company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    missing = replace(plan.method, id="no-such-method")

    for app, forged, says in (
        (company.payer, replace(plan, customer="C-2"), "no customer C-2"),
        (company.payer, replace(plan, method=theirs), f"no payment method {theirs.id}"),
        (company.finance, replace(plan, method=theirs), f"no payment method {theirs.id}"),
        (company.payer, replace(plan, method=missing), "no payment method no-such-method"),
    ):
        with pytest.raises(NotFound) as refusal:
            app.call(Pay(forged))
        assert refusal.value.message == says
    assert gateway.charges == []


def test_a_plan_for_an_invoice_of_another_customer_is_refused(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Also by finance, who may pay for either."""
    plan = company.finance.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    other = replace(plan.lines[0], invoice=company.invoice("INV-9"))
    foreign = replace(plan.lines[0], invoice=company.invoice("INV-4"))

    for line in (other, foreign):
        with pytest.raises(Refused) as refusal:
            company.finance.call(Pay(replace(plan, lines=(line,))))
        assert refusal.value.code == "moved_since_quoted"
        payable = Money(line.invoice.payable_minor, line.invoice.currency)
        assert f"{payable} is payable now" in refusal.value.message
    assert gateway.charges == []


def test_a_plan_for_an_absent_invoice_or_an_impossible_total_is_refused(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    (line,) = plan.lines
    absent = replace(line, invoice=replace(line.invoice, number="INV-77"))

    with pytest.raises(NotFound, match="no invoice INV-77"):
        company.call(Pay(replace(plan, lines=(absent,))))
    with pytest.raises(Usage) as little:
        company.call(Pay(replace(plan, lines=(replace(line, amount_minor=1),))))
    assert little.value.code == "under_limit"
    assert gateway.charges == []


def test_a_plan_names_each_invoice_once(company: SmallCompany, gateway: ScriptedGateway) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None

    for lines in ((), (*plan.lines, *plan.lines)):
        with pytest.raises(Usage):
            company.call(Pay(replace(plan, lines=lines)))
    assert gateway.charges == []


def test_a_contact_who_was_disabled_meanwhile_pays_nothing(
    company: SmallCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card")).plan
    assert plan is not None
    real = company.ledger.write

    def disabled_in_between() -> AbstractContextManager[Any]:
        monkeypatch.undo()
        with company.ledger.write() as unit:
            contact = unit.contacts.get("payer")
            assert contact is not None
            unit.contacts.put(replace(contact, status="disabled"))
            told(unit)
        return real()

    monkeypatch.setattr(company.ledger, "write", disabled_in_between)
    with pytest.raises(NotAllowed):
        company.call(Pay(plan))


def test_a_customers_sync_says_nothing_of_others_mail(
    company: SmallCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(message: Message, *, seconds: float) -> None:
        raise MailNotSent(f"550 no such user {message.to}")

    monkeypatch.setattr(company.mailer, "send", down)
    company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))
    plan = company.stranger.call(Quote(numbers=("INV-9",), method="card")).plan
    assert plan is not None
    company.stranger.call(Pay(plan))
    company.clock.move(minutes=30)

    assert "stranger" not in repr(list(company.call(Sync())))


# --- Naming a payment ---


def test_a_payment_is_known_by_the_beginning_of_its_id(company: SmallCompany) -> None:
    payment = company.pay("INV-1", method="card")

    assert company.call(ShowPayment(payment.id[:8])) == payment
    assert company.call(ShowPayment("R-000001")) == payment
    for text in (
        payment.id[:3],
        "R-000002",
        payment.id.upper(),
        payment.id[:8] + "%",
        "zzzzzzzz",
        "",
    ):
        with pytest.raises(NotFound):
            company.call(ShowPayment(text))
    with pytest.raises(NotFound):
        company.stranger.call(ShowPayment(payment.id[:8]))
    with pytest.raises(NotFound):
        company.stranger.call(ShowPayment("R-000001"))


def test_payments_since_a_day_are_those_received_or_made_on_it_or_later(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    debit = company.pay("INV-1", method="ach")
    company.clock.move(days=5)
    waiting = company.pay("INV-2", method="ach")
    gateway.bank_settles(debit.gateway_id)
    list(company.call(Sync()))

    def since(day: str) -> list[str]:
        return [p.id for p in company.call(ListPayments(since=date.fromisoformat(day))).items]

    assert since("2026-11-02") == since("2026-11-07") == [waiting.id, debit.id]
    assert since("2026-11-08") == []


def test_a_selection_that_names_nobody_says_so(company: SmallCompany) -> None:
    for number in ("C-404", "C-2"):  # absent, and another's
        for request in (
            ListPayments(customer=number),
            ListInvoices(InvoiceFilter(customer=number)),
            Quote(state=InvoiceState.OPEN, customer=number),
        ):
            with pytest.raises(NotFound) as refusal:
                company.call(request)
            assert refusal.value.message == f"no customer {number}"


def test_the_first_method_stays_the_default(company: SmallCompany) -> None:
    first = company.stranger.call(AttachTestMethod("C-2", "pm_usBankAccount_success"))
    second = company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))

    assert (first.default, first.preferred) == (True, True)
    assert (second.default, second.preferred) == (True, False)


def test_a_beginning_that_several_payments_share_is_not_guessed(
    company: SmallCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = iter(["aaaaaaaa-1111-4111-8111-111111111111", "aaaaaaaa-2222-4222-8222-222222222222"])
    monkeypatch.setattr(company.ids, "new", lambda: next(ids))
    company.pay("INV-1", method="card")
    second = company.pay("INV-2", method="card")

    with pytest.raises(Usage):
        company.call(ShowPayment("aaaaaaaa"))
    assert company.call(ShowPayment("aaaaaaaa-2")) == second


# --- What a part leaves ---


@pytest.mark.parametrize(
    ("amount", "warned"), [("99.50", False), ("99.51", True), ("99.99", True), ("100", False)]
)
def test_a_part_that_leaves_less_than_can_be_charged_is_warned_about(
    company: SmallCompany, amount: str, warned: bool
) -> None:
    plan = company.call(Quote(numbers=("INV-1",), method="card", amounts=(("INV-1", amount),))).plan

    assert plan is not None
    assert bool(plan.too_small_to_pay_later) is warned
