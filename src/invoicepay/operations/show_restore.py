"""Whether a restored backup waits to be confirmed."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.ports import OpenRestore, Ports
from invoicepay.operations.app import Request


@dataclass(frozen=True, slots=True)
class ShowRestore(Request[OpenRestore | None]):
    pass


def show_restore(request: ShowRestore, actor: Actor, ports: Ports) -> OpenRestore | None:
    """None where nothing waits."""
    with ports.ledger.read() as unit:
        return unit.restores.open()
