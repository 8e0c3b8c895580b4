"""Finance confirms that what came after a restored backup is in the ledger again."""

from __future__ import annotations

from dataclasses import dataclass

from invoicepay.billing.customer import Actor
from invoicepay.billing.errors import Refused
from invoicepay.billing.ports import OpenRestore, Ports
from invoicepay.operations.app import Request
from invoicepay.operations.authenticate import require_login


@dataclass(frozen=True, slots=True)
class ConfirmRestore(Request[OpenRestore | None]):
    """What was received outside since the backup has been imported again."""


def confirm_restore(request: ConfirmRestore, actor: Actor, ports: Ports) -> OpenRestore | None:
    """What was confirmed, None where nothing waits for it. Raises Refused until `sync` has run to
    its end without an error."""
    with ports.ledger.write() as unit:
        require_login(unit, actor, "confirm a restore")
        restore = unit.restores.open()
        if restore is None:
            return None
        if restore.synced_at is None:
            raise Refused(
                "restored_not_confirmed",
                "`sync` has not run without an error since the backup was restored",
                "Run `invoicepay sync` until it exits 0, then confirm.",
            )
        now = ports.clock.now()
        unit.restores.confirm(now)
        since = {"since": restore.since.isoformat()}
        unit.journal.append(
            "restore.confirmed", unit.company.identity().id, actor.email, now, since
        )
    return restore
