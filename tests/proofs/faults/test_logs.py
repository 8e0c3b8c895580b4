"""No command leaves a write-ahead log behind, however it ends: one that is left grows for ever, and
a ledger that is put back later would be mixed with it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from invoicepay.sandbox.faults import add_fault
from tests.world.program import PROGRAM, DemoCompany, Desk, heed_interrupts

PAY = "pay INV-1042 --method card --yes"


def logs(folder: Path) -> dict[str, int]:
    """What SQLite keeps beside a file that is open, with its size."""
    found = (path for path in folder.rglob("*") if path.name.endswith(("-wal", "-shm", "-journal")))
    return {str(path.relative_to(folder)): path.stat().st_size for path in found}


def kill_after_writing(path: Path, table: str) -> None:
    """As a program does that is killed when it has written and before it has closed the file."""
    script = (
        "import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "db.execute('BEGIN IMMEDIATE'); db.execute(f'CREATE TABLE {sys.argv[2]} (x)'); "
        "db.execute(f'DROP TABLE {sys.argv[2]}'); db.execute('COMMIT'); os._exit(0)"
    )
    subprocess.run([PROGRAM.with_name("python"), "-c", script, path, table], check=True)


@pytest.mark.parametrize(
    ("command", "exit_code"),
    [
        ("invoices list", 0),
        ("invoices show INV-1042", 0),
        ("whoami --json", 0),
        ("sandbox clock show", 0),
        ("sandbox clock advance 1d", 0),
        ("sandbox attach pm_card_visa --customer C-1007", 0),
        (PAY, 0),
        ("sync", 0),
        ("tokens create nightly", 0),
        ("logout", 0),
        ("pay INV-1042 --method card", 2),  # nobody to ask
        ("invoices list --open --paid", 2),
        ("contacts list", 4),
        ("invoices show INV-9999", 5),
        ("pay INV-1051 --yes", 7),
        ("pay INV-1042 --amount INV-1042=1e3 --yes", 8),
    ],
)
def test_a_command_leaves_none(company: DemoCompany, command: str, exit_code: int) -> None:
    assert logs(company.folder) == {}
    assert company.run(command).exit_code == exit_code
    assert logs(company.folder) == {}


@pytest.mark.parametrize(
    "command", ["doctor", "backup saved.db", "audit verify", "import customers c.csv"]
)
def test_nor_does_finances_work(company: DemoCompany, command: str) -> None:
    (company.folder / "c.csv").write_text("number,name\nC-9,Nine\n")
    assert company.as_("finance").run(command).exit_code == 0
    assert logs(company.folder) == {}


def test_nor_does_what_makes_a_ledger(desk: Desk) -> None:
    init = "init --company A --admin-email a@example.com --password-stdin --ledger new.db"
    assert desk.run(init, "nine quiet harbours\n").exit_code == 0
    for options in ("", "--json"):
        assert desk.run(f"demo {options}").exit_code == 0
    assert logs(desk.folder) == {}


def test_nor_does_an_outcome_that_is_not_known(company: DemoCompany) -> None:
    add_fault(company.sandbox, "POST /v1/payment_intents/*/confirm", "cut_body")
    assert company.run(PAY).exit_code == 6
    assert logs(company.folder) == {}


def test_nor_does_one_that_is_unexpected(company: DemoCompany) -> None:
    (company.folder / "sitecustomize.py").write_text(
        "from invoicepay.ledger.stores.invoices import Invoices\n"
        "def broken(*_): raise ZeroDivisionError\n"
        "Invoices.get = broken\n"
    )
    result = company.run("invoices show INV-1042", PYTHONPATH=str(company.folder))
    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.stderr
    assert logs(company.folder) == {}


def test_nor_does_one_whose_reader_has_gone(company: DemoCompany) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as stdout:
        done = subprocess.run(
            [PROGRAM, "invoices", "list"],
            stdout=stdout,
            cwd=company.folder,
            env=company.environment(),
            check=False,
        )
    assert done.returncode == 141
    assert logs(company.folder) == {}


def test_nor_does_one_that_is_interrupted(company: DemoCompany) -> None:
    with company.at_terminal("pay INV-1042") as asked:
        asked.wait_for("[y/N] ")
        assert logs(company.folder)
        asked.interrupt()
        assert asked.end().exit_code == 130
    assert logs(company.folder) == {}


def test_nor_does_a_bank_that_is_interrupted(company: DemoCompany) -> None:
    process = subprocess.Popen(
        [PROGRAM, "sandbox", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        cwd=company.folder,
        env=company.environment(),
        preexec_fn=heed_interrupts,
    )
    assert process.stdout is not None
    address = process.stdout.readline().decode().strip()
    assert set(logs(company.folder)) == {"ledger.db.sandbox-wal", "ledger.db.sandbox-shm"}
    config = company.folder / "invoicepay.toml"
    config.write_text(f'{config.read_text()}[sandbox]\nurl = "{address}"\n')
    assert company.run(PAY).exit_code == 0
    assert logs(company.folder)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert logs(company.folder) == {}


def test_the_next_command_empties_what_a_killed_one_left(company: DemoCompany) -> None:
    for path in (company.ledger, company.sandbox):
        kill_after_writing(path, "left")
    assert logs(company.folder)["ledger.db-wal"] > 0
    assert company.run("invoices show INV-1042").exit_code == 0
    assert logs(company.folder) == {}
