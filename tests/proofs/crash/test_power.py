"""Power cuts: what was acknowledged is on the disk, in every state that the disk may be in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.proofs.crash.checks import Scenario, is_restored, whole_files
from tests.proofs.crash.place import CHARGED, Line, Place, mails_in, read_ledger
from tests.proofs.crash.power import Disk, cuts
from tests.proofs.crash.scenarios import FILES, SCENARIOS
from tests.proofs.crash.shim import COMPILER, Call, Op, read_trace
from tests.proofs.size import Size

pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs Linux and a C compiler (cc)")
Tally = Callable[[str, int, str], None]

FULL = "PRAGMA synchronous = FULL"
OFTEN = "PRAGMA wal_autocheckpoint = 60"
"""Pages: so that many cuts fall into a checkpoint, and between two."""


def pay_and_trace(
    company: Path, folder: Path, line: Line, pragmas: list[str], payments: int
) -> tuple[Disk, list[Call]]:
    """So many payments by card and by ACH with a `sync` between: the disk as it was before, and
    every call they made. Nothing else opens the ledger meanwhile."""
    trace = folder / "trace"
    with Place.copy(company, folder / "company", line) as place:
        fault = [str(place.folder), 0, 0, str(trace)]
        disk = Disk(place.folder)
        for number in range(payments):
            if number % 4 == 3:
                place.run("sync", "--json", who="finance", fault=fault, pragmas=pragmas)
            method = "ach" if number % 3 == 2 else "card"
            part = f"INV-{number % 3 + 1}={1 + number % 4}.50"
            command = ["pay", part.partition("=")[0], "--amount", part, "--method", method]
            command += ["--allow-pending", "--key", f"number-{number}", "--yes", "--json"]
            paid = place.run(*command, fault=fault, pragmas=pragmas)
            assert paid.exit_code == 0, paid
    return disk, list(read_trace(trace))


def acknowledged(said: str) -> set[str]:
    """The payments that have been printed as charged; `sync` prints lists, in several pieces when
    they are long."""
    decoder, at, ids = json.JSONDecoder(), 0, set()
    with suppress(json.JSONDecodeError):  # the rest has not been printed yet
        while at < len(said):
            value, at = decoder.raw_decode(said, at)
            at += len(said[at:]) - len(said[at:].lstrip())
            printed = value if isinstance(value, list) else [value]
            ids |= {p["id"] for p in printed if p["status"] in CHARGED}
    return ids


def lost_in(state: Path, said: str, where: str) -> set[str]:
    """The acknowledged payments that are not in a state; which has to be a whole ledger."""
    found = read_ledger(state / "ledger.db")
    assert found.wrong == [], (where, found.wrong)
    sent = set(found.owed) - set(found.waiting)
    assert sent <= mails_in(state).keys(), (where, "an e-mail that was noted as sent is lost")
    return acknowledged(said) - {p.id for p in found.payments if p.status in CHARGED}


@pytest.mark.parametrize("pragmas", [[FULL], [OFTEN]], ids=["as it is", "checkpoints"])
def test_no_acknowledged_payment_is_lost(
    pragmas: list[str], company: Path, line: Line, tmp_path: Path, tally: Tally, size: Size
) -> None:
    disk, calls = pay_and_trace(company, tmp_path, line, pragmas, size.of(3, 12, 40))
    states = size.of(25, 250, 1500 if pragmas == [FULL] else 1000)
    said_at_end = ""

    for state, said, number in cuts(disk, calls, states, Random(13), tmp_path):
        assert lost_in(state, said, f"cut at {number}") == set(), f"cut at {number}"
        shutil.rmtree(state)
        said_at_end = said

    assert acknowledged(said_at_end)
    checkpoints = sum(c.op is Op.SYNC and c.path.endswith(".db") for c in calls)
    assert checkpoints or pragmas == [FULL]
    tally(
        f"power cut: {'payments' if pragmas == [FULL] else 'payments, many checkpoints'}",
        states,
        f"0 lost of {len(acknowledged(said_at_end))}; {checkpoints} checkpoints",
    )


def test_the_model_would_see_a_loss(
    company: Path, line: Line, tmp_path: Path, tally: Tally, size: Size
) -> None:
    """With synchronous=NORMAL acknowledged payments are lost, and the same model says so."""
    normal = ["PRAGMA synchronous = NORMAL"]
    disk, calls = pay_and_trace(company, tmp_path, line, normal, size.of(3, 6, 12))
    states, losing = size.of(12, 100, 500), 0

    for state, said, number in cuts(disk, calls, states, Random(14), tmp_path):
        losing += bool(lost_in(state, said, f"cut at {number}"))
        shutil.rmtree(state)

    assert losing
    tally("power cut: NORMAL, must lose", states, f"{losing} states lost payments")


def test_a_restore_leaves_the_old_ledger_or_the_new_one(
    company: Path, line: Line, tmp_path: Path, tally: Tally, size: Size
) -> None:
    scenario = next(s for s in SCENARIOS if s.name == "restore")
    start = scenario.prepared(company, tmp_path / "start", line)
    with Place.copy(start, tmp_path / "run", line, bank=False) as place:
        words, disk = scenario.words(place), Disk(place.folder)
        fault = [str(place.folder), 0, 0, str(tmp_path / "trace")]
        assert place.run(*words, who=scenario.who, fault=fault).exit_code == 0
    calls = list(read_trace(tmp_path / "trace"))
    states, new = size.of(20, 60, 300), 0

    for state, said, number in cuts(disk, calls, states, Random(16), tmp_path):
        where = f"cut at {number} of {len(calls)}"
        found = read_ledger(state / "ledger.db")
        assert found.wrong == [], where
        restored = is_restored(state / "ledger.db")
        assert restored or not said, f"{where}: it was said, and is lost"
        whole = state / "ledger.db"
        if restored:
            (whole,) = state.glob("ledger.db.replaced-*Z")
        assert [p.status for p in read_ledger(whole).payments] == ["succeeded"], where
        new += restored
        shutil.rmtree(state)

    assert 0 < new < states
    tally("power cut: restore", states, f"{new} the new ledger, {states - new} the old one")


TARGETS = {"backup": "copies/copy.db", "init": "new/ledger.db", "login": "*.secret"}
"""What has to be there when it was said."""
WRITERS = [s for s in (*SCENARIOS, *FILES) if s.name in (*TARGETS, "pdfs", "zip", "receipt")]


@pytest.mark.parametrize("scenario", WRITERS, ids=lambda s: s.name)
def test_a_file_is_whole_or_absent(
    scenario: Scenario,
    company: Path,
    line: Line,
    tmp_path: Path,
    tally: Tally,
    size: Size,
) -> None:
    start = scenario.prepared(company, tmp_path / "start", line)
    with Place.copy(start, tmp_path / "run", line, bank=scenario.bank) as place:
        words, disk = scenario.words(place), Disk(place.folder)
        fault = [str(place.folder), 0, 0, str(tmp_path / "trace")]
        done = place.run(*words, who=scenario.who, **scenario.options, fault=fault)
        assert done.exit_code == 0, done
    calls = list(read_trace(tmp_path / "trace"))
    states, there = size.of(12, 60, 300), 0

    for state, said, number in cuts(disk, calls, states, Random(15), tmp_path):
        where = f"{scenario.name}, cut at {number} of {len(calls)}"
        if scenario.name in TARGETS:
            found = list(state.glob(TARGETS[scenario.name]))
            assert found or not said, f"{where}: it was said, and is lost"
            for target in found:
                whole = target.suffix == ".secret" or read_ledger(target).wrong == []
                assert whole, where
                assert target.suffix != ".secret" or len(target.read_text()) == LENGTH, where
        else:
            found = [Path()] * whole_files(state / "out", where)
        assert read_ledger(state / "ledger.db").wrong == [], where
        there += bool(found)
        shutil.rmtree(state)

    tally(f"power cut: {scenario.name}", states, f"{there} whole, {states - there} absent")


LENGTH = 44
"""Characters of a session's file."""
