"""What the gateway has and the ledger does not: the ledger was restored from a backup, or copied.

One rule for both uses: a payment is refused while its customer has such a charge, and `sync` takes
it in.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from invoicepay.billing.customer import EVERYTHING, Customer
from invoicepay.billing.errors import DoesNotTie, Refused
from invoicepay.billing.method import MethodType
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus
from invoicepay.billing.ports import (
    Intent,
    IntentStatus,
    Ports,
    Rejected,
    Standing,
    Unit,
    UnreadableIntent,
)
from invoicepay.operations.protocol.cancel import cancel
from invoicepay.operations.protocol.record import give_up_claims, record

NEWEST_LOOKED_AT = 100
"""A charge made since the ledger was restored or copied is among its customer's newest."""
_CHARGED = (IntentStatus.SUCCEEDED, IntentStatus.PROCESSING)
_GIVEN_UP = (PaymentStatus.FAILED, PaymentStatus.CANCELED)


AnyIntent: TypeAlias = Intent | UnreadableIntent

LOOK_IT_UP = (
    "Finance: look it up in the gateway's dashboard, and cancel it there if it should not be "
    "charged; a newer invoicepay may be able to read it."
)
"""What to do about an intent that cannot be read."""


@dataclass(frozen=True, slots=True)
class Unexplained:
    """Intents of this ledger that no payment of it explains, in the order they came."""

    charged: tuple[Intent, ...]
    """Money moved, or is at the bank."""
    unfinished: tuple[Intent, ...]
    """Could still be charged by whoever made them."""
    given_up: tuple[Intent, ...]
    """Not charged, and their payments were given up here; a copy of this ledger may still think
    otherwise."""
    unreadable: tuple[UnreadableIntent, ...]
    """Perhaps charged."""


def unexplained(intents: Iterable[AnyIntent], ports: Ports, own: str = "") -> Unexplained:
    """Which of `intents`, all of this ledger, it does not explain. The ledger is read after they
    are: whatever another process had created by then is claimed by now. `own`: the intent that
    the caller has just had from `create`, for a payment that it has claimed."""
    found = [intent for intent in intents if not _is_canceled(intent)]
    ids = [intent.payment_id for intent in found] + [late_id(intent) for intent in found]
    with ports.ledger.read() as unit:
        known = unit.payments.standings(ids)
    charged: list[Intent] = []
    unfinished: list[Intent] = []
    given_up: list[Intent] = []
    unreadable: list[UnreadableIntent] = []
    for intent in found:
        standing = known.get(intent.payment_id)
        if isinstance(intent, UnreadableIntent):
            if not (intent.id == own or _holds(standing, intent) or late_id(intent) in known):
                unreadable.append(intent)
        elif intent.status in _CHARGED:
            if not (intent.id == own or _explains(standing, intent) or late_id(intent) in known):
                charged.append(intent)
        elif standing is None:
            unfinished.append(intent)
        elif standing.status in _GIVEN_UP or standing.gateway_id not in ("", intent.id):
            given_up.append(intent)
    return Unexplained(tuple(charged), tuple(unfinished), tuple(given_up), tuple(unreadable))


def _is_canceled(intent: AnyIntent) -> bool:
    return isinstance(intent, Intent) and intent.status is IntentStatus.CANCELED


def _holds(standing: Standing | None, intent: UnreadableIntent) -> bool:
    """Whether a payment accounts for what cannot be read: under way, it holds its invoices until
    that is known; final, it was read when it ended, which it does for good."""
    if standing is None:
        return False
    if standing.gateway_id:
        return intent.id == standing.gateway_id
    return standing.status not in _GIVEN_UP


def _explains(standing: Standing | None, intent: Intent) -> bool:
    """Whether a payment accounts for a charge. Its id alone does not: when a key is used again on
    a restored ledger after it has expired at the gateway, two intents have the same."""
    if standing is None or standing.status in _GIVEN_UP:
        return False
    return standing.gateway_id == intent.id


