"""What a hostile ledger's text becomes on terminals, in pipes, JSON and CSV."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.proofs.hostile.checks import (
    assert_ended_well,
    assert_harmless,
    assert_harmless_on_a_terminal,
    assert_refused,
    rows_of,
    unguarded,
)
from tests.proofs.hostile.conftest import id_of, typed
from tests.proofs.hostile.strings import HOSTILE, STORABLE
from tests.proofs.size import chosen
from tests.world.child import IN_COLOUR, WITHOUT_COLOUR, run, run_at_terminal, run_each
from tests.world.program import DemoCompany

TEXTS = list(STORABLE.values())
LISTS: dict[str, tuple[str, ...]] = {
    "invoices list --all": ("number", "customer", "customer_name", "po_number", "order_number",
                            "memo"),
    "customers list": ("number", "name", "email"),
    "contacts list": ("name",),
    "methods list": ("id", "label", "brand", "customer"),
    "payments list": ("customer", "method_label", "method", "order_number", "reference",
                      "failure_code", "failure_message", "memo", "initiated_by"),
    "tokens list": ("id", "label"),
    "mail list": ("id", "payment", "to", "last_error"),
    "mail list --all": ("id", "to"),
}  # fmt: skip
"""Commands, and the fields in which each string comes back."""


def shows() -> list[list[str]]:
    """The commands that show one thing, for each string. `--` because some begin with a dash."""
    numbers = typed(TEXTS)
    return [
        *(["invoices", "show", "--", number] for number in numbers),
        *(["customers", "show", "--", number] for number in numbers),
        *(["payments", "show", "--", number] for number in numbers),
        *(["payments", "show", id_of(at)] for at in range(10_000, 10_000 + len(TEXTS))),
    ]


def test_there_are_enough_strings() -> None:
    assert len(HOSTILE) >= (200 if chosen.whole else 75)
    assert len(set(HOSTILE.values())) == len(HOSTILE)
    assert 0 < len(HOSTILE) - len(TEXTS) <= 3, "only lone surrogates cannot be stored"


@pytest.mark.parametrize("command", LISTS)
def test_lists_on_a_pipe_have_a_line_for_each_row(foreign: DemoCompany, command: str) -> None:
    said = run(foreign, *command.split())
    assert_ended_well(said)
    count = len(json.loads(run(foreign, *command.split(), "--json").stdout))
    assert count >= len(TEXTS)
    sums = said.stdout.partition("\n\n")[2].splitlines()
    assert len(said.stdout.splitlines()) == 1 + count + (1 + len(sums) if sums else 0)


@pytest.mark.parametrize("command", LISTS)
def test_lists_as_json_have_the_very_text(foreign: DemoCompany, command: str) -> None:
    said = run(foreign, *command.split(), "--json")
    assert_ended_well(said)
    records = json.loads(said.stdout)
    for field in LISTS[command]:
        known = {record[field] for record in records}
        assert known >= set(TEXTS) - {""}, field


@pytest.mark.parametrize("command", LISTS)
def test_lists_as_csv_run_nothing_and_keep_the_text(foreign: DemoCompany, command: str) -> None:
    said = run(foreign, *command.split(), "--format", "csv")
    assert_ended_well(said)
    rows = rows_of(said.stdout)
    for field in LISTS[command]:
        known = {unguarded(row[field]) for row in rows}
        assert known >= set(map(unguarded, TEXTS)) - {""}, field


def test_numbers_in_csv_are_numbers(foreign_copy: DemoCompany) -> None:
    foreign_copy.edit(
        "UPDATE invoices SET kind = 'credit_memo', total_minor = -28500, paid_minor = 0 "
        "WHERE number = '+1+1'"
    )
    said = run(foreign_copy, "invoices", "list", "--all", "--format", "csv")
    (row,) = [row for row in rows_of(said.stdout) if row["number"] == "'+1+1"]
    assert (row["total_minor"], row["total"], row["balance"]) == ("-28500", "-285.00", "-285.00")
    assert row["memo"] == "'+1+1"


@pytest.mark.parametrize(("format", "every"), [("table", 3), ("json", 8), ("csv", 5)])
def test_one_thing_at_a_time(foreign: DemoCompany, format: str, every: int) -> None:
    read: dict[str, Callable[[str], Any]] = {"json": json.loads, "csv": rows_of}
    for said in run_each(foreign, [["--format", format, *show] for show in shows()[::every]]):
        assert_ended_well(said)
        assert said.stdout
        if format in read:
            assert read[format](said.stdout)


def test_an_invoice_in_json_has_the_very_text(foreign: DemoCompany) -> None:
    texts = [text for text in TEXTS if "\0" not in text]
    shows = [["invoices", "show", "--json", "--", number] for number in typed(texts)]
    for text, said in zip(texts, run_each(foreign, shows), strict=True):
        shown = json.loads(said.stdout)
        (line,) = shown["lines"]
        assert {line[name] for name in ("description", "quantity", "unit_price", "tax_rate")} == {
            text
        }
        assert shown["memo"] == shown["po_number"] == shown["customer_name"] == text
        assert "\n".join(shown["bill_to"]) == text


@pytest.mark.parametrize(
    ("colour", "shown"),
    [(IN_COLOUR, "invoices"), (WITHOUT_COLOUR, "payments")],
    ids=["colour", "no colour"],
)
def test_on_a_terminal_only_our_own_colours(
    foreign: DemoCompany, colour: dict[str, str], shown: str
) -> None:
    commands = [command.split() for command in LISTS]
    commands += [[shown, "show", "--", number] for number in typed(TEXTS)[::4]]
    written, codes = run_at_terminal(foreign, commands, colour)
    assert_harmless_on_a_terminal(written)
    assert ("\x1b[31m" in written) == (colour is IN_COLOUR)  # the dates that are past due
    assert codes == [0] * len(commands)


def test_what_is_shown_before_it_is_paid(foreign: DemoCompany) -> None:
    numbers = typed(TEXTS)[::3]
    plans = run_each(foreign, [["pay", "--dry-run", "--json", "--", n] for n in numbers])
    for number, said in zip(numbers, plans, strict=True):
        assert_ended_well(said)
        (allocation,) = json.loads(said.stdout)["allocations"]
        assert allocation == {"invoice": number, "amount_minor": 600, "amount": "6.00"}
    for said in run_each(foreign, [["pay", "--dry-run", "--", n] for n in numbers]):
        assert_ended_well(said)
        assert len(said.stdout.splitlines()) <= 7  # the plan, and no line of the data's own
    answers = "n\n" * len(numbers)
    written, codes = run_at_terminal(
        foreign, [["pay", "--", number] for number in numbers], answers=answers
    )
    assert_harmless_on_a_terminal(written)
    assert written.count("Pay this now? [y/N] ") >= len(numbers)
    assert codes == [7] * len(numbers)


def test_answers_of_commands_that_change(foreign_copy: DemoCompany) -> None:
    numbers = typed(TEXTS)[::6]
    commands = [
        [*command, "--", number]
        for command in (
            ["methods", "default"], ["tokens", "revoke"], ["contacts", "disable"],
            ["payments", "cancel"], ["methods", "remove"], ["pay", "--yes"], ["mail", "discard"],
            ["mail", "send"],
        )
        for number in numbers
    ]  # fmt: skip
    for said in run_each(foreign_copy.as_("admin"), commands):
        assert_ended_well(said, (0, 2, 5, 7, 8, 9, 10))
        assert len(said.stdout.splitlines()) <= 8


COMPANY = ("name", "address", "email", "phone", "website", "tax_id", "terms", "remit_to")


def test_a_company_that_says_anything_of_itself(foreign_copy: DemoCompany) -> None:
    formats = ("table", "json", "csv")
    commands = [[*c, "--format", f] for c in (["company", "show"], ["whoami"]) for f in formats]
    for start in range(0, len(TEXTS), len(COMPANY)):
        texts = [TEXTS[(start + i) % len(TEXTS)] for i in range(len(COMPANY))]
        with closing(sqlite3.connect(foreign_copy.ledger)) as ledger, ledger:
            ledger.execute(f"UPDATE company SET {' = ?, '.join(COMPANY)} = ?", texts)
        company, *answers = run_each(foreign_copy, commands)
        for said in (company, *answers):
            assert_ended_well(said)
        assert len(company.stdout.splitlines()) <= len(COMPANY) + 3
        shown, me = json.loads(answers[0].stdout), json.loads(answers[3].stdout)
        assert ["\n".join(v) if isinstance(v := shown[f], list) else v for f in COMPANY] == texts
        assert me["company"] == texts[0]
        assert len(rows_of(answers[1].stdout)) == len(rows_of(answers[4].stdout)) == 1


def test_figures_that_do_not_tie_out_are_told_a_line_each(foreign_copy: DemoCompany) -> None:
    foreign_copy.edit("UPDATE invoices SET reserved_minor = 5 WHERE id >= 10000")
    said = run(foreign_copy, "doctor")
    assert_refused(said, [11])
    told = [line for line in said.stdout.splitlines() if line.startswith("  reserved on ")]
    assert len(told) == len(TEXTS)
    lines = [line for line in said.stdout.splitlines() if "should be" in line]
    in_journal = [line for line in lines if " in row " in line]
    assert len(lines) - len(in_journal) == int(said.stderr.split()[1])


@pytest.mark.parametrize("bad", [b"a\xffb", b"\xed\xa0\x80", b"\xc0\x9b31m", b"\x9b31m"])
def test_bytes_that_are_no_text_are_named(foreign_copy: DemoCompany, bad: bytes) -> None:
    with closing(sqlite3.connect(foreign_copy.ledger)) as ledger, ledger:
        ledger.execute("UPDATE invoices SET memo = CAST(? AS TEXT) WHERE id = 10000", [bad])
    for said in run_each(foreign_copy, [["invoices", "list"], ["invoices", "list", "--debug"]]):
        assert said.exit_code == 10
        assert_harmless(said.stdout + said.stderr)
        assert "is damaged" in said.stderr
