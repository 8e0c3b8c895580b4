"""How much of the program the tests hold in place: `make mutation`.

    python -m tests.proofs.mutants.measure [FILE…] [--jobs 2] [--fresh] [--show]

Each small change (operators.py) of each file is tried by the tests that run the changed lines,
until one fails. One process imports the tests and runs them all once; each mutant is a fork of it,
whose functions get other code. A change that no test notices has to be explained in
survivors.toml.

What has been found out is kept in `.mutation/`: run again, it tries only what survived and is not
explained, what is new, and the functions that have changed. Exits 1 when there is a survivor that
is not explained.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import itertools
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverage
import pytest
from _pytest.runner import runtestprotocol

from tests.proofs.figures import table, write_figures
from tests.proofs.mutants.limits import Watch, limit_processor_time
from tests.proofs.mutants.mutations import SOURCE, Mutation, mutations_of
from tests.proofs.mutants.planting import CannotPlant, plant, users_of
from tests.proofs.mutants.survivors import explained

ROOT = Path(__file__).resolve().parents[3]
_PROTOCOL = (
    "claim holds submit settle record reconcile take_in place restored cancel account "
    "gateway_customer compare news"
)
_STORES = (
    "payments invoices books journal outbox methods customers comparison restores loading contacts "
    "sessions scope"
)
TARGETS = (
    *(f"operations/payments/protocol/{name}.py" for name in _PROTOCOL.split()),
    "operations/payments/quote.py",
    "billing/plan.py",
    "billing/payment.py",
    *(f"gateway/{name}.py" for name in "stripe_gateway reading metadata limited_adapter".split()),
    *(f"ledger/stores/{name}.py" for name in _STORES.split()),
)
"""Below src/invoicepay, the most dangerous first."""
SUITES = (
    "tests/billing",
    "tests/operations",
    "tests/proofs/hostile/files",
    "tests/contracts",
    "tests/ledger",
    "tests/gateway",
    "tests/proofs/faults/test_slow_gateway.py",
    "tests/proofs/faults/test_proxy.py",
)
"""In one process each, without the programs."""
SIMULATOR = "the simulator"
SEEDS = 150
"""Of the simulator, which comes last."""
_KEPT = ROOT / ".mutation" / "verdicts.jsonl"
_TIMES, _AT_LEAST = 10.0, 10.0
"""A mutant may use so many times the processor time of its tests, and so many seconds."""
KILLED, SURVIVED, LIMIT, NO_PROGRAM = "killed", "survived", "limit", "no program"


@dataclass(slots=True)
class Run:
    """A mutant that is being tried."""

    mutation: Mutation
    answer: int
    """A pipe, on which it says what failed."""
    watch: Watch


@dataclass(slots=True)
class Measure:
    """A plugin of pytest, which runs mutants instead of tests."""

    files: Sequence[str]
    jobs: int
    fresh: bool
    within: float
    covering: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    """Of each file and line, the tests."""
    cost: dict[str, float] = field(default_factory=dict)
    """Of each test, the processor seconds."""
    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Of a function, or a file, and a test."""
    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: bool = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        self._run_once(session.items)
        if self.failed:
            return True
        self.verdicts = {} if self.fresh else _read()
        waiting = [m for file in self.files for m in mutations_of(file) if not self._is_known(m)]
        print(f"{len(waiting)} mutants to try", flush=True)
        waiting.reverse()
        running: dict[int, Run] = {}
        done = 0
        while waiting or running:
            while waiting and len(running) < self.jobs:
                pid, run = self._start(waiting.pop(), items)
                running[pid] = run
            done += self._finish(running)
            if done and done % 100 == 0:
                print(f"  {done} tried, {len(waiting)} left", flush=True)
        return True

    def _run_once(self, items: list[pytest.Item]) -> None:
        """All tests without a bug: what they run, and what that takes."""
        watched = coverage.Coverage(
            data_file=None,
            include=[str(SOURCE / file) for file in self.files],
            concurrency=["greenlet", "thread"],
            config_file=False,
        )
        watched.start()
        for at, item in enumerate(items):
            watched.switch_context(item.nodeid)
            started = time.process_time()
            following = items[at + 1] if at + 1 < len(items) else _furthest(item, items)
            reports = runtestprotocol(item, nextitem=following, log=False)
            self.cost[item.nodeid] = time.process_time() - started
            for report in reports:
                if report.failed:
                    self.failed = True
                    print(f"FAIL: without a bug, {item.nodeid}\n{report.longreprtext}")
        watched.switch_context(SIMULATOR)
        started = time.process_time()
        self.failed |= bool(_simulate())
        print(f"the tests take {sum(self.cost.values()):.0f} s of the processor", flush=True)
        self.cost[SIMULATOR] = time.process_time() - started
        watched.stop()
        data = watched.get_data()
        for file in self.files:
            lines = data.contexts_by_lineno(str(SOURCE / file))
            self.covering[file] = {line: set(names) - {""} for line, names in lines.items()}

    def _tests_of(self, mutation: Mutation) -> list[str]:
        """The likeliest and fastest first."""
        lines = [mutation.lines]
        if mutation.is_constant:
            lines = list(users_of(mutation))
        names: set[str] = set()
        for line in (line for some in lines for line in some):
            names |= self.covering[mutation.file].get(line, set())
        if mutation.is_constant and not names:
            names = set().union(*self.covering[mutation.file].values())
        where = f"{mutation.file}::{mutation.function}"
        rarity = self._rarity(mutation, names)
        return sorted(
            names,
            key=lambda n: (
                n == SIMULATOR,
                -self.kills[where, n],
                rarity[n],
                -self.kills[mutation.file, n],
                self.cost[n],
                n,
            ),
        )

    def _rarity(self, mutation: Mutation, tests: set[str]) -> dict[str, int]:
        """Of each test, how few share the rarest line that it runs in the function: whoever goes
        its odd ways is likelier to notice."""
        rarity = dict.fromkeys(tests, len(tests))
        for line in mutation.scope:
            here = self.covering[mutation.file].get(line, set())
            for name in here & tests:
                rarity[name] = min(rarity[name], len(here))
        return rarity

    def _is_known(self, mutation: Mutation) -> bool:
        kept = self.verdicts.get(_name(mutation))
        known = kept is not None and kept["of"] == _of(mutation)
        if kept and known and kept["by"]:
            self.kills[f"{mutation.file}::{mutation.function}", kept["by"]] += 1
            self.kills[mutation.file, kept["by"]] += 1
        settled = kept is not None and kept["verdict"] != SURVIVED
        return known and (settled or mutation.key in explained())

    def _start(self, mutation: Mutation, items: dict[str, pytest.Item]) -> tuple[int, Run]:
        tests = self._tests_of(mutation)
        spent = list(itertools.accumulate(self.cost[name] for name in tests))
        tests = [
            t for t, cost in zip(tests, spent, strict=True) if cost <= self.within or t == SIMULATOR
        ]
        ours, theirs = os.pipe()
        pid = os.fork()
        if not pid:
            _try(mutation, tests, items, sum(self.cost[t] for t in tests), theirs)
        os.close(theirs)
        return pid, Run(mutation, ours, Watch(pid))

    def _finish(self, running: dict[int, Run]) -> int:
        """Note those that have ended."""
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                if pid not in running:
                    return 0
                self._note(running.pop(pid), status)
                return 1
            time.sleep(0.005)
        for pid, run in running.items():
            if run.watch.waits_for_ever():
                os.killpg(pid, signal.SIGXCPU)
        return 0

    def _note(self, run: Run, status: int) -> None:
        with os.fdopen(run.answer, "rb") as answer:
            said = answer.read().decode()
        verdict, _, by = said.partition(" ")
        verdict = verdict.replace("_", " ")
        if os.WIFSIGNALED(status):
            verdict, by = (KILLED, by or "it ends the process")
            if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
                verdict = LIMIT
        assert verdict in (KILLED, SURVIVED, LIMIT, NO_PROGRAM), f"{run.mutation}: {said} {status}"
        mutation = run.mutation
        if verdict == KILLED:
            self.kills[f"{mutation.file}::{mutation.function}", by] += 1
            self.kills[mutation.file, by] += 1
        entry = {"of": _of(mutation), "verdict": verdict, "by": by}
        self.verdicts[_name(mutation)] = entry
        _KEPT.parent.mkdir(exist_ok=True)
        with _KEPT.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"mutation": _name(mutation), **entry}) + "\n")
        if verdict == SURVIVED and mutation.key not in explained():
            print(f"SURVIVED line {mutation.lines.start}: {mutation}", flush=True)


