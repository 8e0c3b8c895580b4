"""The demo company: made once, copied for each test that wants it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.proofs import size as sizes
from tests.proofs.size import Size
from tests.world import program
from tests.world.forks import AGAIN_AFTER
from tests.world.program import DemoCompany, Desk, set_up_demo_company

# `ci` is Hypothesis's own: the same examples in every run, as for the middle size. None has a time
# limit: how long an example takes depends on what else the machine does.
for _size, _examples in ((Size.SMALL, 100), (Size.MIDDLE, 500), (Size.FULL, 5_000)):
    settings.register_profile(
        _size,
        max_examples=_examples,
        derandomize=_size is Size.MIDDLE,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are processors: some tests wait for a time limit, and do nothing."""
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--size",
        type=Size,
        choices=list(Size),
        default=Size.SMALL,
        help="of the proofs: how many crashes, runs, races and examples",
    )
    parser.addoption(
        "--program",
        choices=("forked", "installed"),
        default="forked",
        help="whether each run of the program is a fork of one that has been imported, or is "
        "started as a person would start it",
    )


MEMORY, ROOM = Path("/dev/shm"), 4 << 30
"""Where files are kept without a disk, and how many bytes have to be free there. Waiting for a disk
would take as long as all the rest."""


def pytest_configure(config: pytest.Config) -> None:
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    program.starts_each = config.getoption("--program") == "installed"
    chosen = sizes.chosen = config.getoption("--size")
    settings.load_profile(
        os.environ.get("HYPOTHESIS_PROFILE", chosen) if chosen is Size.SMALL else chosen
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked `middle` is no part of a small size."""
    if config.getoption("--size") is Size.SMALL:
        left_out = [item for item in items if item.get_closest_marker("middle")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session", autouse=True)
def _retried_at_once() -> None:
    """By the SDK, where a test has imported it."""
    if sdk := sys.modules.get("stripe._http_client"):
        sdk.HTTPClient.INITIAL_DELAY = AGAIN_AFTER


@pytest.fixture(scope="session")
def size(request: pytest.FixtureRequest) -> Size:
    found = request.config.getoption("--size")
    assert isinstance(found, Size)
    return found


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> DemoCompany:
    """Not to be changed; `company` is a copy of it."""
    return set_up_demo_company(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of a small company, to be copied."""
    from tests.world.company import make_template

    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def company(demo_template: DemoCompany, tmp_path: Path) -> DemoCompany:
    """The demo company, as `invoicepay demo` leaves it."""
    return demo_template.copied_to(tmp_path / "demo")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty folder."""
    folder, home = tmp_path / "work", tmp_path / "home"
    folder.mkdir()
    home.mkdir(exist_ok=True)
    return Desk(folder, home)


EXCUSED = (
    "the real export is not beside the project",
    "core files land elsewhere",
    "names no real test key",
    "needs root",
)
"""Reasons that no program can be installed against."""


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where every program is installed (.ci/run), a skipped test is a failure."""
    if os.environ.get("INVOICEPAY_NOTHING_SKIPPED") and session.testscollected:
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        skipped = [
            report
            for report in (reporter.stats.get("skipped", []) if reporter else [])
            if not any(reason in str(report.longrepr) for reason in EXCUSED)
        ]
        if skipped and session.exitstatus == pytest.ExitCode.OK:
            assert reporter
            reporter.write_line("\nFAILED: nothing may be skipped here.")
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
