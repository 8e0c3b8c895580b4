"""Copy the ledger while it is in use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from invoicepay.billing.customer import Actor
from invoicepay.billing.ports import Ports
from invoicepay.operations.app import Request


@dataclass(frozen=True, slots=True)
class BackUp(Request[None]):
    target: Path


def back_up(request: BackUp, actor: Actor, ports: Ports) -> None:
    """A verified copy in `target`, a new file of mode 0600. Raises Refused when it exists,
    Unreachable and DoesNotTie when the ledger is damaged or its figures do not tie out."""
    ports.ledger.backup(request.target)
