"""Hostile text as what somebody typed, or a script passed on: an answer or one line of ours."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from tests.proofs.hostile.checks import (
    assert_ended_well,
    assert_harmless,
    assert_harmless_on_a_terminal,
    assert_refused,
    below,
    rows_of,
)
from tests.proofs.hostile.strings import FAMILIES, HOSTILE, STORABLE
from tests.world.child import Said, run_at_terminal, run_each
from tests.world.program import DemoCompany

TEXTS = list(HOSTILE.values())
AS_ONE = "TEXT"
"""Stands for the hostile text in a command."""
COMMANDS: dict[str, Sequence[str]] = {
    who: lines.strip().splitlines()
    for who, lines in {
        "customer": """
            invoices show -- TEXT
            invoices pdf -- TEXT
            invoices list --customer=TEXT
            invoices list --currency=TEXT
            invoices list --since=TEXT
            invoices list --due-before=TEXT
            invoices list --min=TEXT
            invoices list --sort=TEXT
            invoices list --limit=TEXT
            payments show -- TEXT
            payments receipt -- TEXT
            payments cancel -- TEXT
            payments list --status=TEXT
            payments list --customer=TEXT
            pay --yes -- TEXT
            pay INV-1042 --dry-run --method=TEXT
            pay INV-1042 --dry-run --amount=TEXT
            pay INV-1042 --dry-run --amount=INV-1042=TEXT
            pay INV-1042 --dry-run --memo=TEXT
            pay INV-1042 --dry-run --key=TEXT
            pay INV-1042 --dry-run --expect-total=TEXT
            pay INV-1042 --dry-run --timeout=TEXT
            methods default -- TEXT
            methods remove --yes -- TEXT
            tokens create --days=TEXT x
            tokens revoke -- TEXT
            login --password-stdin --email=TEXT
            TEXT
            invoices TEXT
            invoices list --format=TEXT
            invoices list --config=TEXT
            invoices list --ledger=TEXT
            mail list --payment=TEXT
            mail list --limit=TEXT
            mail send -- TEXT
            """,
        "finance": """
            customers show -- TEXT
            contacts invite --customer=C-1007 -- TEXT
            contacts invite new@example.com --customer=TEXT
            contacts invite new@example.com --customer=C-1007 --role=TEXT
            contacts list --customer=TEXT
            contacts disable -- TEXT
            import -- TEXT x.csv
            import invoices -- TEXT
            import invoices x.csv --mapping=TEXT
            import invoices x.csv --preset=TEXT
            config stripe --account=TEXT
            mail discard -- TEXT
            """,
        "admin": """
            company set --name=TEXT
            company set --address=TEXT
            company set --time-zone=TEXT
            company set --currency=TEXT
            company set --logo=TEXT
            sandbox attach pm_card_visa --customer=TEXT
            sandbox attach --customer=C-1007 -- TEXT
            sandbox clock advance -- TEXT
            init --company=x --password-stdin --admin-email=TEXT
            init --test --company=TEXT --password-stdin --admin-email=a@example.com
            init --company=x --admin-email=a@x.example --password-stdin --company-email=TEXT
            """,
    }.items()
}
FORMATS = ("table", "json", "csv")
MAY_SUCCEED = (0, 2, 3, 4, 5, 6, 7, 8, 9, 10)


def with_text(command: str, text: str) -> list[str]:
    return [word.replace(AS_ONE, text) for word in command.split()]


def assert_format(said: Said, format: str) -> None:
    """What there is to read of an answer and an error can be read as what it should be."""
    if format == "json":
        if said.exit_code == 0 and said.stdout:
            json.loads(said.stdout)
        for line in said.stderr.splitlines():
            assert set(json.loads(line)["error"]) >= {"code", "message", "hint"}
    elif format == "csv" and said.exit_code == 0 and said.stdout:
        rows_of(said.stdout)


@pytest.mark.parametrize("who", COMMANDS)
def test_every_argument(company: DemoCompany, who: str) -> None:
    """Every command sees a twentieth of the strings, and every string a twentieth of the
    commands, in turns of the three formats."""
    desk = company.as_(who)
    for turn, command in enumerate(COMMANDS[who]):
        texts = TEXTS[turn % 20 :: 20]
        commands = [
            ["--format", FORMATS[i % 3], *with_text(command, text)] for i, text in enumerate(texts)
        ]
        for said in run_each(desk, commands):
            assert_ended_well(said, MAY_SUCCEED)
            if said.exit_code and said.command[1] == "table":
                assert_refused(said)
            if "--format=TEXT" not in command:
                assert_format(said, said.command[1])


COUNTS = (
    "invoices list --limit=TEXT",
    "invoices list --min=TEXT",
    "payments list --limit=TEXT",
    "mail list --limit=TEXT",
    "tokens create --days=TEXT x",
    "pay INV-1042 --dry-run --timeout=TEXT",
    "pay INV-1042 --dry-run --expect-total=TEXT",
    "sandbox clock advance -- TEXT",
    "pay INV-1042 --dry-run --key=k --amount=INV-1042=TEXT",
)


@pytest.mark.parametrize("command", COUNTS)
def test_every_number(company: DemoCompany, command: str) -> None:
    numbers = [*FAMILIES["numbers"].values(), "9" * 6 + "w", "9" * 19, "1" + "0" * 4_500]
    for said in run_each(company, [with_text(command, number) for number in numbers]):
        assert_ended_well(said, MAY_SUCCEED)


THROUGH = (
    "invoices show -- TEXT",
    "invoices list --sort=TEXT",
    "invoices list --ledger=TEXT",
    "TEXT",
)
"""The different ways on which a word comes back in an error."""


@pytest.mark.parametrize("command", THROUGH)
def test_every_text_comes_back_as_one_line(company: DemoCompany, command: str) -> None:
    commands = [with_text(command, text) for text in TEXTS]
    for text, said in zip(TEXTS, run_each(company, commands), strict=True):
        if command != "TEXT" or text not in ("", "--", "--format=csv"):  # which ask for help
            assert_refused(said)
            assert said.stderr.count("\n") == 1


def test_on_a_terminal_too(company: DemoCompany) -> None:
    written, codes = run_at_terminal(company, [with_text(THROUGH[0], text) for text in TEXTS])
    assert_harmless_on_a_terminal(written)
    assert set(codes) <= {2, 5}


def test_a_traceback_that_was_asked_for_is_harmless(company: DemoCompany) -> None:
    texts = [text for text in STORABLE.values() if "\0" not in text]
    for said in run_each(company, [["--debug", *with_text(THROUGH[0], text)] for text in texts]):
        assert_harmless(said.stderr)
        assert "Traceback (most recent call last)" in said.stderr


def test_queries_are_no_patterns(company: DemoCompany) -> None:
    """What SQL, LIKE and FTS would take for `all` finds nothing."""
    queries = [text for name, text in HOSTILE.items() if name.startswith("queries: ")]
    for query in queries:
        commands = [
            ["invoices", "show", "--", query],
            ["payments", "show", "--", query],
            ["invoices", "list", f"--customer={query}", "--json"],
            ["payments", "list", f"--customer={query}", "--json"],
            ["pay", "--open", "--dry-run", f"--customer={query}"],
        ]
        said = run_each(company, commands)
        assert [each.exit_code for each in said] == [5, 5, 5, 5, 5], query
    assert len(run_each(company, [["invoices", "list", "--all"]])[0].stdout.splitlines()) > 5


@pytest.mark.parametrize("option", ["--dir", "--zip"])
def test_files_are_written_where_they_were_asked_for(company: DemoCompany, option: str) -> None:
    """Strings that name a file or folder right here, and nothing else."""
    here = [t for t in TEXTS if t and "/" not in t and "\0" not in t and t not in (".", "..")
            and not t.startswith("~") and t.isprintable()]  # fmt: skip
    before = below(company.folder.parent)
    commands = [["invoices", "pdf", "INV-1042", f"{option}={text}"] for text in here[::30]]
    said = run_each(company, commands)
    made = below(company.folder.parent) - before
    for text, each in zip(here[::30], said, strict=True):
        assert_ended_well(each, (0, 10))
        assert (each.exit_code == 10) == (len(text.encode()) > 255)
    assert len(made) == sum(each.exit_code == 0 for each in said)
    assert all(company.folder in path.parents for path in made)
