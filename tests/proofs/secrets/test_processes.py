"""What a process gives on to those it starts, and leaves behind when it crashes."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.world.program import PROGRAM, DemoCompany

posix = pytest.mark.skipif(sys.platform == "win32", reason="no such limits there")
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

VIEWER = """#!/bin/sh
{{ env; printf 'argv %s\\n' "$@"; echo "umask $(umask)"; }} > {out}.part
mv {out}.part {out}
"""


@posix
def test_a_viewer_gets_no_token(company: DemoCompany, tmp_path: Path) -> None:
    token = company.run("tokens create nightly").stdout.strip()
    viewer, out = tmp_path / "viewer", tmp_path / "seen"
    viewer.write_text(VIEWER.format(out=out))
    viewer.chmod(0o755)
    shown = company.run(
        "invoices pdf INV-1042 --view", INVOICEPAY_TOKEN=token, BROWSER=f"{viewer} %s"
    )
    assert shown.exit_code == 0, shown.stderr
    seen = out.read_text()
    assert "INV-1042.pdf" in seen
    assert "INVOICEPAY_CONFIG=" in seen  # it has an environment
    assert token not in seen
    assert "INVOICEPAY_TOKEN" not in seen


CRASHES = [signal.SIGABRT, signal.SIGSEGV, signal.SIGQUIT]


@linux
@pytest.mark.parametrize("crash", CRASHES)
def test_a_crash_leaves_no_core(crash: signal.Signals, company: DemoCompany) -> None:
    """Killed at the question of `pay`, with the session's secret in memory and no limit set."""
    command = [str(PROGRAM), "pay", "INV-1042"]
    process, terminal = _start(command, company)
    try:
        heard = b""
        while b"[y/N]" not in heard:
            heard += os.read(terminal, 4096)
        limit = _core_limit(process)
    finally:
        os.kill(process, crash)
        _, status = os.waitpid(process, 0)
        os.close(terminal)
    assert os.WTERMSIG(status) == crash
    assert not os.WCOREDUMP(status)
    # One byte: a file needs a page, and a pipe to a collector is refused for just this limit.
    assert limit == "1"
    assert [p.name for p in company.folder.iterdir() if p.name.startswith("core")] == []


def test_without_our_limit_there_would_be_one(company: DemoCompany) -> None:
    """Where the machine writes core files at all."""
    pattern = Path("/proc/sys/kernel/core_pattern")
    if not pattern.exists() or not re.fullmatch(r"core[\w.%]*", pattern.read_text().strip()):
        pytest.skip("core files land elsewhere on this machine")
    process, terminal = _start([sys.executable, "-c", "import os; os.abort()"], company)
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    assert os.WCOREDUMP(status)
    assert [p.name for p in company.folder.iterdir() if p.name.startswith("core")] != []


@posix
@pytest.mark.parametrize(("hard", "expected"), [("0", "0 0"), ("4096", "1 4096")])
def test_a_limit_that_is_lower_already_stays(
    hard: str, expected: str, company: DemoCompany
) -> None:
    import resource

    code = (
        "import resource\nfrom invoicepay.cli.main import _keep_to_ourselves\n"
        "_keep_to_ourselves()\nprint(*resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=company.environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, int(hard))),
        check=True,
    )
    assert done.stdout.strip() == expected


def _start(command: list[str], company: DemoCompany) -> tuple[int, int]:
    """On a terminal of its own, with core files of any size allowed."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    process, terminal = pty.fork()
    if process == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
            signal.signal(signal.SIGQUIT, signal.SIG_DFL)  # a shell's background job ignores it
            os.chdir(company.folder)
            os.execve(command[0], command, company.environment())
        finally:
            os._exit(127)
    return process, terminal


def _core_limit(process: int) -> str:
    limits = Path(f"/proc/{process}/limits").read_text()
    found = re.search(r"Max core file size +(\S+)", limits)
    assert found
    return found[1]
