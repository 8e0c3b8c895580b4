"""Rights where several processes of the installed program meet, and that it says what the table
was shown in one process."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.proofs.rights.company import (
    ANOTHERS_PASSWORD,
    DANA,
    NEW_PASSWORD,
    PASSWORD,
    PETRA,
    Office,
)
from tests.world.program import Result

LOGIN = "login --password-stdin --insecure-storage --json --config nobody.toml"


def at_once(office: Office, commands: Sequence[tuple[str, str]]) -> list[Result]:
    """Each command, with its stdin, in a process of its own, all at the same time."""
    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(lambda c: office.run(c[0], c[1]), commands))


def code(result: Result) -> str:
    return result.error["code"] if result.exit_code else ""


def count(office: Office, query: str) -> int:
    with closing(sqlite3.connect(office.folder / "ledger.db")) as db:
        (found,) = db.execute(query).fetchone()
    return int(found)


def test_guessing_is_counted_across_processes_and_locks_nobody_out_for_good(
    office: Office,
) -> None:
    wrong = at_once(office, [(f"{LOGIN} --email {DANA}", "wrong wrong wrong\n")] * 7)
    assert sorted(map(code, wrong)) == ["login_failed"] * 5 + ["login_throttled"] * 2
    right, other, session = at_once(
        office,
        [
            (f"{LOGIN} --email {DANA}", f"{PASSWORD}\n"),
            (f"{LOGIN} --email {PETRA}", f"{ANOTHERS_PASSWORD}\n"),
            ("whoami --json --config customer.toml", ""),
        ],
    )
    assert code(right) == "login_throttled"
    assert session.json["email"] == DANA
    assert other.exit_code == 0
    _wait(office, seconds=31)
    assert office.run(f"{LOGIN} --email {DANA}", f"{PASSWORD}\n").exit_code == 0
    assert count(office, "SELECT count(*) FROM login_failures") == 0


def _wait(office: Office, seconds: int) -> None:
    """Let what was counted be so much older."""
    with closing(sqlite3.connect(office.folder / "ledger.db")) as db, db:
        db.execute(
            "UPDATE login_failures SET at = strftime('%Y-%m-%dT%H:%M:%f', at, ?) || '000Z'",
            (f"-{seconds} seconds",),
        )


def test_a_code_works_once_for_processes_side_by_side(office: Office) -> None:
    good = office.named["nobody"]["code"].own
    before = count(office, "SELECT count(*) FROM sessions")
    said = at_once(office, [(f"{LOGIN} --invite", f"{good}\n{NEW_PASSWORD}\n")] * 3)
    assert sorted(map(code, said)) == ["", "invite_invalid", "invite_invalid"]
    assert count(office, "SELECT count(*) FROM sessions") == before + 1


@pytest.mark.parametrize("role", ["nobody", "disabled", "revoked", "expired", "customer"])
def test_the_installed_program_says_the_same(office: Office, role: str) -> None:
    """Own, another's and absent; sorted out by role and scope as in the table."""
    commands = [f"invoices show {number} --json" for number in ("HF-1", "NH-1", "HF-99")]
    commands += ["payments receipt R-999999 --debug", "contacts list"]
    there = at_once(office.as_(role), [(command, "") for command in commands])
    here = [office.as_(role).here(command.split()) for command in commands]
    assert [(r.exit_code, r.stdout) for r in there] == [(r.exit_code, r.stdout) for r in here]
    assert [_last(r.stderr) for r in there] == [_last(r.stderr) for r in here]


def _last(text: str) -> str:
    """Without the traceback, which begins elsewhere."""
    return text.splitlines()[-1] if text else ""
