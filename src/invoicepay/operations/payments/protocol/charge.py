"""Steps 2 and 3: an unconfirmed intent, its id stored, then one confirm."""

from __future__ import annotations

from invoicepay.billing.customer import EVERYTHING, Customer
from invoicepay.billing.errors import (
    DoesNotTie,
    OutcomeUnknown,
    Refused,
    Unreachable,
    must_be_there,
)
from invoicepay.billing.money import Money
from invoicepay.billing.payment import Payment, PaymentStatus, sync_finds_out
from invoicepay.billing.ports import (
    ChargeOrder,
    Intent,
    NoAnswer,
    PaymentChange,
    Ports,
    Rejected,
    Unit,
    Unreadable,
)
from invoicepay.operations.payments.protocol.gateway_trouble import unreachable
from invoicepay.operations.payments.protocol.outcome import (
    cancel_orphan,
    conclude,
    give_up,
    record_unknown,
)
from invoicepay.operations.payments.protocol.reconcile import check_not_behind
from invoicepay.operations.payments.protocol.transition import change_state, check_is_of, reread


def charge(payment: Payment, ports: Ports) -> Payment:
    """Have the gateway charge a payment that the caller has just claimed; the payment as it is
    after that.

    Raises Unreachable or Refused when nothing was charged, OutcomeUnknown when the ledger cannot
    be written after something may have been.
    """
    intent = _prepare(payment, ports)
    payment, may_confirm = store_intent(payment, intent, ports)
    if not may_confirm:
        cancel_orphan(intent.id, ports)
        return payment
    try:
        return _confirm(payment, intent, ports)
    except (Unreachable, DoesNotTie) as error:
        raise OutcomeUnknown(
            "outcome_unknown",
            f"payment {payment.id} may have been charged, and this could not be recorded: "
            f"{error.message}",
            f"Do not pay again; {sync_finds_out(payment)}.",
            payment=payment.id,
        ) from error


def _prepare(payment: Payment, ports: Ports) -> Intent:
    """The payment's intent, unconfirmed, and this ledger not behind. Gives the payment up, and
    raises, when that cannot be had: an intent whose id is not stored is confirmed by nobody."""
    customer, order = _order(payment, ports)
    intent = None
    try:
        intent = ports.gateway.create(order)
        check_not_behind(payment, customer, intent, ports)
    except (NoAnswer, Rejected, Refused, Unreachable) as error:
        give_up(payment, ports, str(error))
        made = error.intent if intent is None and isinstance(error, Unreadable) else intent
        if made is not None:
            cancel_orphan(made.id, ports)
        if isinstance(error, NoAnswer | Rejected):
            raise unreachable(error) from error
        raise
    return intent


def store_intent(payment: Payment, intent: Intent, ports: Ports) -> tuple[Payment, bool]:
    """Compare-and-set `claimed → submitted` with the intent's id. True for the one caller that
    may confirm it."""
    now = ports.clock.now()

    def store(unit: Unit) -> tuple[Payment, bool]:
        current = reread(payment, unit)
        if current.status is not PaymentStatus.CLAIMED:  # perhaps settled by another intent of its
            return current, False
        check_is_of(current, intent)
        change = PaymentChange(PaymentStatus.SUBMITTED, gateway_id=intent.id)
        return change_state(current, change, unit, now), True

    return ports.ledger.transact(store)


def _confirm(payment: Payment, intent: Intent, ports: Ports) -> Payment:
    refused = None
    try:
        try:
            intent = ports.gateway.confirm(intent.id, payment.id)
        except Rejected as error:  # somebody may have canceled it; what it says itself decides
            refused = error
            intent = ports.gateway.retrieve(intent.id)
    except (NoAnswer, Rejected) as error:
        return record_unknown(payment, str(error), ports)
    return conclude(payment, intent, ports, refused=refused, charged_now=refused is None)


def _order(payment: Payment, ports: Ports) -> tuple[Customer, ChargeOrder]:
    with ports.ledger.read() as unit:
        company = unit.company.get()
        identity = unit.company.identity()
        found = unit.customers.get(payment.customer, EVERYTHING)
        customer = must_be_there(found, f"{payment.customer}, whose payment {payment.id} is,")
        method = must_be_there(
            unit.methods.get(payment.method_id, EVERYTHING), f"the method of payment {payment.id}"
        )
    count = len(payment.allocations)
    what = payment.allocations[0].invoice if count == 1 else f"{count} invoices"
    return customer, ChargeOrder(
        payment_id=payment.id,
        ledger_id=identity.id,
        customer=customer.gateway_id,
        customer_number=customer.number,
        method=method.gateway_id,
        method_type=method.type.value,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        description=f"{company.name}: {what}, {Money(payment.amount_minor, payment.currency)}",
        allocations=payment.allocations,
        request_digest=payment.request_digest,
    )
