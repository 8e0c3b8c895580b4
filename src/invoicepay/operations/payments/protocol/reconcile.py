"""What the gateway has and the ledger does not: the ledger was restored from a backup, or copied.

One rule for both uses: a payment is refused while its customer has such a charge, and `sync` adopts
it (`adopt.py`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from invoicepay.billing.customer import Customer
from invoicepay.billing.errors import Refused
from invoicepay.billing.identity import LedgerIdentity
from invoicepay.billing.payment import UNDER_WAY, Payment, PaymentStatus
from invoicepay.billing.ports import (
    Intent,
    IntentStatus,
    KnownPayment,
    Ports,
    Unit,
    UnreadableIntent,
)
from invoicepay.operations.payments.protocol.gateway_trouble import LOOK_IT_UP
from invoicepay.operations.payments.protocol.outcome import cancel_intent

NEWEST_LOOKED_AT = 100
"""Of a customer's intents, in each payment: one page."""
CHARGED = (IntentStatus.SUCCEEDED, IntentStatus.PROCESSING)
_GIVEN_UP = (PaymentStatus.FAILED, PaymentStatus.CANCELED)


AnyIntent: TypeAlias = Intent | UnreadableIntent


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
    pending: tuple[AnyIntent, ...]
    """Explained, by payments that are under way, and not charged as far as one can tell."""


def unexplained(
    intents: Iterable[AnyIntent], ports: Ports, own: Intent | None = None
) -> Unexplained:
    """Which of `intents`, all of this ledger, it does not explain. The ledger is read after they
    are: whatever another process had created by then is claimed by now. `own`: the intent that
    the caller has just had from `create`, for a payment that it has claimed."""
    found = [intent for intent in intents if not is_canceled(intent)]
    ids = [intent.payment_id for intent in found] + [derived_id(intent) for intent in found]
    with ports.ledger.read() as unit:
        known = unit.payments.known(ids)
    charged: list[Intent] = []
    unfinished: list[Intent] = []
    given_up: list[Intent] = []
    unreadable: list[UnreadableIntent] = []
    pending: list[AnyIntent] = []
    for intent in found:
        payment = known.get(intent.payment_id)
        if payment and not payment.gateway_id and own and own.payment_id == intent.payment_id:
            payment = KnownPayment(payment.status, own.id)  # the caller will store that id
        if isinstance(intent, UnreadableIntent):
            if not (_holds(payment, intent) or derived_id(intent) in known):
                unreadable.append(intent)
            elif payment is not None and payment.status in UNDER_WAY:
                pending.append(intent)
        elif intent.status in CHARGED:
            if not (explains(payment, intent) or derived_id(intent) in known):
                charged.append(intent)
        elif payment is None:
            unfinished.append(intent)
        elif payment.status in _GIVEN_UP or payment.gateway_id not in ("", intent.id):
            given_up.append(intent)
        else:
            pending.append(intent)
    return Unexplained(
        tuple(charged), tuple(unfinished), tuple(given_up), tuple(unreadable), tuple(pending)
    )


def is_canceled(intent: AnyIntent) -> bool:
    return isinstance(intent, Intent) and intent.status is IntentStatus.CANCELED


def _holds(payment: KnownPayment | None, intent: UnreadableIntent) -> bool:
    """Whether a payment accounts for what cannot be read: under way, it holds its invoices until
    that is known; final, it was read when it ended, which it does for good."""
    if payment is None:
        return False
    if payment.gateway_id:
        return intent.id == payment.gateway_id
    return payment.status not in _GIVEN_UP


def explains(payment: KnownPayment | None, intent: Intent) -> bool:
    """Whether a payment accounts for a charge. Its id alone does not: when a key is used again on
    a restored ledger after it has expired at the gateway, two intents have the same."""
    if payment is None or payment.status in _GIVEN_UP:
        return False
    return payment.gateway_id == intent.id


def derived_id(intent: AnyIntent) -> str:
    """The id of the payment that a charge becomes whose own payment was given up here."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"invoicepay:{intent.id}"))


def check_not_behind(payment: Payment, customer: Customer, own: Intent, ports: Ports) -> None:
    """Raises Refused when the gateway has a charge of this ledger for `customer` that it does not
    explain, or one that cannot be read and may be for what `payment` is for. After `create`, which
    gave `own`, and before the confirm: of two copies that pay at once, the one that looks later
    sees the other's. What this one gave up, the other may still confirm: it is canceled first.
    Raises NoAnswer, Rejected."""
    with ports.ledger.read() as unit:
        identity = unit.company.identity()
    listed = ports.gateway.intents(identity.id, customer=customer.gateway_id)
    behind = unexplained(_to_be_looked_at(listed, identity.reconciled_until), ports, own)
    _look_from((*behind.charged, *behind.unfinished, *behind.unreadable), identity, ports)
    _refuse(len(behind.charged) + len(behind.unfinished))
    _refuse_what_may_be_charged(payment, behind.unreadable)
    after = [cancel_intent(intent, ports) for intent in behind.given_up]
    charged = [intent for intent in after if not is_canceled(intent)]
    _look_from(charged, identity, ports)
    _refuse(len(charged))


def _to_be_looked_at(
    listed: Iterable[AnyIntent], reconciled_until: datetime | None
) -> Iterator[AnyIntent]:
    """Of a customer's intents, newest first: all since the ledger was known to have them all, and
    more, since that costs nothing. Canceled ones do not count."""
    count = 0
    for intent in listed:
        if not is_canceled(intent):
            count += 1
            yield intent
        # Not with the next one in hand: that may take another call.
        enough = count >= NEWEST_LOOKED_AT
        if enough and (reconciled_until is None or _is_before(intent, reconciled_until)):
            return


def _is_before(intent: AnyIntent, instant: datetime) -> bool:
    return intent.created_at is not None and intent.created_at < instant


def _look_from(intents: Iterable[AnyIntent], identity: LedgerIdentity, ports: Ports) -> None:
    """Have the next `sync` look at all of these, which this ledger does not explain. One that was
    made when it was thought to know all shows that it did not."""
    made = [intent.created_at for intent in intents if intent.created_at]
    if identity.reconciled_until is None or not made:
        return
    now = ports.clock.now()

    def set_back(unit: Unit) -> None:
        until = unit.company.identity().reconciled_until
        assert until is not None, "it is never taken back"
        if min(made) < until:  # or somebody has set it back further
            set_reconciled(min(made), unit, now)

    ports.ledger.transact(set_back)


def set_reconciled(until: datetime, unit: Unit, now: datetime) -> None:
    unit.company.set_reconciled(until)
    details = {"until": until.isoformat()}
    unit.journal.append("gateway.reconciled", "", "sync", now, details)


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
            "Nothing was charged. Have finance run `invoicepay sync`, then try again.",
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
