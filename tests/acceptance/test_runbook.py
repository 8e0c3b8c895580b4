"""The drill in docs/operations.md is run as it stands there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.world.program import HANGS_AFTER, PROGRAM, Desk

RUNBOOK = Path(__file__).parents[2] / "docs" / "operations.md"


@pytest.mark.middle
def test_the_backup_and_restore_drill(tmp_path: Path) -> None:
    (drill,) = re.findall(r"^```sh drill\n(.*?)^```$", RUNBOOK.read_text(), re.DOTALL | re.M)
    desk = Desk(tmp_path, tmp_path / "home")
    environment = desk.environment()
    environment["PATH"] = f"{PROGRAM.parent}:{environment['PATH']}"

    done = subprocess.run(
        ["sh", "-eu", "-c", drill],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=3 * HANGS_AFTER,
        check=False,
    )

    # The last line is a payment that is refused.
    assert done.returncode == 7, f"{done.stdout}\n{done.stderr}"
    config = "--config invoicepay-demo/invoicepay.toml"
    invoice = desk.run(f"invoices show INV-1042 --json {config}").json
    assert invoice["status"] == "paid"
    assert invoice["paid_minor"] == invoice["total_minor"]
    for code in ("restored_not_confirmed", "journal_differs", "not_acknowledged", "already_paid"):
        assert code in _codes(done.stderr), done.stderr


def _codes(stderr: str) -> set[str]:
    """The codes of what was refused, by their words."""
    words = {
        "what came after it is not confirmed yet": "restored_not_confirmed",
        "differ from the journal": "journal_differs",
        "you have not been told before": "not_acknowledged",
        "INV-1042 was paid on": "already_paid",
    }
    return {code for text, code in words.items() if text in stderr}
