"""The ledger port: a file, whose place a backup can take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from invoicepay.ledger.file import LedgerFile
from invoicepay.ledger.unit import SqliteUnit

T = TypeVar("T")
R = TypeVar("R")


class SqliteLedger(LedgerFile):
    """Implements billing.ports.Ledger."""

    def replace(
        self,
        backup: Path,
        mark: str,
        look: Callable[[SqliteUnit], T],
        prepare: Callable[[SqliteUnit, T | None], R],
    ) -> tuple[Path | None, R]:
        """See replace_ledger."""
        from invoicepay.ledger.replace import replace_ledger

        self.close()
        return replace_ledger(self.path, backup, mark, look, prepare)
