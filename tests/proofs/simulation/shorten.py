"""A failing run made short: choices left out and set to 0 while it still fails the same way."""

from __future__ import annotations

from collections.abc import Iterator

from tests.proofs.simulation.run import Outcome, run

MOST_RUNS = 1500


def shorten(failed: Outcome, most_runs: int = MOST_RUNS) -> Outcome:
    """The shortest run found that breaks the same rule as `failed`."""
    best, left = failed, most_runs
    progress = True
    while progress and left:
        progress = False
        size = max(1, len(best.choices) // 2)
        while size and left:
            start = 0
            while start < len(best.choices) and left:
                better = None
                for choices in _without(best.choices, start, size):
                    left -= 1
                    tried = run(failed.seed, choices)
                    if tried.broken == failed.broken and _size(tried) < _size(best):
                        better = tried
                        break
                if better is None:
                    start += size
                else:
                    best, progress = better, True
            size //= 2
    return best


def _without(choices: list[int], start: int, size: int) -> Iterator[list[int]]:
    """`choices` with less in this stretch: nothing, only zeros, or smaller numbers."""
    end = start + size
    yield choices[:start] + choices[end:]
    if any(choices[start:end]):
        yield choices[:start] + [0] * size + choices[end:]
        if size == 1 and choices[start] > 1:
            yield [*choices[:start], choices[start] - 1, *choices[end:]]


def _size(outcome: Outcome) -> tuple[int, int, int]:
    made = outcome.choices
    return sum(1 for number in made if number), len(made), sum(made)
