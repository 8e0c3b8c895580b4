"""Warm processes, the company that is copied for each case, and the table at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import pytest

from tests.proofs.crash.place import Line, Warm, create_company
from tests.proofs.crash.shim import COMPILER, build
from tests.proofs.figures import table, write_figures
from tests.proofs.size import Size

T = TypeVar("T")
R = TypeVar("R")
_TALLY = pytest.StashKey[list[tuple[str, str, str]]]()
SIDE_BY_SIDE = min(os.cpu_count() or 1, 8)


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    folder = tmp_path_factory.mktemp("warm")
    warm = Warm(folder, build(folder) if COMPILER else None)
    yield warm
    warm.close()


@pytest.fixture
def line(warm: Warm) -> Iterator[Line]:
    line = Line(warm)
    yield line
    line.close()


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not to be changed; a Place is a copy of it."""
    return create_company(tmp_path_factory.mktemp("crash"))


@pytest.fixture
def lines(warm: Warm) -> Iterator[Callable[[int], list[Line]]]:
    """`lines(count)`: for as many commands at once."""
    made: list[Line] = []

    def make(count: int) -> list[Line]:
        made.extend(Line(warm) for _ in range(count))
        return made[-count:]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def side_by_side(
    lines: Callable[[int], list[Line]],
) -> Callable[[Callable[[Line, T], R], Sequence[T]], list[R]]:
    """`side_by_side(run, cases)` runs the cases on all processors, each with a line of its own."""
    free: SimpleQueue[Line] = SimpleQueue()
    for each in lines(SIDE_BY_SIDE):
        free.put(each)

    def run_all(run: Callable[[Line, T], R], cases: Sequence[T]) -> list[R]:
        def run_one(case: T) -> R:
            line = free.get()
            try:
                return run(line, case)
            finally:
                free.put(line)

        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            return list(pool.map(run_one, cases))

    return run_all


@pytest.fixture(scope="session")
def tally(request: pytest.FixtureRequest) -> Callable[[str, int, str], None]:
    """`tally(what, cases, result)`: a line of the table that all but a small run end with. The full
    one writes it into docs/reliability.md."""
    lines = request.config.stash.setdefault(_TALLY, [])
    return lambda what, cases, result: lines.append((what, f"{cases:,}", result))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    lines = config.stash.get(_TALLY, [])
    if not lines or config.getoption("--size") is Size.SMALL:
        return
    terminalreporter.section("crashes")
    width = max(len(what) for what, _, _ in lines)
    for what, cases, result in [("what", "cases", "result"), *lines]:
        terminalreporter.write_line(f"{what:<{width}}  {cases:>7}  {result}")
    all_ran = config.args == ["tests/proofs/crash"] and not config.option.keyword
    passed = not {"failed", "error", "skipped"} & terminalreporter.stats.keys()
    if config.getoption("--size") is Size.FULL and all_ran and passed:
        write_figures("crash", table(("what", "cases", "what came of it"), lines))
