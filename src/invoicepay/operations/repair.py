"""Compute again what is derived, and settle what the gateway knows. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from invoicepay.billing.customer import Actor
from invoicepay.billing.journal import Difference
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request
from invoicepay.operations.authenticate import reread_actor
from invoicepay.operations.sync import Sync, SyncStep, sync


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The figures that were made to tie out again, as they were found."""

    differences: tuple[Difference, ...]


RepairStep: TypeAlias = Rebuilt | SyncStep


@dataclass(frozen=True, slots=True)
class Repair(Request[Iterator[RepairStep]]):
    """For what `CheckHealth` found."""


def repair(request: Repair, actor: Actor, ports: Ports) -> Iterator[RepairStep]:
    """What is paid and reserved on the invoices becomes the sums of the payments again, but only
    when these are as the journal has them; then what Sync does."""
    with ports.ledger.write() as unit:
        reread_actor(unit, actor)
        rebuilt = unit.books.rebuild()
        if rebuilt:
            told = {d.what: [d.found, d.expected] for d in rebuilt}
            unit.journal.append("books.rebuilt", "", actor.email, ports.clock.now(), told)
    yield Rebuilt(tuple(rebuilt))
    yield from sync(Sync(), actor, ports)
