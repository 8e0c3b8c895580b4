"""Disks that are full, broken or closed, and files that are not what they should be: a named error
and the right exit code, never a traceback, and nothing changed or half done."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.world.program import HANGS_AFTER, PROGRAM, DemoCompany, Result
from tests.world.told import change

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="other disks, other rules")

PAY = "pay INV-1042 --method card --yes"
ROOM = (0, 60, 72, 90, 102, 200)
"""KiB. Enough for ever more of what a payment writes: nothing, its claim, the bank's side, all."""


def at_rest(company: DemoCompany) -> None:
    """All that its files hold in the files: their write-ahead logs are empty."""
    for path in (company.ledger, company.sandbox):
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def run(company: DemoCompany, command: str, *before: str, largest: int | None = None) -> Result:
    """`largest`: no file may grow beyond so many bytes; a write that would is an I/O error."""

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))  # type: ignore[arg-type]

    if not before and largest is None:
        return company.run(command)
    # The limit would hold for the files that a fork's answer goes to.
    done = subprocess.run(
        [*before, str(PROGRAM), *command.split()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=company.folder,
        env=company.environment({"PYTHONDONTWRITEBYTECODE": "1"}),
        timeout=HANGS_AFTER,
        preexec_fn=None if largest is None else limit,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def assert_named(result: Result, *exit_codes: int) -> None:
    assert result.exit_code in exit_codes, result
    assert "Traceback" not in result.stderr
    assert "unexpected" not in result.stderr
    if result.exit_code:
        assert json.loads(result.stderr.splitlines()[-1])["error"]["message"]


def assert_books_agree_with_the_bank(company: DemoCompany) -> None:
    """After the trouble is over: what the bank charged for INV-1042 is what the ledger says."""
    lease_over = "UPDATE payments SET lease_until = '2020-01-01T00:00:00.000000Z'"
    change(company.ledger, lease_over)
    finance = company.as_("finance")
    assert finance.run("sync").exit_code == 0
    assert finance.run("doctor").exit_code == 0
    with closing(sqlite3.connect(company.sandbox)) as bank:
        charged = [
            body["amount"]
            for (text,) in bank.execute("SELECT body FROM objects WHERE kind = 'payment_intent'")
            if (body := json.loads(text))["status"] == "succeeded"
            and "INV-1042=" in str(body["metadata"])
        ]
    paid = [
        p["amount_minor"]
        for p in company.run("payments list --json").json
        if p["status"] == "succeeded" and p["allocations"][0]["invoice"] == "INV-1042"
    ]
    assert charged == paid
    assert len(paid) <= 1
    invoice = company.run("invoices show INV-1042 --json").json
    assert invoice["paid_minor"] == sum(paid)
    assert invoice["processing_minor"] == 0


class TestNoSpace:
    @pytest.fixture
    def small_disk(self, company: DemoCompany, tmp_path: Path) -> Iterator[DemoCompany]:
        """The company on a disk of 4 MiB."""
        place = tmp_path / "small"
        place.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", str(place)]
        if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("needs the right to mount a small disk")
        try:
            yield company.copied_to(place / "company")
        finally:
            subprocess.run(["umount", str(place)], check=True)

    @pytest.mark.parametrize("room", ROOM)
    def test_paying_with_room_for_part_of_it(self, room: int, small_disk: DemoCompany) -> None:
        at_rest(small_disk)
        filler = fill(small_disk.folder, room)
        result = run(small_disk, f"{PAY} --json")
        assert_named(result, 0, 6, 10)
        assert room or result.exit_code == 10
        filler.unlink()
        assert_books_agree_with_the_bank(small_disk)

    @pytest.mark.parametrize(
        "command",
        ["invoices list", "invoices pdf INV-1042 --dir new", "invoices pdf --open --zip all.zip",
         "tokens create nightly", "methods default card", "logout", "demo --dir new",
         "sandbox clock advance 1d", "init --company A --admin-email a@example.com --ledger new.db"
         " --password-stdin"],
    )  # fmt: skip
    def test_nothing_is_changed_or_left_half_written(
        self, command: str, small_disk: DemoCompany
    ) -> None:
        # For as long as a connection is open SQLite keeps what reading takes, so reads work.
        with closing(sqlite3.connect(small_disk.ledger)) as held:
            before = "\n".join(held.iterdump())
            filler = fill(small_disk.folder, 0)
            files = names(small_disk.folder)
            result = run(small_disk, f"{command} --json")
            assert_named(result, 2, 5, 10)
            assert names(small_disk.folder) - {"new"} == files
            filler.unlink()
            assert "\n".join(held.iterdump()) == before

    @pytest.mark.parametrize("command", ["backup saved.db", "import invoices rows.csv"])
    def test_finances_work_too(self, command: str, small_disk: DemoCompany) -> None:
        rows = "".join(f"N-{n},C-1007,2026-10-01,10.00,USD\n" for n in range(3000))
        (small_disk.folder / "rows.csv").write_text(
            f"number,customer,issued_on,total,currency\n{rows}"
        )
        before = small_disk.dump()
        filler = fill(small_disk.folder, 128)
        files = names(small_disk.folder)
        assert_named(run(small_disk.as_("finance"), f"{command} --json"), 10)
        assert names(small_disk.folder) == files
        filler.unlink()
        assert money(small_disk.dump()) == money(before)
        assert small_disk.as_("finance").run("doctor").exit_code == 0

    @pytest.mark.parametrize("room", [0, 128, 600])
    def test_restoring_with_room_for_part_of_it(self, room: int, small_disk: DemoCompany) -> None:
        finance = small_disk.as_("finance")
        assert finance.run("backup saved.db").exit_code == 0
        before = small_disk.dump()
        at_rest(small_disk)
        filler = fill(small_disk.folder, room)
        files = names(small_disk.folder)
        result = run(finance, "restore saved.db --yes --json")
        assert_named(result, 10)
        if room:  # with none at all, not even the ledger in place can be opened
            assert result.error["code"] == "write_failed"
            assert "Nothing was changed. Make room there" in result.error["hint"]
        assert names(small_disk.folder) == files
        filler.unlink()
        assert small_disk.dump() == before
        assert run(finance, "restore saved.db --yes --json").exit_code == 0

    def test_nothing_can_be_read_where_there_is_no_room_at_all(
        self, small_disk: DemoCompany
    ) -> None:
        at_rest(small_disk)
        filler = fill(small_disk.folder, 0)
        result = run(small_disk, "invoices list --json")
        assert_named(result, 10)
        assert result.error["code"] == "ledger_unusable"
        filler.unlink()
        assert run(small_disk, "invoices list").exit_code == 0

    def test_mail_waits(self, small_disk: DemoCompany) -> None:
        """The outbox folder alone is full; the payment stands."""
        (small_disk.folder / "invoicepay.toml").write_text(
            'ledger = "ledger.db"\noutbox = "/dev/full/outbox"\n'
        )
        assert run(small_disk, PAY).exit_code == 0
        small_disk.run("sandbox clock advance 5m")
        result = run(small_disk, "sync --json")
        assert_named(result, 9)
        assert "not sent" in result.error["message"]
        assert_paid_once(small_disk)


def assert_paid_once(company: DemoCompany) -> None:
    assert company.run("invoices show INV-1042 --json").json["status"] == "paid"


def fill(folder: Path, room: int) -> Path:
    """Fill the disk of `folder` but for `room` KiB."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            while file.write(bytes(4096)) == 4096:
                pass
        file.truncate(max(0, file.tell() - room * 1024))
    return filler


def names(folder: Path) -> set[str]:
    """What is in `folder`, but for what SQLite keeps beside a file that is open."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return {name for name in found if not name.endswith(("-wal", "-shm"))}


def money(dump: str) -> list[str]:
    """The lines of a dump that are of more than a session's last use."""
    return [line for line in dump.splitlines() if 'INTO "sessions"' not in line]


def test_paying_where_writing_breaks_off(company: DemoCompany, tmp_path: Path) -> None:
    """An I/O error, wherever a file has grown beyond the limit; on every machine."""
    ends = set()
    for room in ROOM:
        copy = company.copied_to(tmp_path / f"{room}" / "demo")
        at_rest(copy)
        result = run(copy, f"{PAY} --json", largest=room * 1024)
        assert_named(result, 0, 6, 10)
        ends.add(result.exit_code)
        assert_books_agree_with_the_bank(copy)
    # Before anything was charged, when the bank had been asked already, and not at all.
    assert ends == {0, 6, 10}


# --- Closed to us ---------------------------------------------------------------------------------

AS_ANYBODY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""root obeys no modes; without these two capabilities it does."""


def obeying_modes() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    if not shutil.which("setpriv") or subprocess.run([*AS_ANYBODY, "true"]).returncode:
        pytest.skip("needs setpriv, since root obeys no modes")
    return AS_ANYBODY


@pytest.mark.parametrize(
    ("closed", "mode", "command", "code"),
    [
        ("ledger.db", 0o400, "invoices list", ""),
        ("ledger.db", 0o400, "invoices pdf INV-1042", ""),
        ("ledger.db", 0o400, PAY, "ledger_unusable"),
        ("ledger.db", 0o400, "tokens create nightly", "ledger_unusable"),
        ("ledger.db", 0o400, "logout", "ledger_unusable"),
        ("ledger.db", 0o000, "invoices list", "ledger_unusable"),
        ("ledger.db", 0o000, PAY, "ledger_unusable"),
        (".", 0o500, "invoices list", "ledger_unusable"),
        (".", 0o500, PAY, "ledger_unusable"),
        (".", 0o500, "logout", "ledger_unusable"),
        (".", 0o500, "invoices pdf INV-1042", "ledger_unusable"),
        ("ledger.db.sandbox", 0o400, "invoices list", ""),
        ("ledger.db.sandbox", 0o400, PAY, "ledger_unusable"),
        ("ledger.db.sandbox", 0o000, "sandbox clock advance 1d", "ledger_unusable"),
        ("shut", 0o500, "invoices pdf INV-1042 --dir shut", "write_failed"),
        ("shut", 0o500, "invoices pdf INV-1042 --zip shut/all.zip", "write_failed"),
        ("shut", 0o000, "invoices pdf INV-1042 --dir shut/in", "write_failed"),
        ("shut", 0o500, "demo --dir shut/demo", "write_failed"),
        ("shut", 0o000, "demo --dir shut/demo", "write_failed"),
        ("shut", 0o000, "invoices list --ledger shut/x.db", "ledger_unusable"),
        ("shut", 0o000, "invoices list --config shut/x.toml", "config_invalid"),
        ("shut", 0o000, "init --company A --admin-email a@example.com --password-stdin --ledger "
         "shut/x.db", "write_failed"),
        ("outbox", 0o500, PAY, ""),
    ],
)  # fmt: skip
def test_closed_to_us(
    closed: str, mode: int, command: str, code: str, company: DemoCompany
) -> None:
    before = obeying_modes()
    path = company.folder / closed
    if closed == "shut":
        path.mkdir()
    content = company.dump()
    path.chmod(mode)
    result = run(company, f"{command} --json", *before)
    path.chmod(0o700 if path.is_dir() else 0o600)
    if not code:
        assert_named(result, 0)
        return
    assert_named(result, 2 if code == "config_invalid" else 10)
    assert result.error["code"] == code
    assert company.dump() == content
    assert company.run("invoices show INV-1042 --json").json["status"] == "open"


def test_a_secret_that_we_may_not_read(company: DemoCompany) -> None:
    before = obeying_modes()
    config = company.folder / "invoicepay.toml"
    config.write_text(config.read_text() + 'secrets = "shut/secrets"\n')
    (company.folder / "shut").mkdir(0o000)
    result = run(company, "whoami --json", *before)
    assert (result.exit_code, result.error["code"]) == (10, "secret_unreadable")


def test_a_backup_where_we_may_not_look(company: DemoCompany) -> None:
    before = obeying_modes()
    (company.folder / "shut").mkdir(0o000)
    result = run(company.as_("finance"), "backup shut/saved.db --json", *before)
    assert (result.exit_code, result.error["code"]) == (10, "write_failed")


def test_a_backup_on_a_medium_that_is_read_only(company: DemoCompany) -> None:
    before = obeying_modes()
    finance, shut = company.as_("finance"), company.folder / "shut"
    shut.mkdir()
    assert finance.run("backup shut/saved.db").exit_code == 0
    (shut / "saved.db").chmod(0o400)
    shut.chmod(0o500)
    result = run(finance, "restore shut/saved.db --yes --json", *before)
    shut.chmod(0o700)
    assert_named(result, 0)


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_whoever_only_reads_reads_a_medium_that_is_read_only(
    company: DemoCompany, mode: str
) -> None:
    """An auditor with a DVD, a snapshot, or a locked archive."""
    before = obeying_modes()
    finance, shut = company.as_("finance"), company.folder / "shut"
    shut.mkdir()
    assert finance.run("backup shut/ledger.db").exit_code == 0
    with closing(sqlite3.connect(shut / "ledger.db")) as db:
        db.execute(f"PRAGMA journal_mode = {mode}")
    (shut / "ledger.db").chmod(0o400)
    shut.chmod(0o500)
    for command in ("audit verify", "invoices list", "invoices pdf INV-1042 --zip all.zip"):
        assert_named(run(finance, f"{command} --ledger shut/ledger.db", *before), 0)
    health = run(finance, "doctor --ledger shut/ledger.db --json", *before)
    assert_named(health, 9)  # its practice bank cannot be made there
    checks = {check["name"]: check["ok"] for check in json.loads(health.stdout)}
    assert all(checks[name] for name in ("ledger", "file", "books", "journal"))
    load = "import invoices import/invoices.csv --ledger shut/ledger.db --json"
    written = run(finance, load, *before)
    assert_named(written, 10)
    assert names(shut) == {"ledger.db"}
    shut.chmod(0o700)


def test_what_is_no_file_is_not_replaced_by_one(company: DemoCompany) -> None:
    """As root, a rename would put a file where /dev/null was."""
    os.mkfifo(company.folder / "pipe")
    result = run(company, "invoices pdf INV-1042 --zip pipe --json")
    assert (result.exit_code, result.error["code"]) == (10, "write_failed")
    assert (company.folder / "pipe").is_fifo()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("invoices list --ledger {long}", "ledger_unusable"),
        ("invoices list --config {long}", "config_invalid"),
        ("invoices pdf INV-1042 --dir {long}", "write_failed"),
        ("invoices pdf INV-1042 --zip {long}", "write_failed"),
        ("demo --dir {long}", "write_failed"),
        ("init --company A --admin-email a@example.com --password-stdin --ledger {long}",
         "write_failed"),
        ("backup {long}", "write_failed"),
        ("backup loop/saved.db", "write_failed"),
        ("backup ledger.db/saved.db", "write_failed"),
        ("invoices list --ledger loop", "ledger_missing"),
        ("invoices list --ledger outbox", "ledger_missing"),
    ],
)  # fmt: skip
def test_names_that_no_disk_takes(command: str, code: str, company: DemoCompany) -> None:
    (company.folder / "loop").symlink_to("loop")
    result = run(company.as_("finance"), f"{command.format(long='x' * 300)} --json")
    assert_named(result, 2, 10)
    assert result.error["code"] == code


# --- Files that are not what they should be -------------------------------------------------------


def cut(path: Path, size: int) -> None:
    os.truncate(path, size)


def pragma(text: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as file:
            file.execute(f"PRAGMA {text}")

    return change


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


NOT_A_LEDGER: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: cut(path, 0), "ledger_unusable"),
    "cut within the header": (lambda path: cut(path, 60), "ledger_damaged"),
    "cut after a page": (lambda path: cut(path, 5000), "ledger_damaged"),
    "cut in half": (lambda path: cut(path, path.stat().st_size // 2), "ledger_damaged"),
    "text": (lambda path: path.write_text("Dear diary, " * 999), "ledger_unusable"),
    "noise": (lambda path: path.write_bytes(bytes(range(256)) * 64), "ledger_unusable"),
    "another application's": (pragma("application_id = 5"), "ledger_unusable"),
    "newer": (pragma("user_version = 99"), "ledger_newer"),
    "a folder": (become_a_folder, "ledger_missing"),
}


@pytest.mark.parametrize("name", NOT_A_LEDGER)
@pytest.mark.parametrize("command", ["invoices list", PAY, "logout", "doctor"])
def test_what_is_no_ledger_is_named_and_left_alone(
    name: str, command: str, company: DemoCompany
) -> None:
    at_rest(company)
    change, code = NOT_A_LEDGER[name]
    change(company.ledger)
    before = company.ledger.read_bytes() if company.ledger.is_file() else b""
    result = run(company.as_("finance") if command == "doctor" else company, f"{command} --json")
    assert_named(result, 10)
    assert result.error["code"] == code
    assert str(company.ledger) in result.error["message"]
    assert not company.ledger.is_file() or company.ledger.read_bytes() == before


@pytest.mark.parametrize("name", [name for name in NOT_A_LEDGER if name != "empty"])
@pytest.mark.parametrize("command", [PAY, "sync", "sandbox clock advance 1d"])
def test_what_is_no_bank_is_named_as_such(name: str, command: str, company: DemoCompany) -> None:
    """It must not read as if the ledger were broken; and nothing is charged or held."""
    at_rest(company)
    whole = company.sandbox.read_bytes()
    NOT_A_LEDGER[name][0](company.sandbox)
    result = run(company, f"{command} --json")
    assert_named(result, 10)
    assert result.error["code"] == "ledger_unusable"
    assert result.error["message"].startswith(f"the practice bank's file {company.sandbox}")
    if company.sandbox.is_dir():
        company.sandbox.rmdir()
    for path in company.folder.glob("ledger.db.sandbox*"):
        path.unlink()
    company.sandbox.touch(0o600)
    company.sandbox.write_bytes(whole)
    if command == PAY:
        assert_books_agree_with_the_bank(company)
    assert company.run("invoices show INV-1042 --json").json["status"] == "open"
