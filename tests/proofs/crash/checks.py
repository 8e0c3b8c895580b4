"""What must be true when a command was hurt half way: by a kill, by the disk, or not at all.

Each check looks at what is there, has the next command repair it, repeats the command where that
makes sense, and returns how things stood in a word.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdf

from invoicepay.billing.customer import Session
from invoicepay.billing.payment import PaymentStatus
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.identity.secret_hash import secret_hash
from tests.proofs.crash.place import (
    CHARGED,
    LATER,
    Found,
    Line,
    Place,
    Run,
    read_ledger,
    said_payment,
)
from tests.world.clock import START

NEW = [f"NEW-{n:03}" for n in range(40)]


@dataclass(frozen=True)
class Scenario:
    """A command, who gives it, and what is made ready before."""

    name: str
    command: str
    check: Callable[[Scenario, Place, Run, str], str]
    who: str = "payer"
    prepare: Callable[[Place], None] = lambda place: None
    bank: bool = True
    options: dict[str, Any] = field(default_factory=dict)
    ends: frozenset[str] = frozenset()
    """Every way it ends when it is killed at each of its steps."""

    def words(self, place: Place) -> list[str]:
        """The command, with the names of what is in this place."""
        return self.command.format(
            folder=place.folder,
            declines=place.method("0341"),
            payment=max((p.id for p in place.payments()), default=""),
        ).split()

    def run(self, place: Place, **more: Any) -> Run:
        return place.run(*self.words(place), who=self.who, **self.options, **more)

    def prepared(self, company: Path, folder: Path, line: Line) -> Path:
        """The company as this begins, at rest."""
        with Place.copy(company, folder, line) as place:
            self.prepare(place)
        return folder


# --- Paying ---------------------------------------------------------------------------------------


def paid(scenario: Scenario, place: Place, run: Run, where: str) -> str:
    """One charge at most, and exactly one when it was said; the next `pay` makes it one."""
    found = place.assert_repaired(where)
    status = _only(found, where)
    charged = status in CHARGED
    if said := said_payment(run.stdout):
        assert [p.id for p in found.payments] == [said], where
        assert charged or run.exit_code in (-9, 3, 6, 7), where
    if run.exit_code == 0:
        assert said, where
        assert charged, where
    elif run.exit_code not in (-9, 6):  # it said that nothing was charged
        assert not charged, (where, run)
    assert found.invoices["INV-1"].payable_minor == (0 if charged else 10000), where
    receipts = ["R-000001"] * (status is PaymentStatus.SUCCEEDED)
    assert [p.receipt_number for p in found.payments if p.receipt_number] == receipts

    again = scenario.run(place)
    if charged:
        assert again.exit_code == 7, where
        assert again.error in ("already_paid", "in_flight", "not_acknowledged"), where
    else:
        assert again.exit_code == (3 if "{declines}" in scenario.command else 0), (where, again)
    after = place.assert_repaired(where)
    charges = sum(p.status in CHARGED for p in after.payments)
    assert charges == ("{declines}" not in scenario.command), where
    return status


def settled(scenario: Scenario, place: Place, run: Run, where: str) -> str:
    before = place.assert_sound(where)
    found = place.assert_repaired(where)
    if run.exit_code == 0:  # it has told what it was
        assert [p.status for p in before.payments] == [p.status for p in found.payments], where
    return _only(found, where)


def canceled(scenario: Scenario, place: Place, run: Run, where: str) -> str:
    found = place.assert_repaired(where)
    assert place.run("pay", "INV-1", "INV-2", "--yes").exit_code == 0, where
    place.assert_repaired(where)
    return _only(found, where)


def _only(found: Found, where: str) -> str:
    assert len(found.payments) <= 1, where
    return found.payments[0].status if found.payments else "none"


# --- The ledger -----------------------------------------------------------------------------------


def imported(scenario: Scenario, place: Place, run: Run, where: str) -> str:
    before = [n for n in place.assert_sound(where).invoices if n in NEW]
    assert before in ([], NEW), where
    assert run.exit_code != 0 or before, where
    if before and run.exit_code > 0:
        assert "may have been kept" in run.stderr, (where, run)
    again = scenario.run(place)
    assert again.exit_code == 0, (where, again)
    assert [n for n in place.assert_sound(where).invoices if n in NEW] == NEW, where
    return "all" if before else "none"


def backed_up(scenario: Scenario, place: Place, run: Run, where: str) -> str:
    return _whole_ledger(scenario, place, run, where, place.folder / "copies" / "copy.db")


def made(scenario: Scenario, place: Place, run: Run, where: str) -> str:
    return _whole_ledger(scenario, place, run, where, place.folder / "new" / "ledger.db")


def _whole_ledger(scenario: Scenario, place: Place, run: Run, where: str, target: Path) -> str:
    """`target` is a good ledger, or not there; it is there when that was said, and the next try
    finds or makes it."""
    there = target.exists()
    assert there or run.exit_code != 0, where
    if there:
        _assert_good_copy(target, where)
    elif not run.killed:
        assert place.leftovers() == [], where
    again = scenario.run(place)
    if there:
        assert (again.exit_code, again.error) == (7, "already_exists"), where
    else:
        assert again.exit_code == 0, (where, again)
    _assert_good_copy(target, where)
    place.assert_sound(where)
    return "there" if there else "absent"


def _assert_good_copy(target: Path, where: str) -> None:
    assert read_ledger(target).wrong == [], where
    assert target.stat().st_mode & 0o777 == 0o600, where


def restored(scenario: Scenario, place: Place, run: Run, where: str) -> str:
    """The old ledger is there or the new one, whole; the new one when that was said, and then the
    old one is kept. Restored at last, what was paid since the backup is taken in before anybody
    pays."""
    new = is_restored(place.path)
    if not new:
        place.assert_sound(where)
        assert run.exit_code != 0, where
    if not run.killed:
        assert place.leftovers() == [], where
    done = run
    if not new:
        done = scenario.run(place)
        assert done.exit_code == 0, (where, done)
    kept = [path for path in place.folder.glob("ledger.db.replaced-*") if path.suffix != "-wal"]
    assert [p.status for path in kept for p in read_ledger(path).payments] == ["succeeded"], where
    log_in_again(place)
    assert place.run("pay", "INV-1", "--yes", "--json", who="payer, again").error == (
        "restored_not_confirmed"
    ), where
    for command in ("sync --json", "restore --confirm --yes"):
        step = place.run(*command.split(), who="finance, again", ahead=2 * LATER)
        assert step.exit_code == 0, (where, step)
    found = place.assert_sound(where)
    # Beyond that of the old ledger, R-000001; far beyond where a bad disk did not give it.
    number = done.json["receipts_from"] if done.exit_code == 0 else "R-000002"
    assert number == "R-000002" or (number == "R-010001" and not run.killed), where
    assert [p.receipt_number for p in found.payments] == [number], where
    for code in ("not_acknowledged", "already_paid"):
        refused = place.run("pay", "INV-1", "--yes", "--json", who="payer, again")
        assert refused.error == code, (where, refused)
    return "new" if new else "old"


def is_restored(path: Path) -> bool:
    with closing(SqliteLedger(path)) as ledger, ledger.read() as unit:
        return unit.restores.open() is not None


def log_in_again(place: Place) -> None:
    """Payer and finance, whose sessions a restore has ended."""
    with closing(SqliteLedger(place.path)) as ledger, ledger.write() as unit:
        for name in ("payer", "finance"):
            hashed = secret_hash(f"{name}, again")
            far = START + timedelta(days=3650)
            unit.sessions.add(Session(hashed, "session", name, hashed, START, far, 10**9, START))


def attached(scenario: Scenario, place: Place, run: Run, where: str) -> str:
    place.assert_sound(where)
    listed = place.run("methods", "list", "--json", who="stranger").json
    assert listed or run.exit_code != 0, where
    if not listed:
        again = scenario.run(place)
        assert again.exit_code == 0, (where, again)
    assert place.bank.customers().count("C-2") == 1, where
    assert place.run("pay", "INV-9", "--yes", who="stranger").exit_code == 0, where
    place.assert_repaired(where)
    return "there" if listed else "absent"


def chosen(scenario: Scenario, place: Place, run: Run, where: str) -> str:
    """One method is the default before and after, whatever came between."""
    place.assert_sound(where)
    assert scenario.run(place).exit_code == 0, where
    listed = place.run("methods", "list", "--json").json
    wanted = [m["id"] for m in listed if m["id"] == place.method("0341")]
    assert len(listed) == 3, where
    assert [m["id"] for m in listed if m["default"] and m["type"] == "card"] == wanted, where
    return "chosen"


def removed(scenario: Scenario, place: Place, run: Run, where: str) -> str:
    place.assert_sound(where)
    listed = [m["id"] for m in place.run("methods", "list", "--json").json]
    gone = place.method("0341") not in listed
    assert gone or run.exit_code != 0, where
    if not gone:
        assert scenario.run(place).exit_code == 0, where
    assert place.run("pay", "INV-1", "--yes", "--method", "card").exit_code == 0, where
    place.assert_repaired(where)
    return "gone" if gone else "there"


def logged_in(scenario: Scenario, place: Place, run: Run, where: str) -> str:
    """The session's file is whole or not there, and can be read where login said so."""
    me = place.run("whoami", who="")
    assert me.exit_code in (0, 4, 10), (where, me)
    assert me.exit_code == 0 or run.exit_code != 0, where
    assert run.killed or me.exit_code == 0 or not list(place.folder.glob(".*.secret.*")), where
    again = scenario.run(place)
    assert again.exit_code == 0, (where, again)
    assert place.run("whoami", who="").exit_code == 0, where
    return "in" if me.exit_code == 0 else "out"


# --- Documents ------------------------------------------------------------------------------------


def saved(scenario: Scenario, place: Place, run: Run, where: str) -> str:
    """Each file under `out` is a whole PDF or ZIP; all are there when that was said."""
    folder = place.folder / "out"
    wanted = {"pdfs": 2, "zip": 1, "receipt": 1}[scenario.name]
    before = whole_files(folder, where)
    assert before == wanted or run.exit_code != 0, where
    if not run.killed:
        assert place.leftovers() == [], where
    again = scenario.run(place)
    assert again.exit_code == 0, (where, again)
    assert whole_files(folder, where) == wanted, where
    place.assert_sound(where)
    return f"{before} whole"


def whole_files(folder: Path, where: str) -> int:
    files = [path for path in folder.glob("*") if not path.name.startswith(".")]
    for path in files:
        content = path.read_bytes()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None, where
                contents = [archive.read(name) for name in archive.namelist()]
            assert len(contents) == 2, where
        else:
            contents = [content]
        assert all(pypdf.PdfReader(io.BytesIO(each)).pages for each in contents), where
    return len(files)
