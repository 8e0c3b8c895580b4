"""The demo company: made once, copied for each test that wants it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.running import DemoCompany, Desk, set_up_demo_company

# `ci` is Hypothesis's own: the same examples in every run. `long` is for looking further by hand.
settings.register_profile(
    "long", max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--crash",
        choices=("quick", "full"),
        default="quick",
        help="tests/crash: a sample of the kills, faults, power cuts and races, or all of them",
    )


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> DemoCompany:
    """Not to be changed; `company` is a copy of it."""
    return set_up_demo_company(tmp_path_factory.mktemp("template"))


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
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
