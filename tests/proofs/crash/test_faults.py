"""Every call of a command that changes a file, failing once: an I/O error, no space, a disk that
fills up within a write and stays full, and a kill on either side of it."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.proofs.crash.checks import Scenario
from tests.proofs.crash.place import Line, Place
from tests.proofs.crash.scenarios import FILES, SCENARIOS
from tests.proofs.crash.shim import COMPILER, KILLS, Call, Fault, Op, read_trace
from tests.proofs.size import Size

pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs Linux and a C compiler (cc)")

SWEPT = (
    *(s for s in SCENARIOS if s.name not in ("pay by ACH", "sync a left payment")),
    *FILES,
)
"""The two that are left out make the same calls as others."""
SOME, MORE = 2, 40
"""How many faults a command meets when not all are asked for."""


def faults_of(calls: list[Call]) -> list[tuple[int, Fault]]:
    """Every call with everything it can meet."""
    return [
        (number, fault)
        for number, call in enumerate(calls, 1)
        for fault in (Fault.EIO, Fault.ENOSPC, Fault.DISK_FULL, *KILLS)
        if fault in (Fault.EIO, *KILLS)
        or (fault is Fault.ENOSPC and call.op is not Op.UNLINK)
        or (fault is Fault.DISK_FULL and call.op is Op.WRITE)
    ]


@pytest.mark.parametrize("scenario", SWEPT, ids=lambda s: s.name)
def test_each_call_fails_once(
    scenario: Scenario,
    company: Path,
    line: Line,
    side_by_side: Callable[..., list[Any]],
    tmp_path: Path,
    tally: Callable[[str, int, str], None],
    size: Size,
) -> None:
    start = scenario.prepared(company, tmp_path / "start", line)
    trace = tmp_path / "trace"

    def failed_at(line: Line, case: tuple[int, Fault]) -> str:
        number, fault = case
        folder = tmp_path / f"{number}-{fault.name}"
        with Place.copy(start, folder, line, bank=scenario.bank) as place:
            run = scenario.run(place, fault=[str(folder), number, fault, ""])
            what = f"{calls[number - 1].op.name} {Path(calls[number - 1].path).name}"
            where = f"{scenario.name}: {fault.name} at {number} of {len(calls)}, {what}"
            assert run.calls >= number, (where, run)
            assert run.killed == (fault in KILLS), (where, run)
            end = scenario.check(scenario, place, run, f"{where}, exit code {run.exit_code}")
        shutil.rmtree(folder)
        return "killed" if run.killed else f"exit {run.exit_code}" if run.exit_code else end

    with Place.copy(start, tmp_path / "clean", line, bank=scenario.bank) as place:
        assert scenario.run(place, fault=[str(place.folder), 0, 0, str(trace)]).exit_code in (0, 3)
    calls = [call for call in read_trace(trace) if call.op is not Op.SAID]
    cases = faults_of(calls)
    most = size.of(SOME, MORE, len(cases))
    if most < len(cases):
        cases = Random(scenario.name).sample(cases, most)

    ends = Counter(side_by_side(failed_at, cases))

    told = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    tally(f"failed: {scenario.name}", len(cases), told)