def late_id(intent: AnyIntent) -> str:
    """The payment that a charge becomes whose own payment was given up here."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"invoicepay:{intent.id}"))


def check_not_behind(payment: Payment, customer: Customer, own: Intent, ports: Ports) -> None:
    """Raises Refused when the gateway has a charge of this ledger for `customer` that it does not
    explain, or one that cannot be read and may be for what `payment` is for. After `create`, which
    gave `own`, and before the confirm: of two copies that pay at once, the one that looks later
    sees the other's. What this one gave up, the other may still confirm: it is canceled first.
    Raises NoAnswer, Rejected."""
    with ports.ledger.read() as unit:
        ledger_id = unit.company.identity().id
    listed = ports.gateway.intents(ledger_id, customer=customer.gateway_id)
    not_canceled = (intent for intent in listed if not _is_canceled(intent))
    behind = unexplained(islice(not_canceled, NEWEST_LOOKED_AT), ports, own.id)
    _refuse(len(behind.charged) + len(behind.unfinished))
    _refuse_what_may_be_charged(payment, behind.unreadable)
    after = [cancel(intent, ports) for intent in behind.given_up]
    _refuse(sum(intent.status is not IntentStatus.CANCELED for intent in after))


def check_reconciled(customer: Customer, ports: Ports) -> None:
    """Raises Refused when the gateway has any charge of this ledger that it does not explain, or
    one of this customer's that cannot be read: before the customer is made at the gateway, who may
    be there already under an id that a restored ledger has forgotten. Raises NoAnswer, Rejected."""
    behind = unexplained(since_reconciled(ports), ports)
    _refuse(len(behind.charged) + len(behind.unfinished))
    with ports.ledger.read() as unit:
        theirs = [i for i in behind.unreadable if _may_be_of(customer, i, unit)]
    if theirs:
        raise Refused(
            "ledger_behind_gateway",
            f"{customer.number} is at the gateway already, with a charge that this ledger does not "
            f"know: {theirs[0]}",
            LOOK_IT_UP,
        )


def _may_be_of(customer: Customer, intent: UnreadableIntent, unit: Unit) -> bool:
    if intent.customer_number:
        return intent.customer_number == customer.number
    return not intent.customer or unit.customers.by_gateway_id(intent.customer) is None


def _refuse(count: int) -> None:
    if count:
        raise Refused(
            "ledger_behind_gateway",
            f"the gateway has {count} payment(s) that this ledger does not know; it looks "
            "restored from a backup or copied",
            "Nothing was charged. Run `invoicepay sync` as finance, then try again.",
        )


def _refuse_what_may_be_charged(payment: Payment, unreadable: Iterable[UnreadableIntent]) -> None:
    for intent in unreadable:
        for allocation in payment.allocations:
            if intent.invoices is None or allocation.invoice in intent.invoices:
                raise Refused(
                    "in_flight",
                    f"{allocation.invoice} may have been charged already: the gateway's {intent}",
                    f"Nothing was charged now. {LOOK_IT_UP}",
                )


def since_reconciled(ports: Ports) -> list[AnyIntent]:
    """This ledger's intents at the gateway since it was last known to have them all, newest
    first. Raises NoAnswer, Rejected."""
    with ports.ledger.read() as unit:
        identity = unit.company.identity()
    return list(ports.gateway.intents(identity.id, since=identity.reconciled_until))


def take_in(intent: Intent, ports: Ports) -> Payment:
    """Make the payment of a charge that the ledger does not explain, as far as its invoices are
    payable; the rest becomes unapplied credit. Raises DoesNotTie for an unknown customer."""
    with ports.ledger.write() as unit:
        customer = _customer(intent, unit)
        standing = unit.payments.standings([intent.payment_id]).get(intent.payment_id)
        own_id = standing is None or _explains(standing, intent)  # or it was settled meanwhile
        payment_id = intent.payment_id if own_id else late_id(intent)
        payment = unit.payments.get(payment_id, EVERYTHING)
        if payment is None:
            # A claim that was made before this charge was known may be for the same debt, and
            # its payer will not find the charge unexplained any more.
            give_up_claims(customer, "the gateway has a charge that was not known", unit, ports)
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
            )
            unit.payments.add(payment)
            unit.invoices.reserve(payment.allocations)
            unit.journal.append(
                "payment.taken_in",
                payment.id,
                "sync",
                ports.clock.now(),
                {"gateway_id": intent.id, "amount_minor": intent.amount_minor},
            )
    # A card's money moved when it was charged; a debit's settling day is not told by its intent.
    received_at = intent.created_at if payment.method_type is MethodType.CARD else None
    return record(payment, intent, ports, received_at=received_at)


def cancel_unfinished(intent: Intent, ports: Ports) -> None:
    """Have the gateway refuse whoever made `intent` and may still confirm it. One that has moved
    on meanwhile is found charged by the next `sync`. Raises NoAnswer."""
    try:
        ports.gateway.cancel(intent.id)
    except Rejected:
        return


def _customer(intent: Intent, unit: Unit) -> Customer:
    customer = unit.customers.by_gateway_id(intent.customer) if intent.customer else None
    if customer is None:
        customer = unit.customers.get(intent.customer_number, EVERYTHING)
        if customer is not None and not customer.gateway_id:
            unit.customers.set_gateway_id(customer.number, intent.customer)
    if customer is None:
        raise DoesNotTie(
            "books_differ",
            f"the gateway's {intent.id} is for customer {intent.customer_number or '?'}, whom "
            "this ledger does not have",
            "Import the customer, then sync.",
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
