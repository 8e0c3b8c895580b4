"""`sandbox serve`: other processes of the same user reach the practice bank, and nobody else."""

from __future__ import annotations

import json
import re
import shutil
import signal
import stat
from pathlib import Path

import pytest

from tests.world.another_user import as_another_user, needs_another_user, open_folder
from tests.world.program import DemoCompany, Desk
from tests.world.served import lead_to, served

KEY = re.compile("sk_test_[A-Za-z0-9]{32}\n")


@pytest.fixture
def config(company: DemoCompany) -> Path:
    return company.folder / "invoicepay.toml"


def test_a_payment_through_a_served_bank(company: DemoCompany, config: Path) -> None:
    with served(company) as server:
        file = server.key_file(company.ledger)
        key = file.read_text()
        assert KEY.fullmatch(key)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        lead_to(config, server.url)
        paid = company.run("pay INV-1042 --method card --yes --json").json
        assert paid["status"] == "succeeded"
        server.end()
    assert server.process.returncode == 130
    assert not file.exists()
    assert str(file) in server.errors  # where it was, so that it can be given to other clients
    assert key.strip() not in server.output + server.errors
    others = [p for p in company.folder.rglob("*") if p.is_file()]
    assert not [p for p in others if key.strip().encode() in p.read_bytes()]


def test_as_json_the_file_of_the_key_and_not_the_key(company: DemoCompany) -> None:
    with served(company, "--port 0 --json") as server:
        server.end()
    said = json.loads(server.output)
    assert set(said) == {"url", "key_file"}
    assert Path(said["key_file"]).parent == company.folder
    assert "sk_test" not in server.output + server.errors


def test_without_the_key_a_payment_is_refused_until_what_the_hint_says_is_done(
    company: DemoCompany, config: Path
) -> None:
    with served(company) as server:
        lead_to(config, server.url)
        server.end()
    pay = "pay INV-1042 --method card --yes --json"
    result = company.run(pay)
    assert (result.exit_code, result.error["code"]) == (10, "key_missing")
    assert f"`invoicepay sandbox serve --port {server.port}`" in result.error["hint"]
    with served(company, f"--port {server.port}"):
        assert company.run(pay).json["status"] == "succeeded"


@pytest.mark.parametrize("key", ["sk_live_51abc", "rk_live_51abc", "a password", ""])
def test_nothing_but_a_test_key_is_sent(company: DemoCompany, config: Path, key: str) -> None:
    (company.folder / "other.key").touch(0o600)
    (company.folder / "other.key").write_text(key)
    with served(company) as server:
        lead_to(config, server.url, Path("other.key"))
        result = company.run("pay INV-1042 --method card --yes --json")
    assert (result.exit_code, result.error["code"]) == (10, "key_missing")
    assert not key or key not in result.stderr


def test_the_key_of_another_server_is_refused(company: DemoCompany, config: Path) -> None:
    with served(company) as one, served(company) as two:
        lead_to(config, one.url, two.key_file(company.ledger))
        result = company.run("pay INV-1042 --method card --yes --json")
        assert (result.exit_code, result.error["code"]) == (10, "gateway_refused")
        assert "does not accept the key" in result.error["message"]
        assert company.run("invoices show INV-1042 --json").json["status"] == "open"


def test_one_ledgers_servers_do_not_disturb_each_other(company: DemoCompany, config: Path) -> None:
    with served(company) as one:
        with served(company) as two:
            assert (
                one.key_file(company.ledger).read_text() != two.key_file(company.ledger).read_text()
            )
            two.end()
        lead_to(config, one.url)
        assert company.run("pay INV-1042 --method card --yes --json").exit_code == 0


def test_what_a_killed_server_leaves_opens_nothing(company: DemoCompany, config: Path) -> None:
    with served(company) as server:
        file = server.key_file(company.ledger)
        server.end(signal.SIGKILL)
    stale = file.read_text()
    lead_to(config, server.url)
    result = company.run("pay INV-1042 --method card --yes --json")
    assert (result.exit_code, result.error["code"]) == (10, "gateway_unreachable")
    with served(company, f"--port {server.port}"):
        assert file.read_text() != stale
        assert company.run("pay INV-1042 --method card --yes --json").exit_code == 0


def test_the_bank_of_another_ledger_by_the_file_of_its_key(
    company: DemoCompany, config: Path, tmp_path: Path
) -> None:
    """As a copy of a ledger on the same machine shares its bank."""
    copy = company.copied_to(tmp_path / "copied")
    shutil.rmtree(copy.folder / "outbox")
    with served(company) as server:
        lead_to(copy.folder / "invoicepay.toml", server.url)
        result = copy.run("pay INV-1042 --method card --yes --json")
        assert (result.exit_code, result.error["code"]) == (10, "key_missing")
        settings = copy.folder / "invoicepay.toml"
        settings.write_text(
            f'{settings.read_text()}key_file = "{server.key_file(company.ledger)}"\n'
        )
        assert copy.run("pay INV-1042 --method card --yes --json").exit_code == 0


def test_a_key_that_others_may_read_is_not_used(company: DemoCompany, config: Path) -> None:
    with served(company) as server:
        server.key_file(company.ledger).chmod(0o644)
        lead_to(config, server.url)
        result = company.run("pay INV-1042 --method card --yes --json")
        assert (result.exit_code, result.error["code"]) == (7, "insecure_file")


@pytest.mark.parametrize(
    "url",
    ["http://bank.example:12111", "https://127.0.0.1:12111", "http://127.0.0.1:99999",
     "http://127.0.0.1.bank.example", "http://127.0.0.1@bank.example", "http://[::1", "12111",
     "http://127.0.0.1:12111/v1", "http://x@127.0.0.1:12111", "http://0.0.0.0:12111"],
)  # fmt: skip
def test_the_key_is_sent_to_nobody_but_this_machine(
    company: DemoCompany, config: Path, url: str
) -> None:
    lead_to(config, url)
    result = company.run("pay INV-1042 --yes --json")
    assert (result.exit_code, result.error["code"]) == (2, "config_invalid")
    assert "sandbox.url" in result.error["message"]


READS_AND_CHARGES = """
import sys, urllib.error, urllib.request
for path, form in (("/v1/customers", None), ("/v1/payment_intents", b"amount=1&currency=usd")):
    try:
        print(urllib.request.urlopen(sys.argv[1] + path, form).status)
    except urllib.error.HTTPError as error:
        print(error.code)
try:
    print(open(sys.argv[2]).read())
except OSError as error:
    print(type(error).__name__)
"""


@needs_another_user
def test_another_user_of_the_machine_gets_neither_customers_nor_the_key(
    company: DemoCompany,
) -> None:
    with open_folder() as folder:
        moved = Desk(shutil.copytree(company.folder, folder / "demo"), company.home)
        moved.folder.chmod(0o755)
        with served(moved, INVOICEPAY_CONFIG="invoicepay.toml") as server:
            file = server.key_file(moved.folder / "ledger.db")
            said = as_another_user(READS_AND_CHARGES, server.url, file)
    assert said == ["401", "401", "PermissionError"]
