"""Plants each bug in a copy of the project and runs the tests against it: `make mutants`.

    python -m tests.proofs.mutants [NAME…] [--jobs 2]

The copy as it is must pass first. A run is ended by the processor time that it uses, or by using
none (limits.py), so a busy machine only takes longer; a bug that is found so is named as such.
Exits 1 when a bug survives, or does not come to a verdict.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.proofs.mutants.limits import Watch
from tests.proofs.mutants.mutant import Mutant
from tests.proofs.mutants.table import MUTANTS

ROOT = Path(__file__).resolve().parents[3]
SUITE = (
    *"billing operations contracts proofs/hostile/files proofs/rights proofs/simulation".split(),
    "proofs/crash",
)
"""Folders of tests/ that import the package, rather than run the one that is installed; the
fastest first."""
NOT_COPIED = (".*", "build", "dist", "invoicepay-demo*")
MOST_SECONDS = 900.0
"""Of the processor, in one process of the tests: several times what all of them take without a
bug."""
ENDLESS = "uses the processor without end"
WAITING = "waits for ever"
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


class NoVerdict(Exception):
    """The tests could not be run."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`killed_by`: the first test that failed, or how they do not end; empty where all passed.
    `trouble`: why there is no verdict."""

    mutant: Mutant
    killed_by: str
    seconds: float
    trouble: str = ""


def main() -> int:
    names = [mutant.name for mutant in MUTANTS]
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.mutants")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of planted bugs; all, if none")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(names)):
        parser.error(f"no such bug: {', '.join(unknown)}; there are {', '.join(names)}")
    chosen = [m for m in MUTANTS if not options.names or m.name in options.names]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="invoicepay-mutants-") as folder:
        baseline = Path(folder) / "baseline"
        shutil.copytree(ROOT, baseline, ignore=shutil.ignore_patterns(*NOT_COPIED))
        print(f"tested: {_imported_from(baseline)}, without a bug", flush=True)
        if failed := _first_failure(baseline, _suite(baseline)):
            print(f"FAIL: all must pass before bugs are planted, but: {failed}")
            return 1
        print(f"passed in {time.monotonic() - started:.0f} s\n", flush=True)
        with ThreadPoolExecutor(options.jobs) as pool:
            verdicts = []
            for run in as_completed([pool.submit(_judge, m, baseline) for m in chosen]):
                verdicts.append(run.result())
                print(_line(verdicts[-1]), flush=True)
    killed = sum(bool(v.killed_by) for v in verdicts)
    print(f"\n{killed} of {len(verdicts)} killed in {time.monotonic() - started:.0f} s")
    return 0 if killed == len(verdicts) else 1


def _line(verdict: Verdict) -> str:
    ended = verdict.killed_by or verdict.trouble or f"SURVIVED: {verdict.mutant.hurts}"
    return f"{verdict.mutant.name:<30} {verdict.seconds:4.0f} s  {ended.removeprefix('tests/')}"


def _judge(mutant: Mutant, baseline: Path) -> Verdict:
    """Plant `mutant` in a copy of `baseline`; its likely tests first, then the whole suite."""
    started = time.monotonic()
    killed_by, trouble = "", ""
    copy = baseline.with_name(mutant.name)
    shutil.copytree(baseline, copy)
    try:
        mutant.plant(copy / "src" / "invoicepay")
        _imported_from(copy)
        for paths in ([mutant.first], _suite(copy)):
            killed_by = _first_failure(copy, paths)
            if killed_by:
                break
    except (NoVerdict, ValueError) as problem:
        trouble = f"NO VERDICT: {problem}"
    finally:
        shutil.rmtree(copy)
    return Verdict(mutant, killed_by, time.monotonic() - started, trouble)


def _suite(copy: Path) -> list[str]:
    return [f"tests/{name}" for name in SUITE if (copy / "tests" / name).is_dir()]


def _environment(copy: Path) -> dict[str, str]:
    """PYTHONPATH comes before the editable install of the project."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("PYTEST", "INVOICEPAY"))}
    return kept | {"PYTHONPATH": os.pathsep.join([str(copy / "src"), str(copy)])}


def _imported_from(copy: Path) -> str:
    """The file that `import invoicepay` finds. Raises NoVerdict when it is not the copy's."""
    done = subprocess.run(
        [sys.executable, "-c", "import invoicepay; print(invoicepay.__file__)"],
        cwd=copy,
        env=_environment(copy),
        capture_output=True,
        text=True,
        check=False,
    )
    found = done.stdout.strip()
    if not found or copy.resolve() not in Path(found).resolve().parents:
        raise NoVerdict(f"not the copy is tested, but {found or done.stderr}")
    return found


def _first_failure(copy: Path, paths: list[str]) -> str:
    """The first test that fails, or how the tests do not end; empty when all pass. Raises
    NoVerdict for anything else, since a bug that cannot even be imported says nothing about the
    tests."""
    # A fixed profile: the same examples in every run.
    options = ["-x", "--tb=no", "-p", "no:cacheprovider", "--hypothesis-profile=ci"]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        running = subprocess.Popen(
            [sys.executable, "-c", _LIMITED, str(MOST_SECONDS), *options, *paths],
            cwd=copy,
            env=_environment(copy),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        watch = Watch(running.pid)
        while running.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                running.wait(1)
            if running.poll() is None and watch.waits_for_ever():
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
                return WAITING
        output.seek(0)
        said = output.read()
    if running.returncode == 0:
        return ""
    if running.returncode == -signal.SIGXCPU:
        return ENDLESS
    found = _FAILED.search(said)
    if running.returncode != 1 or found is None:
        raise NoVerdict(f"pytest ended with {running.returncode}: {said[-600:]}")
    return found[1]


_LIMITED = """
import sys
from tests.proofs.mutants.limits import limit_processor_time
limit_processor_time(float(sys.argv[1]))
import pytest
sys.exit(pytest.main(sys.argv[2:]))
"""


if __name__ == "__main__":
    sys.exit(main())
