"""Settle everything under way, take in charges the ledger does not know, send owed e-mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from invoicepay.billing.customer import EVERYTHING, Actor, Role
from invoicepay.billing.errors import DoesNotTie, InvoicepayError, Unreachable
from invoicepay.billing.method import MethodType
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus
from invoicepay.billing.ports import Intent, IntentStatus, NoAnswer, Ports, Rejected, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.deliver import DeliveryReport, deliver
from invoicepay.operations.progress import Started
from invoicepay.operations.protocol.record import SETTLED_BY, record
from invoicepay.operations.protocol.settle import has_lease, settle
from invoicepay.operations.protocol.submit import unreachable

LOOK_BACK = timedelta(days=35)
"""How far before the newest known charge `sync` looks for unknown ones: longer than a month
that two copies of a ledger may have gone separate ways."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of one payment. `was` is None for one that this ledger did not know."""

    payment: Payment
    was: PaymentStatus | None
    error: InvoicepayError | None = None


SyncStep: TypeAlias = Started | Settled | DeliveryReport


@dataclass(frozen=True, slots=True)
class Sync(Request[Iterator[SyncStep]]):
    """For customers: their own payments. For finance: everything, with what the ledger does
    not know."""


def sync(request: Sync, actor: Actor, ports: Ports) -> Iterator[SyncStep]:
    """One `Settled` for each payment looked at, then one DeliveryReport.

    A payment whose outcome cannot be found out comes with an error, and the others go on.
    Raises Unreachable when the gateway cannot be asked for unknown charges.
    """
    with ports.ledger.read() as unit:
        under_way = unit.payments.unsettled(actor.scope)
    unknown = [] if actor.role is Role.CUSTOMER else _unknown_charges(ports)
    yield Started(len(under_way) + len(unknown))
    for intent in unknown:
        yield _take_in(intent, ports)
    for payment in under_way:
        yield _settle(payment, ports)
    yield deliver(ports)


def _settle(payment: Payment, ports: Ports) -> Settled:
    if has_lease(payment, ports):
        return Settled(payment, payment.status)
    try:
        return Settled(settle(payment, ports), payment.status)
    except (NoAnswer, Rejected) as error:
        return Settled(payment, payment.status, unreachable(error))
    except DoesNotTie as error:
        return Settled(payment, payment.status, error)


def _unknown_charges(ports: Ports) -> list[Intent]:
    """Intents with this ledger's id and a payment that it does not have, oldest first: it was
    restored or copied. Unconfirmed ones charge nobody and are left alone."""
    with ports.ledger.read() as unit:
        identity = unit.company.identity()
        newest = unit.payments.newest_charge_at()
    try:
        since = newest - LOOK_BACK if newest else None
        intents = [
            intent
            for intent in ports.gateway.intents(since=since)
            if intent.ledger_id == identity.id
            and intent.status in (IntentStatus.SUCCEEDED, IntentStatus.PROCESSING)
        ]
    except (NoAnswer, Rejected) as error:
        raise Unreachable(
            "gateway_unreachable",
            f"the gateway cannot be asked for this ledger's charges: {error}",
            "Nothing was changed. Try again later.",
        ) from error
    with ports.ledger.read() as unit:
        known = unit.payments.known([intent.payment_id for intent in intents])
    return [intent for intent in reversed(intents) if intent.payment_id not in known]


def _take_in(intent: Intent, ports: Ports) -> Settled:
    """Make the payment of a charge that the ledger does not know, as far as its invoices are
    payable; the rest becomes unapplied credit."""
    assert intent.status in SETTLED_BY
    with ports.ledger.write() as unit:
        customer = unit.customers.by_gateway_id(intent.customer)
        if customer is None:
            raise DoesNotTie(
                "books_differ",
                f"the gateway's {intent.id} is for a customer this ledger does not know "
                f"({intent.customer})",
                "Import the customer again, or restore a newer backup, then sync.",
            )
        payment = unit.payments.get(intent.payment_id, EVERYTHING)
        if payment is None:
            allocations = _fitting(intent, customer.number, unit)
            payment = Payment(
                id=intent.payment_id,
                status=PaymentStatus.SUBMITTED,
                customer=customer.number,
                currency=intent.currency,
                amount_minor=intent.amount_minor,
                method_type=MethodType.ACH if intent.method_type == "ach" else MethodType.CARD,
                method_label="taken in from the gateway",
                created_at=intent.created_at,
                initiated_by="",
                livemode=intent.livemode,
                allocations=allocations,
                gateway_id=intent.id,
            )
            unit.payments.add(payment)
            unit.invoices.reserve(allocations)
            unit.journal.append(
                "payment.taken_in",
                payment.id,
                "sync",
                ports.clock.now(),
                {"gateway_id": intent.id, "amount_minor": intent.amount_minor},
            )
    return Settled(record(payment, intent, ports), None)


def _fitting(intent: Intent, customer: str, unit: Unit) -> tuple[Allocation, ...]:
    fitting = []
    for allocation in intent.allocations:
        invoice = unit.invoices.get(allocation.invoice, EVERYTHING)
        if invoice and (invoice.customer, invoice.currency) == (customer, intent.currency):
            amount = min(allocation.amount_minor, invoice.payable_minor)
            if amount > 0:
                fitting.append(Allocation(invoice.number, amount))
    return tuple(fitting)
