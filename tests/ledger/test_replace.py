"""How a backup takes the ledger's place: nobody is in the middle of anything, what was there is
kept with its log, and no log of the old one meets the new one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from invoicepay.billing.customer import Company
from invoicepay.billing.errors import Unreachable
from invoicepay.billing.identity import Mode
from invoicepay.ledger import replace
from invoicepay.ledger.file import create
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.ledger.unit import SqliteUnit
from tests.proofs.faults.damage import leave_log, overwrite
from tests.world.clock import START

MARK = "replaced-1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger whose company is Now, and `saved.db` beside it, where it was Then."""
    path = tmp_path / "ledger.db"
    create(path, company=Company("Then"), mode=Mode.SANDBOX, ledger_id="1", now=START)
    with closing(SqliteLedger(path)) as ledger:
        ledger.backup(tmp_path / "saved.db")
    rename(path, "Now")
    return path


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replace, "WAIT", 0.2)


def rename(path: Path, name: str) -> None:
    with closing(SqliteLedger(path)) as ledger, ledger.write() as unit:
        put(unit, name)


def put(unit: SqliteUnit, name: str) -> None:
    unit.company.put(Company(name))
    unit.journal.append("test", "", "", START, {})


def name_in(path: Path) -> str:
    with closing(SqliteLedger(path)) as ledger, ledger.read() as unit:
        return unit.company.get().name


def restore(path: Path, backup: str = "saved.db") -> tuple[Path | None, str | None]:
    """Where the old one is kept, and what its company was called."""

    def prepare(unit: SqliteUnit, seen: str | None) -> str | None:
        put(unit, f"{unit.company.get().name}, again")
        return seen

    ledger = SqliteLedger(path)
    return ledger.replace(
        path.with_name(backup), MARK, lambda unit: unit.company.get().name, prepare
    )


def others(path: Path) -> set[str]:
    return {p.name for p in path.parent.iterdir()} - {"ledger.db", "saved.db"}


def test_what_was_there_is_kept_and_can_be_put_back(path: Path) -> None:
    assert restore(path) == (path.with_name(f"ledger.db.{MARK}"), "Now")
    assert name_in(path) == "Then, again"
    assert others(path) == {f"ledger.db.{MARK}"}

    assert restore(path, f"ledger.db.{MARK}")[1] == "Then, again"
    assert name_in(path) == "Now, again"
    assert name_in(path.with_name(f"ledger.db.{MARK}-2")) == "Then, again"


