"""Compute again what is derived, and settle what the gateway knows. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from invoicepay.billing.customer import Actor
from invoicepay.billing.journal import REBUILT, Difference
from invoicepay.billing.ports import Ports, Unit
from invoicepay.operations.app import Request
from invoicepay.operations.identity.authenticate import reread_actor
from invoicepay.operations.payments.sync import Sync, SyncStep, sync


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The figures that were made to tie out again, as they were found."""

    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class NotRepaired:
    """`count` rows or figures differ that cannot be computed from others. Nothing was changed:
    settling would build on what somebody has edited."""

    count: int


RepairStep: TypeAlias = Rebuilt | NotRepaired | SyncStep


@dataclass(frozen=True, slots=True)
class Repair(Request[Iterator[RepairStep]]):
    """For what `CheckHealth` found."""


def repair(request: Repair, actor: Actor, ports: Ports) -> Iterator[RepairStep]:
    """What is paid and reserved on the invoices becomes the sums of the payments again, and then
    what Sync does; but only when all else is as the journal has it. Raises NotAllowed."""
    with ports.ledger.read() as unit:
        wrong = unit.books.differences()
        check = unit.journal.verify()
    left = [d for d in wrong if not d.derived_of]
    if left or not check.all_derived:
        yield NotRepaired(len(left) + check.count)
        return
    found = (*wrong, *check.differences)
    if found:
        now = ports.clock.now()

        def rebuild(unit: Unit) -> None:
            reread_actor(unit, actor)
            unit.books.rebuild({d.derived_of for d in found})
            details = {d.what: [d.found, d.expected] for d in found}
            unit.journal.append(REBUILT, "", actor.email, now, details)

        ports.ledger.transact(rebuild)
        yield Rebuilt(found)
    yield from sync(Sync(), actor, ports)
