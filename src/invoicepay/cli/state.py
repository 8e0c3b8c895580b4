"""What every command shares: the options that stand anywhere, and the App behind them."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from invoicepay.cli.output import Format, Output

if TYPE_CHECKING:
    import typer

    from invoicepay.billing.identity import Mode
    from invoicepay.operations.app import Request
    from invoicepay.settings import Settings
    from invoicepay.wiring.local import Local

R = TypeVar("R")


@dataclass
class State:
    """One command's run."""

    format: Format = Format.TABLE
    config: Path | None = None
    ledger: Path | None = None
    debug: bool = False
    bom: bool = False

    @cached_property
    def out(self) -> Output:
        return Output(self.format, bom=self.bom)

    @cached_property
    def settings(self) -> Settings:
        from invoicepay.settings import load_settings

        return load_settings(config=self.config, ledger=self.ledger)

    @cached_property
    def local(self) -> Local:
        from invoicepay.wiring.local import Local

        return Local(self.settings, self.out.note if _attended() else None)

    def close(self) -> None:
        """Close what was opened. What goes wrong here changes nothing: what was committed is in
        the ledger's log, and the next command that closes it empties that."""
        local = vars(self).get("local")
        if local is not None:
            with suppress(Exception, KeyboardInterrupt):
                local.close()

    def call(self, request: Request[R]) -> R:
        return self.local.app.call(request)

    def acknowledge(self, *payment_ids: str) -> None:
        """Remember that the caller has been told how these payments stand. Called once that has
        been written. Where it cannot be remembered, the payer is told once more, no worse."""
        from invoicepay.billing.errors import InvoicepayError
        from invoicepay.operations.payments.acknowledgements import AcknowledgePayments

        with suppress(InvoicepayError):
            self.out.flush()
            self.call(AcknowledgePayments(payment_ids))

    @cached_property
    def zone(self) -> tzinfo:
        """The company's time zone; UTC where it cannot be had, as when not logged in."""
        from zoneinfo import ZoneInfo

        from invoicepay.operations.company import ShowCompany

        try:
            return ZoneInfo(self.call(ShowCompany()).company.time_zone)
        except Exception:  # noqa: BLE001 - what became of a payment is told in any case
            return UTC

    @property
    def mode(self) -> Mode:
        return self.local.identity.mode

    def banner(self) -> None:
        """Say on sandbox and test ledgers that no money moves, wherever money is shown."""
        if self.mode.notice:
            self.out.note(self.mode.notice)


def _attended() -> bool:
    """Whether somebody may be at a terminal, to be told what is waited for, and to do it."""
    return any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def state_of(context: typer.Context) -> State:
    state = context.obj
    assert isinstance(state, State)
    return state
