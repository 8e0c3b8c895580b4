"""Which ledger this is. Not among the ports, which take longer to import."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Mode(StrEnum):
    """What a ledger's payments go through: chosen by `init`, for good."""

    SANDBOX = "sandbox"
    """A practice bank on this machine, with a clock of its own."""
    TEST = "test"
    """The gateway's own test mode: its test keys, and no money."""
    LIVE = "live"

    @property
    def livemode(self) -> bool:
        """Whether real money moves: what the gateway says of each of its objects."""
        return self is Mode.LIVE

    @property
    def notice(self) -> str:
        """Shown on every screen, document and e-mail that is about a payment; empty where money is
        real."""
        return "" if self.livemode else f"{self.upper()} – no money moved"


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
        return self.mode.livemode
