"""Settle everything under way, adopt charges the ledger does not know, send owed e-mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import TypeAlias

from invoicepay.billing.customer import Actor, Role
from invoicepay.billing.errors import InvoicepayError
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.billing.ports import Intent, NoAnswer, Ports, Rejected, Unit, Unreadable
from invoicepay.operations.app import Request
from invoicepay.operations.mailing.deliver import PATIENCE, DeliveryReport, deliver
from invoicepay.operations.payments.protocol.account import check_account
from invoicepay.operations.payments.protocol.adopt import adopt_unmatched_charge, cancel_or_adopt
from invoicepay.operations.payments.protocol.compare import Comparison, compare_changed
from invoicepay.operations.payments.protocol.gateway_trouble import unreachable
from invoicepay.operations.payments.protocol.place import place
from invoicepay.operations.payments.protocol.reconcile import (
    AnyIntent,
    set_reconciled,
    since_reconciled,
    unexplained,
)
from invoicepay.operations.payments.protocol.restored import note_synced
from invoicepay.operations.payments.protocol.settle import has_lease, settle
from invoicepay.operations.progress import Started

OVERLAP = timedelta(days=2)
"""How much of what is reconciled is looked at again: clocks differ, and intents are listed by the
time they were created."""

LATER = "What is under way stays so; run `invoicepay sync` again later."


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of one payment. `was` is None for one that this ledger did not know, `payment`
    None where nothing could be made of what `subject` names."""

    subject: str
    payment: Payment | None = None
    was: PaymentStatus | None = None
    error: InvoicepayError | None = None


@dataclass(frozen=True, slots=True)
class NotReconciled:
    """The gateway could not be asked for what the ledger does not know, or whether it has what the
    ledger says."""

    error: InvoicepayError


SyncStep: TypeAlias = Started | Settled | NotReconciled | Comparison | DeliveryReport


@dataclass(frozen=True, slots=True)
class Sync(Request[Iterator[SyncStep]]):
    """For customers: their own payments. For finance: everything, with what the ledger does
    not know, and whether the gateway has what the ledger says."""


def sync(request: Sync, actor: Actor, ports: Ports) -> Iterator[SyncStep]:
    """One `Settled` for each payment looked at; for staff a Comparison, and NotReconciled for each
    thing that could not be asked; then one DeliveryReport. What cannot be found out comes with an
    error, and the rest goes on."""
    with ports.ledger.read() as unit:
        under_way = unit.payments.unsettled(actor.scope)
    yield Started(len(under_way))
    steps = chain(
        (_step(payment.id, payment, partial(_settle, payment, ports)) for payment in under_way),
        # After settling: a claim that is given up may hold what a charge is adopted for.
        _reconcile(ports) if actor.role is not Role.CUSTOMER else (),
    )
    errors = 0
    for step in steps:
        differs = isinstance(step, Comparison) and bool(step.differences)
        errors += step.error is not None or differs
        yield step
    if actor.role is not Role.CUSTOMER:
        place(ports)
        if not errors:
            note_synced(ports)
    yield deliver(ports, actor.scope, within=PATIENCE)


def _step(subject: str, before: Payment | None, act: Callable[[], Payment | None]) -> Settled:
    was = before.status if before else None
    try:
        return Settled(subject, act(), was)
    except (NoAnswer, Rejected) as error:
        return Settled(subject, before, was, unreachable(error, LATER))
    except InvoicepayError as error:
        return Settled(subject, before, was, error)


def _settle(payment: Payment, ports: Ports) -> Payment:
    return payment if has_lease(payment, ports) else settle(payment, ports)


def _reconcile(ports: Ports) -> Iterator[Settled | NotReconciled | Comparison]:
    with ports.ledger.read() as unit:
        since = unit.company.identity().reconciled_until
    try:
        check_account(ports)
        intents = since_reconciled(ports)
    except (NoAnswer, Rejected) as error:
        yield NotReconciled(unreachable(error, LATER))
        return
    except InvoicepayError as error:
        yield NotReconciled(error)
        return
    behind = unexplained(intents, ports)
    acts: list[tuple[Intent, Callable[[], Payment | None]]] = [
        *((i, partial(adopt_unmatched_charge, i, ports)) for i in reversed(behind.charged)),
        # What was given up here, a copy of the ledger may still confirm.
        *((i, partial(cancel_or_adopt, i, ports)) for i in behind.unfinished + behind.given_up),
    ]
    left: list[AnyIntent] = [*behind.pending, *behind.unreadable]
    for intent, act in acts:
        step = _step(intent.id, None, act)
        if step.error:
            left.append(intent)
        yield step
    for unreadable in behind.unreadable:
        name = unreadable.id or unreadable.payment_id
        yield Settled(name, error=unreachable(Unreadable(unreadable), LATER))
    _remember(since, intents, left, ports)
    # Last: what has just been settled and adopted is looked at, too.
    comparison = _compare(intents, ports)
    yield comparison
    for odd in comparison.unreadable:
        yield NotReconciled(unreachable(Unreadable(odd), LATER))
    if comparison.error:
        yield NotReconciled(comparison.error)


def _compare(intents: Sequence[AnyIntent], ports: Ports) -> Comparison:
    comparison = compare_changed(intents, ports)

    def note(unit: Unit) -> None:
        if comparison.done_until > unit.comparison.done_until():
            unit.comparison.set_done(comparison.done_until)

    ports.ledger.transact(note)
    return comparison


def _remember(
    since: datetime | None, intents: Sequence[AnyIntent], left: Sequence[AnyIntent], ports: Ports
) -> None:
    """Let the next `sync` begin later than `since`, but never after what is `left`: that can still
    be charged, or is not adopted yet."""
    made = [intent.created_at for intent in intents if intent.created_at]
    of_left = [intent.created_at for intent in left]
    if not made or None in of_left:
        return
    until = min([max(made) - OVERLAP, *(at for at in of_left if at)])
    now = ports.clock.now()

    def remember(unit: Unit) -> None:
        # A payment that was refused meanwhile may have set it back.
        same = unit.company.identity().reconciled_until == since
        if same and (since is None or until > since):
            set_reconciled(until, unit, now)

    ports.ledger.transact(remember)
