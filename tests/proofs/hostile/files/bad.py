"""What a bad import file is, in a table, and the ledger that it meets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from invoicepay.operations.imports.import_records import ImportRecords
from tests.world.office import CUSTOMERS, Office

INVOICES = "number,customer,issued_on,due_on,currency,total,memo\n"
LINES = "number,customer,issued_on,currency,total,tax,line_description,line_amount,line_tax\n"
PAYMENTS = "reference,customer,received_on,method_type,currency,amount,memo,invoice,applied\n"
GOOD = "GOOD,C1,2026-10-01,2026-10-31,USD,10.00,\n"

STOCK = (
    "number,customer,issued_on,currency,total,kind,voided_on,paid_on\n"
    "OPEN,C1,2026-10-01,USD,100.00,,,\nHALF,C1,2026-10-01,USD,100.00,,,\n"
    "HELD,C1,2026-10-01,USD,100.00,,,\nPAID,C1,2026-10-01,USD,50.00,,,2026-10-05\n"
    "VOID,C1,2026-10-01,USD,5.00,,2026-10-02,\nMEMO,C1,2026-10-01,USD,-5.00,credit_memo,,\n"
    "EURO,C1,2026-10-01,EUR,50.00,,,\nHERS,C2,2026-10-01,EUR,50.00,,,\n"
)


@dataclass(frozen=True)
class Bad:
    """A file of `kind` and what is said of it: the error's `code`, the physical line of the
    first bad record (0: it is the file as a whole), and words of the reason. `others`: further
    lines that are reported."""

    name: str
    kind: str
    content: str | bytes
    line: int
    says: str
    code: str = "bad_rows"
    file: str = "file.csv"
    mapping: str | bytes = ""
    update: bool = False
    others: tuple[int, ...] = ()

    def written_to(self, office: Office, *, dry_run: bool = False) -> ImportRecords:
        """The file, written into the office's folder, and the request to import it."""
        toml = office.file(self.mapping, "mapping.toml") if self.mapping else ""
        path = office.file(self.content, self.file)
        return ImportRecords(self.kind, path, toml, dry_run=dry_run, update=self.update)


def invoice(name: str, row: str, says: str, head: str = INVOICES, **more: object) -> Bad:
    """One row of invoices, on line 2."""
    return Bad(name, "invoices", f"{head}{row}\n", 2, says, **more)  # type: ignore[arg-type]


def payment(name: str, row: str, says: str, **more: object) -> Bad:
    """One row of payments, on line 2."""
    return Bad(name, "payments", f"{PAYMENTS}{row}\n", 2, says, **more)  # type: ignore[arg-type]


def as_json(record: Mapping[str, object], **changes: object) -> str:
    """`record` with `changes` as a JSON line."""
    return json.dumps({**record, **changes}) + "\n"


def stock(office: Office) -> None:
    """Customers, and invoices in every state: HALF has 40.00 paid, HELD has 60.00 under way."""
    office.take("customers", CUSTOMERS + "C3,San KK,JPY,0\n")
    office.take("invoices", STOCK)
    office.take("payments", PAYMENTS + "4410,C1,2026-10-10,check,USD,40.00,,HALF,40.00\n")
    office.take("contacts", "email,name,customers\nann@example.com,Ann,C1\n")
    office.reserve("HELD", 6000)


def seen(office: Office) -> tuple[list[str], list[Path]]:
    """Everything that an import could have changed: the ledger's rows, the folder's files."""
    files = [path for path in office.folder.iterdir() if "ledger.db" not in path.name]
    return office.everything(), sorted(files)
