"""What the benchmarks share: rounds that take turns, medians, and one line a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter

Work = Callable[[], object]


def milliseconds(work: Work, things: int = 1) -> float:
    """How long `work` takes, per thing that it makes."""
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1000 / things


def take_turns(
    works: Mapping[str, Callable[[], float]], rounds: int, warm_up: int = 1
) -> dict[str, list[float]]:
    """The figures of each of `works`, round by round, so that what disturbs the machine disturbs
    all of them alike. The first `warm_up` rounds are not counted."""
    taken = [{name: work() for name, work in works.items()} for _ in range(rounds + warm_up)]
    return {name: [figures[name] for figures in taken[warm_up:]] for name in works}


def ratio(values: Sequence[float], floor: Sequence[float]) -> float:
    """The median over the rounds of how many times `floor` the value is."""
    return median(value / beside for value, beside in zip(values, floor, strict=True))


def line(name: str, value: str, beside: str = "", target: str = "") -> None:
    """`name  value  ratio  target`."""
    print(f"{name:<42}{value:>16}  {beside:<18}{target and f'target {target}'}".rstrip())
