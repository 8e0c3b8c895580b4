"""What a validated import costs, beside sqlite3's `.import` and `sqlite-utils insert` of the same
rows: `python -m benchmarks.bench_imports [rows]`.

Ours parses, checks every cell, looks for duplicates, and writes typed rows under the ledger's
constraints and indexes. The shell copies cells as they are: once into a bare table, and once
into a table with the ledger's key and indexes, which is the same work for the disk.
"""

from __future__ import annotations

import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

from invoicepay.billing.customer import EVERYTHING, Actor, Company, Contact, Role, Session
from invoicepay.billing.identity import Mode
from invoicepay.billing.ports import Ports
from invoicepay.ledger.file import create
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.imports.import_records import ImportRecords, import_records

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CUSTOMERS = 4000
COLUMNS = "number,customer,issued_on,due_on,currency,total,po_number,memo"
SAME_INDEXES = (
    f"CREATE TABLE invoices ({COLUMNS}, UNIQUE (number))",
    "CREATE INDEX by_customer ON invoices (customer, due_on, number)",
    "CREATE INDEX by_due ON invoices (due_on, number)",
    "CREATE INDEX by_issue ON invoices (customer, issued_on, number)",
)
DURABLE = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")


class Office:
    """The ports that an import uses, on a new ledger in `folder`."""

    def __init__(self, folder: Path) -> None:
        path = folder / f"{uuid.uuid4()}.db"
        create(
            path,
            company=Company("Co"),
            mode=Mode.SANDBOX,
            ledger_id=str(uuid.UUID(int=7)),
            now=NOW,
        )
        self.ledger, self.clock, self.ids = SqliteLedger(path), self, self
        self.actor = Actor("k1", "fin@example.com", Role.FINANCE, EVERYTHING, "s1")
        with self.ledger.write() as unit:
            unit.contacts.put(
                Contact("k1", "fin@example.com", "Fin", Role.FINANCE, status="active")
            )
            unit.sessions.add(
                Session("s1", "session", "k1", "s1", NOW, NOW + timedelta(1), 3600, NOW)
            )
            unit.journal.append("bench", "", "", NOW, {})

    def now(self) -> datetime:
        return NOW

    real_now = now

    def new(self) -> str:
        return str(uuid.uuid4())

    def take(self, kind: str, path: Path) -> None:
        import_records(ImportRecords(kind, str(path)), self.actor, cast(Ports, self))


def write_files(folder: Path, rows: int) -> tuple[Path, Path]:
    """Customers, and `rows` invoices in the order of their numbers."""
    chance, first = random.Random(1), date(2024, 1, 1)
    customers, invoices = folder / "customers.csv", folder / "invoices.csv"
    with customers.open("w") as file:
        file.write("number,name\n")
        file.writelines(f"C{n:05d},Customer {n}\n" for n in range(CUSTOMERS))
    with invoices.open("w") as file:
        file.write(COLUMNS + "\n")
        for n in range(rows):
            issued = first + timedelta(chance.randrange(700))
            cents = chance.randrange(100, 1_000_000)
            file.write(
                f"INV-{n:08d},C{chance.randrange(CUSTOMERS):05d},{issued},"
                f"{issued + timedelta(30)},USD,{cents // 100}.{cents % 100:02d},"
                f"PO-{chance.randrange(10**6)},Consulting services for the month\n"
            )
    return customers, invoices


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def shell(program: str, folder: Path, invoices: Path, tables: tuple[str, ...]) -> float:
    """The sqlite3 shell's `.import`, process and all."""
    target = folder / f"{uuid.uuid4()}.db"
    skip = "--skip 1 " if tables else ""
    command = [program, str(target), *DURABLE, *tables, ".mode csv"]
    command.append(f".import {skip}{invoices} invoices")
    return seconds(lambda: subprocess.run(command, check=True, capture_output=True))


def sqlite_utils(program: str, folder: Path, invoices: Path) -> float:
    target = folder / f"{uuid.uuid4()}.db"
    command = [program, "insert", str(target), "invoices", str(invoices), "--csv", "--pk", "number"]
    return seconds(lambda: subprocess.run(command, check=True, capture_output=True))


def main(rows: int, rounds: int = 3) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        customers, invoices = write_files(folder, rows)
        times: dict[str, list[float]] = {}
        peers: dict[str, Callable[[], float]] = {}
        if program := shutil.which("sqlite3"):
            peers["sqlite3 .import, bare table"] = lambda: shell(program, folder, invoices, ())
            peers["sqlite3 .import, key and indexes"] = lambda: shell(
                program, folder, invoices, SAME_INDEXES
            )
        beside = Path(sys.executable).with_name("sqlite-utils")
        for _ in range(rounds):
            office = Office(folder)
            office.take("customers", customers)
            for what in ("invoicepay import", "invoicepay import, nothing new"):
                start = time.perf_counter()
                office.take("invoices", invoices)
                times.setdefault(what, []).append(time.perf_counter() - start)
            office.ledger.close()
            for peer, measure in peers.items():
                times.setdefault(peer, []).append(measure())
        if beside.exists():
            times["sqlite-utils insert --csv"] = [sqlite_utils(str(beside), folder, invoices)]
    report(times, rows)


def report(times: dict[str, list[float]], rows: int) -> None:
    medians = {name: statistics.median(found) for name, found in times.items()}
    base = medians["invoicepay import"]
    print(f"{rows:,} invoices; medians, process start included for the peers")
    for name, median in medians.items():
        print(
            f"{name:34} {median:7.2f} s {rows / median:10,.0f} rows/s   ours × {base / median:.2f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
