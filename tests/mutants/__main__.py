"""Plants each bug in a copy of the project and runs the tests against it: `make mutants`.

    python -m tests.mutants [NAME…] [--jobs 2]

The copy as it is must pass first. Exits 1 when a bug survives, or does not come to a verdict.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutant import Mutant
from tests.mutants.table import MUTANTS

ROOT = Path(__file__).resolve().parents[2]
SUITE = "billing operations contracts rights simulation crash".split()
"""Folders of tests/ that import the package, rather than run the one that is installed; the
fastest first."""
NOT_COPIED = (".*", "build", "dist", "invoicepay-demo*")
HANGS_AFTER = 600.0
"""Seconds. A run that takes longer proves nothing."""
_FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


class NoVerdict(Exception):
    """The tests could not be run."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`killed_by`: the first test that failed, empty where none did; `trouble`: why there is no
    verdict."""

    mutant: Mutant
    killed_by: str
    seconds: float
    trouble: str = ""


def main() -> int:
    names = [mutant.name for mutant in MUTANTS]
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
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
            print(f"FAIL: it must pass before bugs are planted, but {failed} does not")
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
    """The first test that fails; empty when all pass. Raises NoVerdict for anything else, since
    a bug that cannot even be imported says nothing about the tests."""
    # A fixed profile: the same examples in every run.
    options = ["-x", "--tb=no", "-p", "no:cacheprovider", "--hypothesis-profile=ci"]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *paths],
            cwd=copy,
            env=_environment(copy),
            capture_output=True,
            text=True,
            timeout=HANGS_AFTER,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoVerdict(f"the tests took longer than {HANGS_AFTER:.0f} s") from None
    found = _FAILED.search(done.stdout)
    if done.returncode == 0:
        return ""
    if done.returncode != 1 or found is None:
        raise NoVerdict(f"pytest ended with {done.returncode}: {done.stdout[-300:]}{done.stderr}")
    return found[1]


if __name__ == "__main__":
    sys.exit(main())
