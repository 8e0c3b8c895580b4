"""SQLite replays whatever log lies beside a file. A ledger and a log that are not a pair are
refused, and left as they are; a pair never is, wherever a process was killed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from invoicepay.billing.customer import Company
from invoicepay.billing.errors import Unreachable
from invoicepay.billing.identity import Mode
from invoicepay.ledger import log
from invoicepay.ledger.file import create
from invoicepay.ledger.sqlite_ledger import SqliteLedger

NOW = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Files:
    """A ledger and its log as they lay on the disk at one moment, and what the ledger was then."""

    main: bytes
    log: bytes
    content: list[str]


class History:
    """A ledger that much is done to, and what lay on the disk after each step."""

    def __init__(self, path: Path, random: Random) -> None:
        self._path, self._random = path, random
        self._ledger = SqliteLedger(path)
        self._reader: sqlite3.Connection | None = None
        self._count = 0
        self.files: list[Files] = []

    def run(self, steps: int) -> None:
        does = [self._write] * 8 + [self._write_much, self._checkpoint, self._read, self._close]
        for _ in range(steps):
            self._random.choice(does)()
            self.keep()
        self._stop_reading()
        self._ledger.close()

    def backup(self, target: Path) -> Files:
        self._ledger.backup(target)
        self._ledger.close()
        with closing(sqlite3.connect(target)) as copy:
            content = list(copy.iterdump())
        return Files(target.read_bytes(), b"", content)

    def _write(self) -> None:
        self.write(self._random.choice((4, 20, 999)))

    def write(self, most: int = 0) -> None:
        """`most`: pages that SQLite keeps in a log after the next commit; 0: all."""
        with self._ledger.write() as unit:
            self._count += 1
            # Enough for pages that are not written in every commit.
            unit.company.put(Company(f"Acme {self._count}", terms="x" * (997 * self._count % 9000)))
            unit.journal.append("test", "", "", NOW, {"number": self._count})
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {most}")

    def _write_much(self) -> None:
        for _ in range(5):
            self._write()

    def _checkpoint(self) -> None:
        self._ledger._open()
        how = self._random.choice(("PASSIVE", "PASSIVE", "TRUNCATE", "RESTART"))
        self._connection.execute("PRAGMA busy_timeout = 0")
        self._connection.execute(f"PRAGMA wal_checkpoint({how})").fetchone()

    def _read(self) -> None:
        """Somebody begins to read, or stops; what comes meanwhile stays in the log."""
        if self._reader is not None:
            self._stop_reading()
            return
        self._reader = sqlite3.connect(self._path, isolation_level=None)
        self._reader.execute("BEGIN")
        self._reader.execute("SELECT name FROM company").fetchone()

    def _stop_reading(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _close(self) -> None:
        self._ledger.close()

    @property
    def _connection(self) -> sqlite3.Connection:
        assert self._ledger._connection is not None
        return self._ledger._connection

    def keep(self) -> None:
        if self._ledger._connection is not None:
            beside = self._path.with_name(f"{self._path.name}-wal")
            found = beside.read_bytes() if beside.exists() else b""
            content = list(self._ledger._connection.iterdump())
            self.files.append(Files(self._path.read_bytes(), found, content))
        elif self._reader is None:  # or it sees what was, and not what is
            main = self._path.read_bytes()
            with closing(sqlite3.connect(":memory:")) as copy:  # looking would make a log
                copy.deserialize(main[:18] + b"\1\1" + main[20:])  # or it wants a log
                self.files.append(Files(main, b"", list(copy.iterdump())))


@pytest.fixture(autouse=True)
def chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same stamps in each run: two of 2**24 may be the same by chance."""
    random = Random(4)
    monkeypatch.setattr(log, "_any_stamp", lambda: random.randrange(1, log._STAMPS - 999))


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory, where there is some: what is tried here needs no disk."""
    with TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as name:
        yield Path(name)


def made(path: Path, seed: int) -> History:
    create(path, company=Company("A"), mode=Mode.SANDBOX, ledger_id=f"{seed}", now=NOW)
    return History(path, Random(seed))


def opened(folder: Path, main: bytes, beside: bytes) -> list[str] | str:
    """What SqliteLedger makes of the two: all of its content, or the error's code."""
    path = folder / "ledger.db"
    for end, content in (("", main), ("-wal", beside)):
        path.with_name(path.name + end).write_bytes(content)
    ledger = SqliteLedger(path)
    try:
        with ledger.write() as unit:
            assert ledger.integrity() == []
            return list(unit._connection.iterdump())
    except Unreachable as error:
        assert path.read_bytes() == main
        assert path.with_name("ledger.db-wal").read_bytes() == beside
        return error.code
    finally:
        ledger.close()
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.middle) for seed in range(2, 6))]
)
def test_only_a_pair_is_taken(seed: int, folder: Path) -> None:
    """A ledger, a backup of it that went on elsewhere, and another ledger: every file of them with
    every log. What is taken is exactly what the ledger was at one time; the rest is refused."""
    first = made(folder / "first.db", seed)
    first.run(12)
    before = [*first.files, first.backup(folder / "copy.db")]
    copy = History(folder / "copy.db", Random(seed + 100))
    copy.run(6)
    first.run(12)
    other = made(folder / "other.db", seed + 200)
    other.run(6)

    ends = Counter[str]()
    for of, beside in (
        *newer_logs([*before, *first.files[len(before) - 1 :]]),
        *product(before, copy.files),
        *product(other.files, first.files + copy.files),
        *product(first.files + copy.files, other.files),
    ):
        if of is not beside and not beside.log:
            continue
        found = opened(folder, of.main, beside.log)
        if of is beside:
            assert found == of.content
        elif found == "ledger_mixed":
            ends["refused"] += 1
        else:
            assert found in (beside.content, of.content)
            ends["taken"] += 1

    assert ends["taken"] > 20
    assert ends["refused"] > 100


