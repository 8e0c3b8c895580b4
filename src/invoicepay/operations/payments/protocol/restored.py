"""Nobody pays on a restored backup until what came after it is in the ledger again."""

from __future__ import annotations

from invoicepay.billing.errors import Refused
from invoicepay.billing.ports import Ports, Unit


def check_confirmed(unit: Unit) -> None:
    """Raises Refused while a restored backup waits to be confirmed: what was paid since may read
    as owed."""
    restore = unit.restores.open()
    if restore is not None:
        raise Refused(
            "restored_not_confirmed",
            f"this ledger was restored from a backup of {restore.since:%Y-%m-%d %H:%M} UTC, and "
            "what came after it is not confirmed yet",
            "Nothing was charged. Finance runs `invoicepay sync`, then `invoicepay restore "
            "--confirm`.",
        )


def note_synced(ports: Ports) -> None:
    """All that the gateway knows is in the ledger again."""
    with ports.ledger.read() as unit:
        restore = unit.restores.open()
    if restore is None or restore.synced_at is not None:
        return
    now = ports.clock.now()

    def note(unit: Unit) -> None:
        unit.restores.synced(now)
        since = {"since": restore.since.isoformat()}
        unit.journal.append("restore.synced", unit.company.identity().id, "sync", now, since)

    ports.ledger.transact(note)
