"""Run many seeds, or one with its transcript: `python -m tests.proofs.simulation --seeds 1000`."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator

from tests.proofs.simulation.run import Outcome, run
from tests.proofs.simulation.shorten import shorten

_CHUNK = 200
_SHOWN = 5
"""Failing seeds that are shortened; the others are only named."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.proofs.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="only this one, with its transcript")
    parser.add_argument(
        "--choices", help="replay these, separated by commas, instead of the seed's"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    if asked.seed is not None or asked.choices:
        replayed = [int(text) for text in asked.choices.split(",")] if asked.choices else None
        return _show(run(asked.seed or 0, replayed))
    return _run_many(range(asked.first, asked.first + asked.seeds), asked.processes)


def _show(outcome: Outcome) -> int:
    print(outcome.told())
    if not outcome.broken:
        print("\nEvery promise holds.")
        return 0
    print(f"\n{outcome.detail}\n\nShortened:\n")
    short = shorten(outcome)
    print(f"{short.told()}\n\n{short.detail}\n")
    print(f"--choices {','.join(map(str, short.choices))}")
    return 1


def _run_many(seeds: range, processes: int) -> int:
    began = time.monotonic()
    failed: list[Outcome] = []
    seen: Counter[str] = Counter()
    done = 0
    for counted, broken in _outcomes(seeds, processes):
        seen += counted
        failed += broken
        done = min(done + _CHUNK, len(seeds))
        if sys.stderr.isatty():
            print(f"\r{done} of {len(seeds)} seeds", end="", file=sys.stderr)
    took = time.monotonic() - began
    for what, count in sorted(seen.items()):
        print(f"{count:9}  {what}")
    print(f"\n{len(seeds)} seeds in {took:.0f} s: {len(seeds) / took:.0f} a second")
    for outcome in failed[:_SHOWN]:
        print(f"\nseed {outcome.seed}: {outcome.detail}\nShortened:\n")
        print(shorten(outcome).told())
        print(f"\nReplay it with `make simulate SEED={outcome.seed}`.")
    if failed:
        print(f"\n{len(failed)} seed(s) failed: {' '.join(str(o.seed) for o in failed)}")
        return 1
    print("Every promise held in each of them.")
    return 0


def _outcomes(seeds: range, processes: int) -> Iterator[tuple[Counter[str], list[Outcome]]]:
    chunks = [seeds[start : start + _CHUNK] for start in range(0, len(seeds), _CHUNK)]
    if processes <= 1:
        yield from map(_chunk, chunks)
        return
    with multiprocessing.Pool(processes) as pool:
        yield from pool.imap_unordered(_chunk, chunks)


def _chunk(seeds: range) -> tuple[Counter[str], list[Outcome]]:
    """What the runs have covered, and those that failed."""
    seen: Counter[str] = Counter()
    failed = []
    for seed in seeds:
        outcome = run(seed)
        seen += outcome.seen
        if outcome.broken:
            failed.append(outcome)
    return seen, failed


if __name__ == "__main__":
    sys.exit(main())