def newer_logs(files: Sequence[Files]) -> Iterator[tuple[Files, Files]]:
    """A file with its own log or one that came later. An older one is not always noticed: SQLite
    may have put pages of what came later into the file, and of its header none."""
    return ((of, beside) for at, of in enumerate(files) for beside in files[at:])


def test_a_log_that_is_cut_or_spoilt_is_what_was_committed_before(folder: Path) -> None:
    """What came after it is lost, as in an older file; nothing tells that it was there."""
    history = made(folder / "first.db", 1)
    for _ in range(4):
        history.write()
        history.keep()
    last = history.files[-1]
    at_rest = opened(folder, last.main, b"")
    contents = [at_rest, *(files.content for files in history.files)]

    frame, ends = 4096 + 24, set()
    for size in range(0, len(last.log), frame // 2):
        whole = Random(size).randbytes(32) + last.log[32:] if size == 0 else last.log[:size]
        ends.add(contents.index(opened(folder, last.main, whole)))
    assert ends == set(range(len(history.files)))


def test_a_file_that_is_ahead_of_a_log_that_was_cut_is_refused(folder: Path) -> None:
    """Where all of the log had been put into it."""
    history = made(folder / "first.db", 1)
    history.write()
    history.keep()
    short = history.files[-1].log
    for _ in range(3):
        history.write()
    history._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    history.keep()
    assert opened(folder, history.files[-1].main, short) == "ledger_mixed"


SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from invoicepay.billing.customer import Company
from invoicepay.ledger.sqlite_ledger import SqliteLedger
for n in range(60):
    ledger = SqliteLedger(Path(sys.argv[1]))
    with ledger.write() as unit:
        unit._connection.execute("PRAGMA wal_autocheckpoint = 7")
        unit.company.put(Company(f"{sys.argv[2]} {n}"))
        unit.journal.append("test", "", "", datetime.now(UTC), {})
    ledger.close()
"""


def test_processes_that_open_write_and_close_at_once_never_take_each_other_for_strangers(
    folder: Path,
) -> None:
    made(folder / "ledger.db", 1)
    command = [sys.executable, "-c", SCRIPT, str(folder / "ledger.db")]
    every = [
        subprocess.Popen([*command, name], stderr=subprocess.PIPE, text=True) for name in "abcd"
    ]
    assert [process.communicate(timeout=300)[1] for process in every] == [""] * len(every)
    ledger = SqliteLedger(folder / "ledger.db")
    with ledger.read() as unit:
        assert unit.journal.verify().entries == 1 + 60 * len(every)
    ledger.close()
