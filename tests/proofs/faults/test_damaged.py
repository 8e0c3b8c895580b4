"""Every command on ledgers that are damaged, mixed or edited: a named error, never a traceback or a
part of an answer; and money moves only where the figures that it moves on tie out."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from invoicepay.billing.errors import FAMILIES
from invoicepay.gateway.metadata import allocations_in
from invoicepay.ledger.stores.books import Books
from tests.proofs.faults.damage import Damage, leave_log, whole_file, wrong_values
from tests.proofs.rights.company import MEMORY, Office, make_office
from tests.proofs.rights.table import COMMANDS_TABLE, Row
from tests.proofs.rights.test_commands import words
from tests.proofs.size import Size
from tests.world.program import Result

EXIT_CODES = {code: family.exit_code for family in FAMILIES for code in family.codes}
TOTAL = 10_000
"""Minor units that each invoice is for."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        yield make_office(tmp_path_factory.mktemp("damaged"), busy)


@pytest.fixture(scope="module")
def damages(template: Office) -> list[Damage]:
    return [*whole_file(), *wrong_values(template.folder / "ledger.db")]


@pytest.fixture
def copies(template: Office) -> Iterator[Callable[[], Office]]:
    with ExitStack() as stack:

        def copy() -> Office:
            root = stack.enter_context(TemporaryDirectory(dir=MEMORY))
            return template.copied_to(Path(root))

        yield copy


def run(office: Office, row: Row, role: str) -> Result:
    varied = office.named[role][row.kind].own if row.kind else ""
    command, stdin = words(row, office, role, varied, "--json")
    return office.as_(role).here(command, stdin)


def assert_named(result: Result, row: Row, where: str) -> str:
    """The code of what went wrong, empty where nothing did."""
    if "--debug" not in row.command:
        assert "Traceback" not in result.stderr, (where, result)
    if result.exit_code == 0:
        if "--stdout" not in row.command and result.stdout:
            json.loads(result.stdout)
        return ""
    # Some say what they have found, or done until then, and it is whole.
    assert result.stdout == "" or json.loads(result.stdout) is not None, (where, result)
    error = json.loads(result.stderr.splitlines()[-1])["error"]
    assert EXIT_CODES.get(error["code"]) == result.exit_code, (where, error)
    if error["code"] == "ledger_damaged":
        assert ".db" in error["message"], where
        assert "doctor" in error["hint"] or row.command.startswith("restore"), where
    return str(error["code"])


def charges(office: Office) -> Counter[str]:
    """Minor units that the bank has charged, by invoice."""
    charged = Counter[str]()
    with closing(sqlite3.connect(office.folder / "ledger.db.sandbox")) as bank:
        for (text,) in bank.execute("SELECT body FROM objects WHERE kind = 'payment_intent'"):
            intent = json.loads(text)
            if intent["status"] in ("succeeded", "processing"):
                for allocation in allocations_in(intent["metadata"]):
                    charged[allocation.invoice] += allocation.amount_minor
    return charged


def that_differ(path: Path) -> set[str]:
    """The invoices whose amounts do not tie out, as far as they can be read."""
    with TemporaryDirectory(dir=MEMORY) as folder:
        for end in ("", "-wal"):
            if Path(f"{path}{end}").exists():
                shutil.copy(f"{path}{end}", f"{folder}/ledger.db{end}")
        with closing(sqlite3.connect(f"{folder}/ledger.db")) as db:
            try:
                found = db.execute("SELECT number FROM invoices").fetchall()
                numbers = [number for (number,) in found if isinstance(number, str)]
                differences = Books(db).differences_of(numbers)
            except sqlite3.Error:
                return set()
    return {difference.what.rpartition(" ")[2] for difference in differences}


def check(office: Office, row: Row, role: str, damage: Damage) -> str:
    path, before = office.folder / "ledger.db", charges(office)
    damage.do(path)
    differ = that_differ(path)
    where = f"{damage} · {role}: {row.command}"
    code = assert_named(run(office, row, role), row, where)
    after = charges(office)
    assert max(after.values()) <= TOTAL, where
    assert not differ & {number for number in after if after[number] > before[number]}, where
    return code


