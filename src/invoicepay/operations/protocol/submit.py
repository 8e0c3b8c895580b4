"""Steps 2 and 3: an unconfirmed intent, its id stored, then one confirm."""

from __future__ import annotations

from itertools import islice

from invoicepay.billing.customer import EVERYTHING, Customer
from invoicepay.billing.errors import Refused, Unreachable
from invoicepay.billing.money import Money
from invoicepay.billing.payment import Payment
from invoicepay.billing.plan import PaymentPlan
from invoicepay.billing.ports import (
    ChargeOrder,
    Intent,
    IntentStatus,
    NoAnswer,
    Ports,
    Rejected,
)
from invoicepay.operations.protocol.record import (
    SETTLED_BY,
    record,
    record_never_confirmed,
    record_submitted,
    record_unknown,
)

NEWEST_LOOKED_AT = 100
"""A charge made after this ledger was copied is among its customer's newest."""


def check_not_behind(customer: Customer, ports: Ports) -> None:
    """Raises Refused when the gateway has charges of this ledger that it does not know: it has
    been restored from a backup, or copied. Before the claim, since it asks the gateway."""
    with ports.ledger.read() as unit:
        ledger_id = unit.company.identity().id
    try:
        newest = list(islice(ports.gateway.intents(customer=customer.gateway_id), NEWEST_LOOKED_AT))
    except (NoAnswer, Rejected) as error:
        raise unreachable(error) from error
    ours = [
        intent.payment_id
        for intent in newest
        if intent.ledger_id == ledger_id and intent.status is not IntentStatus.CANCELED
    ]
    # Read after the list: whatever another payer had created by then is claimed by now.
    with ports.ledger.read() as unit:
        unknown = set(ours) - unit.payments.known(ours)
    if unknown:
        raise Refused(
            "ledger_behind_gateway",
            f"the gateway has {len(unknown)} payment(s) of {customer.number} that this ledger "
            "does not know; it looks restored from a backup or copied",
            "Nothing was charged. Run `invoicepay sync` as finance, then try again.",
        )


def submit(payment: Payment, plan: PaymentPlan, ports: Ports) -> Payment:
    """Have the gateway charge a payment that the caller has just claimed; the payment as it is
    after that. Raises Unreachable when the gateway could not be asked: nothing was charged."""
    order = _order(payment, plan, ports)
    try:
        intent = ports.gateway.create(order)
    except (NoAnswer, Rejected) as error:
        record_never_confirmed(payment, str(error), ports)
        raise unreachable(error) from error
    payment, may_confirm = record_submitted(payment, intent, ports)
    if not may_confirm:
        _cancel_orphan(intent, ports)
        return payment
    try:
        intent = ports.gateway.confirm(intent.id, payment.id)
    except Rejected:
        try:  # somebody may have canceled it; what it says itself decides
            intent = ports.gateway.retrieve(intent.id)
        except (NoAnswer, Rejected) as error:
            return record_unknown(payment, str(error), ports)
    except NoAnswer as error:
        return record_unknown(payment, str(error), ports)
    return conclude(payment, intent, ports)


def conclude(payment: Payment, intent: Intent, ports: Ports) -> Payment:
    """Record what `intent` decides. One that could still be charged is canceled first; only
    when it reads `canceled` is anything released. Never confirms."""
    if intent.status in SETTLED_BY:
        return record(payment, intent, ports, failure=intent if intent.failure_code else None)
    declined = intent if intent.failure_code else None
    try:
        intent = ports.gateway.cancel(intent.id)
    except Rejected:
        try:  # it has moved on
            intent = ports.gateway.retrieve(intent.id)
        except (NoAnswer, Rejected) as error:
            return record_unknown(payment, str(error), ports)
    except NoAnswer as error:
        return record_unknown(payment, str(error), ports)
    if intent.status not in SETTLED_BY:
        return record_unknown(payment, f"the gateway left it {intent.status}", ports)
    return record(payment, intent, ports, failure=declined)


def unreachable(error: Exception) -> Unreachable:
    """The gateway's trouble before anything could be charged, in one line."""
    if isinstance(error, Rejected):
        return Unreachable(
            "gateway_refused",
            f"the gateway refused: {error.message}",
            "Nothing was charged.",
        )
    return Unreachable(
        "gateway_unreachable",
        f"the gateway cannot be reached: {error}",
        "Nothing was charged. Try again later.",
    )


def _order(payment: Payment, plan: PaymentPlan, ports: Ports) -> ChargeOrder:
    with ports.ledger.read() as unit:
        company = unit.company.get()
        identity = unit.company.identity()
        customer = unit.customers.get(payment.customer, EVERYTHING)
    assert customer is not None
    count = len(payment.allocations)
    what = payment.allocations[0].invoice if count == 1 else f"{count} invoices"
    return ChargeOrder(
        payment_id=payment.id,
        ledger_id=identity.id,
        customer=customer.gateway_id,
        method=plan.method.gateway_id,
        method_type=plan.method.type.value,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        description=f"{company.name}: {what}, {Money(payment.amount_minor, payment.currency)}",
        allocations=payment.allocations,
    )


def _cancel_orphan(intent: Intent, ports: Ports) -> None:
    """Tidiness only: an intent that nobody will confirm."""
    try:
        ports.gateway.cancel(intent.id)
    except (NoAnswer, Rejected):
        return
