"""What becomes of a charge that no payment of the ledger explains: a payment, or it is canceled."""

from __future__ import annotations

from invoicepay.billing.customer import EVERYTHING, Customer
from invoicepay.billing.errors import DoesNotTie
from invoicepay.billing.method import MethodType
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus
from invoicepay.billing.ports import Intent, Ports, Rejected, Unit
from invoicepay.operations.payments.protocol.outcome import cancel_intent, give_up_claims, record_in
from invoicepay.operations.payments.protocol.reconcile import (
    CHARGED,
    derived_id,
    explains,
    is_canceled,
)


def adopt_unmatched_charge(intent: Intent, ports: Ports) -> Payment:
    """Make the payment of a charge that the ledger does not explain, as far as its invoices are
    payable; the rest is unapplied credit, until `place` finds room for it. Raises DoesNotTie for an
    unknown customer."""
    now = ports.clock.now()

    def record_charge(unit: Unit) -> Payment:
        customer = _customer(intent, unit)
        known = unit.payments.known([intent.payment_id]).get(intent.payment_id)
        own_id = known is None or explains(known, intent)  # or it was settled meanwhile
        payment_id = intent.payment_id if own_id and intent.payment_id else derived_id(intent)
        payment = unit.payments.get(payment_id, EVERYTHING)
        if payment is None:
            # A claim that was made before this charge was known may be for the same debt, and
            # its payer will not find the charge unexplained any more.
            give_up_claims(customer, "the gateway has a charge that was not known", unit, now)
            payment = Payment(
                id=payment_id,
                status=PaymentStatus.SUBMITTED,
                customer=customer.number,
                currency=intent.currency,
                amount_minor=intent.amount_minor,
                method_type=MethodType.ACH if intent.method_type == "ach" else MethodType.CARD,
                method_label="taken in from the gateway",
                created_at=intent.created_at,
                initiated_by="",
                livemode=intent.livemode,
                allocations=_fitting(intent, customer.number, unit),
                gateway_id=intent.id,
                request_digest=intent.request_digest,
            )
            unit.payments.add(payment)
            unit.payments.add_unplaced(payment.id, _unplaced(intent, payment))
            unit.invoices.reserve(payment.allocations)
            unit.journal.append(
                "payment.taken_in",
                payment.id,
                "sync",
                now,
                {"gateway_id": intent.id, "amount_minor": intent.amount_minor},
            )
        return record_in(unit, payment, intent, now)

    return ports.ledger.transact(record_charge)


def cancel_or_adopt(intent: Intent, ports: Ports) -> Payment | None:
    """Have the gateway refuse whoever made `intent` and may still confirm it. What was charged
    meanwhile becomes a payment. Raises NoAnswer, and Rejected for what can still be charged."""
    after = cancel_intent(intent, ports)
    if after.status in CHARGED:
        return adopt_unmatched_charge(after, ports)
    if not is_canceled(after):
        raise Rejected("not_canceled", f"{intent.id} is {after.status}, and was not canceled")
    return None


def _customer(intent: Intent, unit: Unit) -> Customer:
    customer = unit.customers.by_gateway_id(intent.customer) if intent.customer else None
    if customer is None:
        customer = unit.customers.get(intent.customer_number, EVERYTHING)
        if customer is not None:
            unit.customers.set_gateway_id(customer.number, intent.customer)  # where it has none
    if customer is None:
        raise DoesNotTie(
            "books_differ",
            f"the gateway's {intent.id} is for customer {intent.customer_number or '?'}, whom "
            "this ledger does not have",
            f"Import {intent.customer_number or 'the customer'} with `invoicepay import "
            "customers`, then run `invoicepay sync`.",
        )
    return customer


def _fitting(intent: Intent, customer: str, unit: Unit) -> tuple[Allocation, ...]:
    fitting: dict[str, int] = {}
    left = intent.amount_minor
    for allocation in intent.allocations:
        invoice = unit.invoices.get(allocation.invoice, EVERYTHING)
        if invoice is None or invoice.number in fitting:
            continue
        if (invoice.customer, invoice.currency) != (customer, intent.currency):
            continue
        amount = min(allocation.amount_minor, invoice.payable_minor, left)
        if amount > 0:
            fitting[invoice.number] = amount
            left -= amount
    return tuple(Allocation(number, amount) for number, amount in fitting.items())


def _unplaced(intent: Intent, payment: Payment) -> list[Allocation]:
    """What the charge was for beyond what `payment` is on."""
    placed = {a.invoice: a.amount_minor for a in payment.allocations}
    wanted = {a.invoice: a.amount_minor for a in reversed(intent.allocations)}  # the first of each
    rest = {number: amount - placed.get(number, 0) for number, amount in wanted.items()}
    return [Allocation(number, amount) for number, amount in rest.items() if amount > 0]
