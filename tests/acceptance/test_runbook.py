"""The drill in docs/operations.md is run as it stands there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.running import HANGS_AFTER, PROGRAM, DemoCompany

RUNBOOK = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_backup_and_restore_drill(company: DemoCompany) -> None:
    (drill,) = re.findall(r"^```sh drill\n(.*?)^```$", RUNBOOK.read_text(), re.DOTALL | re.M)
    environment = company.environment()
    environment["PATH"] = f"{PROGRAM.parent}:{environment['PATH']}"
    paid = company.run("invoices show INV-1042 --json").json["paid_minor"]

    done = subprocess.run(
        ["sh", "-eu", "-c", drill],
        cwd=company.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=3 * HANGS_AFTER,
        check=False,
    )

    # The last line is a payment that is refused.
    assert done.returncode == 7, f"{done.stdout}\n{done.stderr}"
    invoice = company.run("invoices show INV-1042 --json").json
    assert invoice["status"] == "paid"
    assert invoice["paid_minor"] == invoice["total_minor"] > paid
    for code in ("ledger_behind_gateway", "journal_differs", "already_paid"):
        assert code in _codes(done.stderr), done.stderr


def _codes(stderr: str) -> set[str]:
    """The codes of what was refused, by their words."""
    words = {
        "restored from a backup or copied": "ledger_behind_gateway",
        "differ from the journal": "journal_differs",
        "was paid on": "already_paid",
    }
    return {code for text, code in words.items() if text in stderr}
