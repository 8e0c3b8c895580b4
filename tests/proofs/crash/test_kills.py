"""The real command, really killed at each of its steps, with the bank in another process."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from invoicepay.operations.payments.protocol.claim import LEASE
from tests.proofs.crash.checks import Scenario
from tests.proofs.crash.place import Line, Place, mails_in
from tests.proofs.crash.scenarios import SCENARIOS
from tests.proofs.size import Size

SOME, MORE = 2, 12
"""How many of a command's steps it is killed at when not all are asked for."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_killed_at_each_step_and_repaired_by_the_next_command(
    scenario: Scenario,
    company: Path,
    line: Line,
    side_by_side: Callable[..., list[Any]],
    tmp_path: Path,
    tally: Callable[[str, int, str], None],
    size: Size,
) -> None:
    start = scenario.prepared(company, tmp_path / "start", line)

    def killed_at(line: Line, number: int) -> tuple[str, int]:
        with Place.copy(start, tmp_path / str(number), line, bank=scenario.bank) as place:
            run = scenario.run(place, events=number)
            assert run.killed == (number < steps)
            where = f"{scenario.name} killed at {number}: {run.events}"
            end = scenario.check(scenario, place, run, where)
            _assert_no_mail_twice(place, run.events, where)
        shutil.rmtree(place.folder)
        return end, number

    with Place.copy(start, tmp_path / "clean", line, bank=scenario.bank) as place:
        clean = scenario.run(place, events=-1)
    steps = len(clean.events)
    apart = size.of(steps // SOME + 1, steps // MORE + 1, 1)
    numbers = sorted({*range(0, steps, apart), steps})
    done = side_by_side(killed_at, numbers)

    ends = Counter(end for end, _ in done)
    # None of the ends is there by accident: some were killed before the deed, and some after.
    assert ends.keys() == scenario.ends if size is Size.FULL else ends.keys() <= scenario.ends
    if "after confirm" in clean.events and "{declines}" not in scenario.command:
        charged_from = clean.events.index("after confirm")
        for end, number in done:
            assert (end in ("succeeded", "processing")) == (number >= charged_from)
    told = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    tally(f"killed: {scenario.name}", len(done), told)


def _assert_no_mail_twice(place: Place, steps: list[str], where: str) -> None:
    """The same Message-ID goes out again only when it was killed between sending and noting."""
    noted = steps[: max((i for i, s in enumerate(steps) if s == "after commit"), default=0) + 1]
    unnoted = steps[len(noted) :].count("after send")
    sent = sum(run.events.count("after send") for run in place.runs)
    assert sent <= len(mails_in(place.folder)) + unnoted, where


def test_the_lease_is_longer_than_a_slow_gateway_takes() -> None:
    """Courtesy only, but a payer should rarely find its payment taken away."""
    from invoicepay.gateway.stripe_gateway import CONNECT_SECONDS, READ_SECONDS

    assert timedelta(seconds=CONNECT_SECONDS + READ_SECONDS) * 3 < LEASE
