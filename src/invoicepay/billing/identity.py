"""Which ledger this is. Apart from the ports, which take longer to import than to need this."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Mode(StrEnum):
    """Sandbox or live: chosen by `init`, for good."""

    SANDBOX = "sandbox"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class LedgerIdentity:
    """Which ledger this is, and the one gateway account it works with (empty until known)."""

    id: str
    mode: Mode
    gateway_account: str = ""
    reconciled_until: datetime | None = None
    """Every charge that the gateway had by then (its time, UTC) is in the ledger."""

    @property
    def livemode(self) -> bool:
        return self.mode is Mode.LIVE
