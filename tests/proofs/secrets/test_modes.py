"""Every file the program makes is 0600 and every folder 0700, whatever the umask.

PDFs, ZIPs and receipts as well: they say what a company owes and to which account it pays. Whoever
shares one does so on purpose.
"""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proofs.secrets.watching import can_trace
from tests.world.program import PROGRAM, DemoCompany, Desk

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no modes there")

UMASKS = [0o000, 0o022, 0o077]
PASSWORD = "nine quiet harbours"
COMMANDS = (
    "demo --dir made/by/demo",
    "{demo} invoices pdf INV-1042 --dir downloads/of/mine",
    "{demo} invoices pdf --open --zip archives/of/mine/open.zip",
    "{demo} pay INV-1042 --yes",
    "{demo} payments receipt {payment} --dir receipts/of/mine",
    "{demo} tokens create nightly",
    "--config moved/to/x.toml --ledger {ledger} login --email {email} --password-stdin"
    " --insecure-storage",
    "init --company New --admin-email new@example.com --ledger new/of/mine/books.db"
    " --password-stdin",
    "--ledger new/of/mine/books.db login --email new@example.com --password-stdin"
    " --insecure-storage",
    "--ledger new/of/mine/books.db backup saved.db",
    "--ledger new/of/mine/books.db sandbox clock advance 1d",
)


@pytest.mark.parametrize("umask", UMASKS, ids=lambda umask: f"{umask:03o}")
def test_everything_that_is_made_is_private(umask: int, desk: Desk) -> None:
    (desk.folder / "moved").mkdir()
    (desk.folder / "moved" / "to").mkdir()
    (desk.folder / "moved" / "to" / "x.toml").write_text('secrets = "folder/of/secrets"\n')
    ours = {*desk.folder.rglob("*"), *desk.home.rglob("*")}
    run_all(desk, umask)
    made = [p for top in (desk.folder, desk.home) for p in top.rglob("*") if p not in ours]
    loose = {p: oct(mode_of(p)) for p in made if mode_of(p) != (0o700 if p.is_dir() else 0o600)}
    assert loose == {}
    names = {p.name for p in made}
    assert {"INV-1042.pdf", "open.zip", "R-000001.pdf", "outbox", "import", "invoicepay.toml",
            "ledger.db", "ledger.db.sandbox", "books.db", "saved.db"} <= names  # fmt: skip
    assert [p.suffix for p in made].count(".secret") == 3
    assert ".eml" in {p.suffix for p in made}


def run_all(desk: Desk, umask: int) -> None:
    known = {"demo": "--config made/by/demo/invoicepay.toml", "payment": "", "email": "",
             "ledger": "made/by/demo/ledger.db"}  # fmt: skip
    password = PASSWORD
    for command in COMMANDS:
        words = command.format(**known).split()
        stdin = (password if "moved" in command else PASSWORD).encode()
        code, out, err = desk.ended(["--json", *words], stdin, umask=umask)
        assert code == 0, (words, err)
        said = json.loads(out)
        if words[0] == "demo":
            known["payment"] = said["payments"][-1]
            login = next(each for each in said["logins"] if each["role"] == "admin")
            known["email"], password = login["email"], login["password"]


@pytest.mark.middle
@pytest.mark.skipif(not can_trace(), reason="needs strace")
def test_also_while_it_is_being_made(desk: Desk, tmp_path: Path) -> None:
    """No file and no folder is made before the umask is ours, nor with more than it allows."""
    trace = tmp_path / "trace"
    calls = "umask,open,openat,creat,mkdir,mkdirat,chmod,fchmod,fchmodat"
    for command in ("demo", "--config invoicepay-demo/invoicepay.toml invoices pdf INV-1042"):
        subprocess.run(
            ["strace", "-f", "-qq", "-e", f"trace={calls}", "-o", trace, PROGRAM,
             *command.split()],
            capture_output=True, cwd=desk.folder, umask=0, check=True,
            env=desk.environment({"PYTHONDONTWRITEBYTECODE": "1"}),
        )  # fmt: skip
        made = list(_made(trace.read_text()))
        assert len(made) > 3
        assert [call for umask, call in made if umask != 0o077] == []
        loosened = [c for _, c in made if "chmod" in c and not re.search(r"0[67]00\)", c)]
        assert loosened == []


def _made(trace: str) -> Iterator[tuple[int, str]]:
    """The calls that make something or change its mode, with the umask of that moment."""
    umask = 0
    for line in trace.splitlines():
        call = line.partition(" ")[2].strip()
        if found := re.match(r"umask\((\w+)", call):
            umask = int(found[1], 8)
        elif not re.search(r"= -1 |resumed>", call) and (
            "O_CREAT" in call or call.startswith(("mkdir", "creat", "chmod", "fchmod"))
        ):
            yield umask, call


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestDoctor:
    """Copying and restoring can loosen what was made private."""

    @pytest.mark.parametrize(
        ("name", "mode", "found"),
        [
            ("ledger.db", 0o644, "read or changed"),
            ("ledger.db", 0o640, "read or changed"),
            ("ledger.db", 0o602, "read or changed"),
            ("ledger.db.sandbox", 0o604, "read or changed"),
            ("outbox/{mail}", 0o644, "read or changed"),
            ("finance.toml", 0o666, "changed"),
            ("finance", 0o770, "changed"),
            (".", 0o777, "changed"),
        ],
    )
    def test_finds_what_is_open_to_others(
        self, name: str, mode: int, found: str, company: DemoCompany
    ) -> None:
        path = company.folder / name.format(mail=company.mail[0].name)
        path.chmod(mode)
        result = company.as_("finance").run("doctor --json")
        assert result.exit_code == 9
        modes = check(result.stdout)
        assert not modes["ok"]
        said = f"{path.name} can be {found} by other users (mode {mode:04o})"
        assert str(modes["detail"]).endswith(said)
        assert "chmod" in str(modes["hint"])
        # A session in a folder that others can change is not even read.
        count = 2 if name == "finance" else 1
        assert f"{count} check(s) found something" in result.stderr

    @pytest.mark.parametrize(
        ("name", "mode"),
        [("finance.toml", 0o644), (".", 0o755), (".", 0o1777), ("ledger.db", 0o600),
         ("finance", 0o755)],
    )  # fmt: skip
    def test_leaves_what_is_well_alone(self, name: str, mode: int, company: DemoCompany) -> None:
        (company.folder / name).chmod(mode)
        result = company.as_("finance").run("doctor --json")
        assert result.exit_code == 0, result.stderr
        assert check(result.stdout)["ok"]

    def test_counts_what_else_there_is(self, company: DemoCompany) -> None:
        for path in (company.ledger, *company.mail):
            path.chmod(0o644)
        found = check(company.as_("finance").run("doctor --json").stdout)
        assert str(found["detail"]).endswith(f"(mode 0644), and {len(company.mail)} more")


def check(stdout: str) -> dict[str, object]:
    return next(each for each in json.loads(stdout) if each["name"] == "modes")


def test_doctor_reports_a_session_that_it_may_not_read(company: DemoCompany) -> None:
    finance = company.as_("finance")
    (session,) = (company.folder / "finance").glob("*.secret")
    session.chmod(0o640)
    result = finance.run("doctor --json")
    assert result.exit_code == 9
    login = next(each for each in json.loads(result.stdout) if each["name"] == "login")
    assert not login["ok"]
    assert f"chmod 600 {session}" in login["hint"]
    session.chmod(0o600)  # as it says
    assert finance.run("doctor --json").exit_code == 0