@pytest.mark.parametrize("done", [True, False], ids=["after", "before"])
def test_an_interrupt_at_the_exchange_leaves_the_old_ledger_somewhere(
    path: Path, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    exchange = Path.replace

    def interrupted(part: Path, target: Path) -> None:
        if done:
            exchange(part, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        restore(path)
    monkeypatch.undo()

    assert name_in(path) == ("Then, again" if done else "Now")
    kept = path.with_name(f"ledger.db.{MARK}")
    assert kept.exists() is done
    assert not done or name_in(kept) == "Now"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("there", [True, False])
def test_the_superuser_puts_it_there_for_who_has_the_ledger_or_its_folder(
    path: Path, there: bool
) -> None:
    for owned in (path, path.parent):
        os.chown(owned, 1234, 1234)
    if not there:
        path.unlink()

    restore(path)

    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 1234)


def test_what_a_killed_process_had_committed_is_in_what_is_kept(path: Path) -> None:
    leave_log(path)
    kept, seen = restore(path)
    assert kept is not None
    assert seen == "Now"
    with closing(sqlite3.connect(kept)) as db:
        assert db.execute("SELECT phone FROM company").fetchone() == ("22",)
    assert others(path) == {kept.name}


def test_where_there_was_none(path: Path) -> None:
    path.unlink()
    assert restore(path) == (None, None)
    assert name_in(path) == "Then, again"
    assert others(path) == set()


def test_a_log_without_its_ledger_is_kept_too(path: Path) -> None:
    leave_log(path)
    log = path.with_name("ledger.db-wal").read_bytes()
    path.unlink()
    assert restore(path)[1] is None
    assert name_in(path) == "Then, again"
    assert path.with_name(f"ledger.db.{MARK}-wal").read_bytes() == log


@pytest.mark.parametrize("size", [0, 60, 4096 * 20])
def test_where_it_cannot_be_read(path: Path, size: int) -> None:
    leave_log(path)
    os.truncate(path, size)
    before, log = path.read_bytes(), path.with_name("ledger.db-wal").read_bytes()
    kept, seen = restore(path)
    assert kept is not None
    assert seen is None
    assert (kept.read_bytes(), Path(f"{kept}-wal").read_bytes()) == (before, log)
    assert name_in(path) == "Then, again"


def test_a_mix_of_two_is_kept_as_it_was(path: Path) -> None:
    leave_log(path)
    shutil.copy(path.with_name("saved.db"), path)
    before, log = path.read_bytes(), path.with_name("ledger.db-wal").read_bytes()
    with pytest.raises(Unreachable) as error:
        name_in(path)
    assert error.value.code == "ledger_mixed"
    kept, seen = restore(path)
    assert kept is not None
    assert seen is None
    assert (kept.read_bytes(), Path(f"{kept}-wal").read_bytes()) == (before, log)


def test_a_backup_with_its_log_is_put_in_place_with_it(path: Path) -> None:
    saved = path.with_name("saved.db")
    leave_log(saved)
    before = saved.read_bytes()
    restore(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM journal").fetchone() == (4,)
    assert saved.read_bytes() == before


def test_a_link_stays_one(path: Path) -> None:
    (path.parent / "elsewhere").mkdir()
    real = path.parent / "elsewhere" / "real.db"
    path.rename(real)
    path.symlink_to(real)
    rename(path, "Now, by its link")
    assert restore(path) == (real.with_name(f"real.db.{MARK}"), "Now, by its link")
    assert path.is_symlink()
    assert name_in(real) == "Then, again"


def test_a_log_is_looked_for_where_a_link_leads(path: Path) -> None:
    (path.parent / "elsewhere").mkdir()
    real = path.parent / "elsewhere" / "real.db"
    path.rename(real)
    path.symlink_to(real)
    leave_log(real)
    shutil.copy(path.with_name("saved.db"), real)
    with pytest.raises(Unreachable) as error:
        name_in(path)
    assert error.value.code == "ledger_mixed"


OPEN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from invoicepay.billing.errors import InvoicepayError
from invoicepay.ledger.sqlite_ledger import SqliteLedger
ledger = SqliteLedger(Path(sys.argv[1]))
ledger.identity()
print("open", flush=True)
sys.stdin.readline()
try:
    with ledger.write() as unit:
        unit.sessions.end_all(datetime.now(UTC))
except InvoicepayError as error:
    print(error.code)
"""


@pytest.fixture
def user(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another program that has the ledger open, and will write when it reads a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", OPEN, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "open\n"
    yield process
    process.communicate()


@pytest.mark.parametrize("readable", [True, False])
def test_nobody_has_it_open(
    path: Path, impatient: None, user: subprocess.Popen[str], readable: bool
) -> None:
    if not readable:
        overwrite(path, 1, bytes(4096))
    before = path.read_bytes()
    with pytest.raises(Unreachable) as error:
        restore(path)
    assert error.value.code == "ledger_in_use"
    assert path.read_bytes() == before
    assert not [name for name in others(path) if "replaced" in name or name.startswith(".")]


def test_who_opens_the_new_one_waits_until_the_old_log_is_gone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or it would go on in that log."""
    move, ends = replace._move, []
    script = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=0.1); "
        "db.execute('SELECT 1 FROM company')"
    )

    def watched(log: str, to: str) -> bool:
        done = subprocess.run(
            [sys.executable, "-c", script, path], stderr=subprocess.PIPE, text=True, check=False
        )
        ends.append(done.stderr.splitlines()[-1])
        return move(log, to)

    monkeypatch.setattr(replace, "_move", watched)
    restore(path)
    assert ends == ["sqlite3.OperationalError: database is locked"] * 2
    assert name_in(path) == "Then, again"


def test_who_had_only_just_opened_the_old_one_writes_nothing(
    path: Path, user: subprocess.Popen[str]
) -> None:
    """Somebody has moved it by hand, and nobody would look there again."""
    path.rename(path.with_name("moved.db"))
    shutil.copy(path.with_name("saved.db"), path)
    assert user.communicate("go\n")[0] == "ledger_replaced\n"


def test_a_second_name_that_a_killed_restore_has_left_is_taken_away(path: Path) -> None:
    left = path.with_name("ledger.db.replaced-0")
    os.link(path, left)
    kept = restore(path)[0]
    assert kept is not None
    assert others(path) == {kept.name}
    assert name_in(kept) == "Now"


def test_two_at_once_come_one_after_the_other_or_are_refused(path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from invoicepay.billing.errors import Unreachable\n"
        "from tests.ledger.test_replace import restore\n"
        "try: print(restore(Path(sys.argv[1]))[0])\n"
        "except Unreachable as error: print(error.code)"
    )
    every = [
        subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=120)[0].strip() for process in every]
    kept = [name for name in said if name != "ledger_in_use"]
    assert kept
    assert len(set(kept)) == len(kept)
    assert all(Path(name).exists() for name in kept)
    assert name_in(path) == "Then, again"
    assert others(path) == {Path(name).name for name in kept}