def _try(
    mutation: Mutation, tests: list[str], items: dict[str, pytest.Item], seconds: float, say: int
) -> None:
    """In a fork: plant it, and run its tests until one fails. Does not return."""
    verdict = "lost"
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        limit_processor_time(_AT_LEAST + _TIMES * seconds)
        plant(mutation)
        verdict = SURVIVED
        chosen = [items[name] for name in tests if name != SIMULATOR]
        for at, item in enumerate(chosen):
            following = chosen[at + 1] if at + 1 < len(chosen) else None
            if any(r.failed for r in runtestprotocol(item, nextitem=following, log=False)):
                verdict = f"{KILLED} {item.nodeid}"
                break
        else:
            if SIMULATOR in tests and (seed := _simulate()):
                verdict = f"{KILLED} {SIMULATOR}, seed {seed}"
    except CannotPlant:
        verdict = NO_PROGRAM.replace(" ", "_")
    except BaseException as error:  # noqa: BLE001 - a mutant may do anything
        verdict = f"{KILLED} {type(error).__name__}"
    finally:
        os.write(say, verdict.encode())
        os._exit(0)


def _simulate() -> str:
    """The first seed with which a promise is broken."""
    from tests.proofs.simulation.run import run

    return next((str(seed) for seed in range(SEEDS) if run(seed).broken), "")


