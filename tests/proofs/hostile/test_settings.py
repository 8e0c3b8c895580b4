"""Hostile text in the settings file, in the environment and on stdin."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing

import pytest

from tests.proofs.hostile.checks import (
    assert_ended_well,
    assert_harmless,
    assert_refused,
    below,
    rows_of,
)
from tests.proofs.hostile.strings import HOSTILE, STORABLE
from tests.world.child import Said, run, run_each
from tests.world.program import DemoCompany

TEXTS = list(HOSTILE.values())
WRITTEN = list(STORABLE.values())
NUL = HOSTILE["control characters: nul"]
PATHS = ("ledger", "outbox", "secrets")
COMMANDS = (
    ["config", "show"],
    ["config", "show", "--json"],
    ["config", "show", "--format", "csv"],
    ["invoices", "list", "--limit", "1"],
    ["login", "--email", "dana@example.com", "--password-stdin", "--insecure-storage"],
)


def quoted(text: str) -> str:
    """`text` as TOML: its basic strings are JSON's, but DEL is escaped too."""
    return json.dumps(text).replace("\x7f", "\\u007f") if text.isascii() else _escaped(text)


def _escaped(text: str) -> str:
    return '"' + "".join(f"\\U{ord(c):08x}" for c in text) + '"'


def with_settings(
    company: DemoCompany, files: Sequence[str], commands: Sequence[Sequence[str]] = COMMANDS
) -> list[Said]:
    """Each of the commands with each content of a settings file."""
    wanted = []
    for position, content in enumerate(files):
        (company.folder / f"{position}.toml").write_text(content, "utf-8")
        wanted += [[*command, "--config", f"{position}.toml"] for command in commands]
    return run_each(company, wanted, {"INVOICEPAY_CONFIG": ""})


@pytest.mark.parametrize("setting", PATHS)
def test_paths(company: DemoCompany, setting: str) -> None:
    here = {"ledger": '"ledger.db"', "outbox": '"outbox"'}
    files = [
        "".join(f"{k} = {v}\n" for k, v in {**here, setting: quoted(text)}.items())
        for text in [NUL, *WRITTEN[PATHS.index(setting) :: 8]]
    ]
    before = below(company.folder.parent)
    for said in with_settings(company, files):
        assert_ended_well(said, (0, 2, 4, 7, 10))
        if said.exit_code:
            assert len(said.stderr.splitlines()) == 1
        elif "--json" in said.command:
            assert json.loads(said.stdout)
        elif "csv" in said.command:
            assert rows_of(said.stdout)
    made = {path for path in below(company.folder.parent) - before if path.suffix != ".toml"}
    assert not made, "nobody logged in, so nothing was kept"


@pytest.mark.parametrize(
    "table",
    ["[smtp]\nhost = {}", '[smtp]\nhost = "localhost"\nsender = {}\nuser = {}\nsecurity = {}',
     '[smtp]\nhost = "127.0.0.1"\npassword_file = {}\nca_file = {}', "[sandbox]\nurl = {}",
     "[gateway]\nproxy = {}", "[gateway]\nca_file = {}",
     '[gateway]\nproxy = "http://x:1"\nproxy_user = {}\nproxy_password_file = {}'],
)  # fmt: skip
def test_other_settings(company: DemoCompany, table: str) -> None:
    files = ['ledger = "ledger.db"\n' + table.replace("{}", quoted(text)) for text in WRITTEN[::12]]
    for said in with_settings(company, files):
        assert_ended_well(said, (0, 2, 4, 10))


def test_names_of_settings_and_broken_files(company: DemoCompany) -> None:
    files = [f"{quoted(text)} = 1\n" for text in WRITTEN]
    files += [f"[smtp]\n{quoted(text)} = 1\n" for text in WRITTEN[::5]]
    files += [f"ledger = {text}\n" for text in WRITTEN[::5]]
    files += ["x = " + "[" * 5_000, "[" * 5_000, "a." * 5_000 + "b = 1"]
    for said in with_settings(company, files, COMMANDS[:1]):
        if said.exit_code:
            assert_refused(said, [2])


@pytest.mark.parametrize("variable", ["INVOICEPAY_LEDGER", "INVOICEPAY_CONFIG"])
def test_paths_in_the_environment(company: DemoCompany, variable: str) -> None:
    for text in TEXTS[::9]:
        if "\0" in text or not text:
            continue
        value = os.fsdecode(text.encode("utf-8", "surrogatepass"))
        for said in run_each(company, COMMANDS[:4], {variable: value}):
            assert_ended_well(said, (0, 2, 4, 10))


@pytest.mark.parametrize("format", ["table", "json"])
def test_a_token_in_the_environment(company: DemoCompany, format: str) -> None:
    for text in TEXTS[::12]:
        if "\0" not in text and text.strip():
            value = os.fsdecode(text.encode("utf-8", "surrogatepass"))
            said = run(company, "whoami", "--format", format, INVOICEPAY_TOKEN=value)
            assert_ended_well(said, [4])
            assert_harmless(said.stderr)


def test_names_for_new_files(company: DemoCompany) -> None:
    """Where a ledger and a backup are made."""
    texts = [t for t in WRITTEN if "/" not in t and "\0" not in t and t and t not in (".", "..")]
    commands = [
        ["init", "--company=x", "--admin-email=a@example.com", "--password-stdin", "--ledger"],
        ["backup", "--"],
    ]
    for command in commands:
        for said in run_each(company.as_("admin"), [[*command, text] for text in texts[::6]]):
            assert_ended_well(said, (0, 2, 7, 10))


@pytest.mark.parametrize("column", ["id", "gateway_account"])
def test_a_ledger_that_calls_itself_anything(company: DemoCompany, column: str) -> None:
    """Its id names files of secrets: those outside are neither read, written nor removed."""
    company.edit("DROP TRIGGER ledger_is_for_good")
    session = company.session.read_text()
    before = below(company.folder.parent) - below(company.folder)
    commands = [["doctor"]]
    if column == "id":
        commands += [*COMMANDS[3:], ["whoami"], ["sync"], ["logout"]]
    for text in [*WRITTEN[::30], "../../x", "/etc/x", "a/b", ".."]:
        with closing(sqlite3.connect(company.ledger)) as ledger, ledger:
            ledger.execute(f"UPDATE ledger SET {column} = ?", [text])
        for said in run_each(company.as_("finance"), commands):
            assert_ended_well(said, (0, 2, 4, 7, 9, 10, 11))
            if column == "id" and not text.isalnum():
                assert said.exit_code == 10
    assert below(company.folder.parent) - below(company.folder) == before
    assert company.session.read_text() == session


def test_a_ledger_whose_zone_is_nowhere(company: DemoCompany) -> None:
    for text in WRITTEN[::20]:
        with closing(sqlite3.connect(company.ledger)) as ledger, ledger:
            ledger.execute("UPDATE company SET time_zone = ?", [text])
        for said in run_each(company, [["invoices", "list"], ["pay", "INV-1042", "--yes"]]):
            assert_refused(said, [10])