@pytest.mark.parametrize("row", [pytest.param(row, id=row.command) for row in COMMANDS_TABLE])
def test_every_command(
    row: Row,
    template: Office,
    damages: list[Damage],
    size: Size,
) -> None:
    random = Random(row.command)
    roles = [role for role in ("customer", "finance", "admin") if role in row.may]
    for damage in random.sample(damages, size.of(4, 24, 120)):
        with TemporaryDirectory(dir=MEMORY) as folder:
            check(template.copied_to(Path(folder)), row, random.choice(roles), damage)


def test_the_damage_is_met(damages: list[Damage], template: Office) -> None:
    """Or these tests would show nothing: most of what is done to invoices is noticed by who reads
    them all, and the rest cannot be told from what is right."""
    row = next(row for row in COMMANDS_TABLE if row.command == "invoices list --all")
    met = Counter[str]()
    for damage in damages:
        if str(damage).startswith("invoices"):
            with TemporaryDirectory(dir=MEMORY) as folder:
                met[check(template.copied_to(Path(folder)), row, "finance", damage)] += 1
    assert set(met) == {"", "ledger_damaged"}
    assert met["ledger_damaged"] > met[""]


# --- What doctor says of them ---------------------------------------------------------------------

CHECKS = {
    *("ledger", "modes", "login", "keyring", "file", "books", "journal", "payments", "gateway"),
    "outbox",
}


def test_doctor_goes_on_where_a_check_cannot_look(damages: list[Damage], template: Office) -> None:
    """It reports each damaged ledger, and each of its checks reports its own failure."""
    doctor = next(row for row in COMMANDS_TABLE if row.command == "doctor")
    ends = Counter[int]()
    random = Random(1)
    some = random.sample(list(whole_file()), 40) + random.sample(damages, 30)
    for damage in some:
        with TemporaryDirectory(dir=MEMORY) as folder:
            office = template.copied_to(Path(folder))
            damage.do(office.folder / "ledger.db")
            result = run(office, doctor, "finance")
            assert_named(result, doctor, str(damage))
            checks = {check["name"]: check["ok"] for check in json.loads(result.stdout)}
            ends[result.exit_code] += 1
        if not checks["ledger"]:
            assert result.exit_code == 10, damage
        elif checks["login"]:
            assert set(checks) >= CHECKS, damage
        else:
            assert {"ledger", "modes", "login", "keyring"} <= set(checks), damage
        assert result.exit_code or all(checks.values()), damage
    assert ends[10] > 5  # the ledger cannot be opened
    assert ends[9] + ends[11] > 20


# --- A backup that was copied over a ledger whose log stayed --------------------------------------


def test_no_command_acts_on_a_mix_of_two(copies: Callable[[], Office]) -> None:
    """The ledger was paid from, and a process was killed that had it open, before somebody copied
    an earlier backup over it. Its log stays, and would be replayed into the backup."""
    office = copies()
    pay = next(row for row in COMMANDS_TABLE if row.command == "pay {invoice} --yes")
    assert run(office, pay, "customer").exit_code == 0
    path = office.folder / "ledger.db"
    leave_log(path)
    shutil.copy(office.folder / "saved.db", path)
    files = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    before = charges(office)

    for row in COMMANDS_TABLE:
        command = row.command.split()
        if (
            command[0] in ("demo", "init", "config", "restore", "completion")
            or "--debug" in command
        ):
            continue
        role = next(role for role in ("customer", "finance", "admin") if role in row.may)
        code = assert_named(run(office, row, role), row, row.command)
        assert code in ("ledger_mixed", "usage"), row
        assert (path.read_bytes(), Path(f"{path}-wal").read_bytes()) == files, row
    assert charges(office) == before

    restored = office.as_("nobody").here(["restore", "saved.db", "--yes", "--json"])
    assert restored.exit_code == 0, restored.stderr
    kept = Path(json.loads(restored.stdout)["replaced"])
    assert (kept.read_bytes(), Path(f"{kept}-wal").read_bytes()) == files