def _furthest(item: pytest.Item, items: list[pytest.Item]) -> pytest.Item:
    """The one that shares the fewest folders: what all share stays set up."""
    mine = set(item.listchain())
    return min(items, key=lambda other: len(mine & set(other.listchain())))


def _name(mutation: Mutation) -> str:
    return str(mutation)


_hashes: dict[tuple[str, str], str] = {}


def _of(mutation: Mutation) -> str:
    """What the function is now, as a hash."""
    where = (mutation.file, mutation.function)
    if where not in _hashes:
        text = (SOURCE / mutation.file).read_text("utf-8")
        name = mutation.function.rpartition(".")[2]
        found = [
            ast.dump(node)
            for node in ast.walk(ast.parse(text))
            if (isinstance(node, ast.FunctionDef) and node.name == name)
            or (mutation.is_constant and isinstance(node, ast.Assign | ast.AnnAssign))
        ]
        _hashes[where] = hashlib.sha256("\n".join(found).encode()).hexdigest()[:16]
    return _hashes[where]


def _read() -> dict[str, dict[str, Any]]:
    if not _KEPT.exists():
        return {}
    lines = (json.loads(line) for line in _KEPT.read_text("utf-8").splitlines())
    return {line["mutation"]: line for line in lines}


def _show(files: Sequence[str], verdicts: dict[str, dict[str, Any]]) -> int:
    """The score of each file; how many survivors are not explained. Where it is of all files, and
    none is left, also in docs/reliability.md."""
    reasons = explained()
    rows: list[list[object]] = []
    print(f"\n{'':<38} mutants  killed  by the limit  explained  survived")
    total: Counter[str] = Counter()
    left: defaultdict[str, list[Mutation]] = defaultdict(list)
    for file in files:
        here: Counter[str] = Counter()
        for mutation in mutations_of(file):
            kept = verdicts.get(_name(mutation))
            verdict = kept["verdict"] if kept and kept["of"] == _of(mutation) else "untried"
            if verdict == NO_PROGRAM:
                continue
            if verdict == SURVIVED and mutation.key in reasons:
                verdict = "explained"
            if verdict in (SURVIVED, "untried"):
                left[file].append(mutation)
            here[verdict] += 1
        _print_row(file, here)
        rows.append([f"`{file}`", *_numbers(here)])
        total += here
    _print_row("all", total)
    if tuple(files) == TARGETS and not left:
        head = ("", "changes", "killed", "stopped by a limit", "explained")
        write_figures("mutation", table(head, [*rows, ["all", *_numbers(total)]]))
    for file, mutations in left.items():
        print(f"\nNot killed and not explained, in {file}:")
        for mutation in mutations:
            print(f"  line {mutation.lines.start}: {mutation}")
    return sum(map(len, left.values()))


def _numbers(count: Counter[str]) -> list[int]:
    return [count.total(), count[KILLED], count[LIMIT], count["explained"]]


def _print_row(name: str, count: Counter[str]) -> None:
    print(
        f"{name:<38} {count.total():7} {count[KILLED]:7} {count[LIMIT]:13} "
        f"{count['explained']:10} {count[SURVIVED] + count['untried']:9}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.mutants.measure")
    parser.add_argument("files", nargs="*", metavar="FILE", help="below src/invoicepay")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tests", nargs="*", default=SUITES, help="instead of all of them")
    parser.add_argument("--fresh", action="store_true", help="forget what was found out")
    parser.add_argument(
        "--within",
        type=float,
        default=float("inf"),
        metavar="SECONDS",
        help="of the processor, for each mutant: a first look",
    )
    parser.add_argument("--show", action="store_true", help="only what is known")
    options = parser.parse_args()
    files = [f for f in TARGETS if not options.files or f.startswith(tuple(options.files))]
    if not files:
        parser.error("none of the files that are measured; they are " + ", ".join(TARGETS))
    if options.show:
        return 1 if _show(files, _read()) else 0
    if options.fresh:
        _KEPT.unlink(missing_ok=True)
    started, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    os.chdir(ROOT)
    measure = Measure(files, options.jobs, options.fresh, options.within)
    quiet = ["-p", "no:cacheprovider", "--no-header", "--capture=no"]
    settings = ["--hypothesis-profile=ci", "-o", "tmp_path_retention_policy=none", "-W", "default"]
    with tempfile.TemporaryDirectory() as folder:  # other runs of pytest clean up their common one
        settings.append(f"--basetemp={folder}/tests")
        ended = pytest.main([*quiet, *settings, *options.tests], plugins=[measure])
    if measure.failed or ended not in (0, 5):
        print(f"the tests cannot be run, or do not pass without a bug ({ended})")
        return 1
    left = _show(files, measure.verdicts)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    print(f"\nin {time.monotonic() - started:.0f} s, {processor:.0f} s of the processor")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
