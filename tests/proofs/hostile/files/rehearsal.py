"""Imports one after the other, each judged by what it left in the ledger."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

from invoicepay.billing.errors import BadInput
from invoicepay.operations.imports.import_records import Imported, ImportRecords
from tests.world.office import Office

Sums = tuple[Counter[str], Counter[str]]
"""By currency: of all invoices, and of all payments. Minor units."""


class Rehearsal:
    """An office whose ledger is as `stocked` at the start of each example."""

    def __init__(self, office: Office, stocked: Path) -> None:
        self.office, self._stocked = office, stocked
        self._clean = False

    def start(self) -> None:
        if self._clean:
            return
        self.office.ledger.close()
        path = self.office.ledger.path
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        shutil.copy(self._stocked, path)
        # Nobody cuts the power here.
        self.office.ledger._open().execute("PRAGMA synchronous = OFF")
        self._clean = True

    def take(
        self, kind: str, content: bytes, *, file: str, update: bool = False
    ) -> Imported | None:
        """Import `content`: refused by name with nothing changed, or taken whole, so that the
        books tie out and hold exactly what was added. None when it was refused."""
        office, path = self.office, self.office.file(content, file)
        before, rows = self._sums(), self._rows()
        try:
            result = office.run(ImportRecords(kind, path, update=update))
        except BadInput as error:
            assert error.exit_code == 8
            assert error.message.startswith(f"{file}: "), error.message
            assert error.message.isprintable()
            assert len(error.message) < 500
            assert self._rows() == rows
            return None
        self._clean = self._clean and self._rows() == rows
        invoices, payments = self._sums()
        added = Counter(result.added_minor)
        if kind == "invoices" and not update:
            assert _difference(invoices, before[0]) == +added - -added
        if kind == "payments":
            assert _difference(payments, before[1]) == +added - -added
        return result

    def _rows(self) -> dict[str, list[object]]:
        """All that the ledger holds; its books tie out."""
        with self.office.ledger.read() as unit:
            assert unit.books.differences() == []
            ask = unit._connection.execute
            tables = ask("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return {name: ask(f"SELECT * FROM {name}").fetchall() for (name,) in tables}

    def _sums(self) -> Sums:
        with self.office.ledger.read() as unit:
            found = [
                unit._connection.execute(f"SELECT currency, {amount} FROM {table}").fetchall()
                for table, amount in (("invoices", "total_minor"), ("payments", "amount_minor"))
            ]
        sums = Counter[str](), Counter[str]()
        for counter, rows in zip(sums, found, strict=True):
            for currency, minor in rows:
                counter[currency] += minor
        return sums


def _difference(after: Counter[str], before: Counter[str]) -> dict[str, int]:
    keys = after.keys() | before.keys()
    return {key: after[key] - before[key] for key in keys if after[key] != before[key]}
