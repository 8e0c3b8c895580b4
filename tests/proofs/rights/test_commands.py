"""Every command × role × own, another's and absent things.

What is another's reads exactly like what is not there: stdout, stderr, exit code, files and all
records are the same but for the name itself. What time tells is in benchmarks/bench_scope.py.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import pytest
import typer

from invoicepay.cli.main import app, take_anywhere
from tests.proofs.rights.company import MARKS, ROLES, Names, Office, Untouched, without_chance
from tests.proofs.rights.table import (
    COMMANDS_TABLE,
    NAMES_NOTHING,
    OK,
    PERSONAL,
    STAFF,
    Outcome,
    Row,
)
from tests.world.program import Result

Copies = Callable[[], Office]
JSON = "--json --debug"


def words(
    row: Row, office: Office, role: str, varied: str, more: str = ""
) -> tuple[list[str], str]:
    """The command line and stdin, with `varied` for what varies."""
    named = office.named[role]
    values: dict[str, Any] = {"own": {kind: names.own for kind, names in named.items()}}
    if row.kind:
        values[row.kind] = varied
    command = shlex.split(f"{row.command} {more}".format_map(values))
    return command, row.stdin.format_map(values)


def run(row: Row, office: Office, role: str, varied: str, more: str = "--json") -> Result:
    command, stdin = words(row, office, role, varied, more)
    return office.as_(role).here(command, stdin)


def outcome(result: Result) -> Outcome:
    """Of a run with --json, perhaps after a traceback."""
    if result.exit_code == 0:
        return OK
    return result.exit_code, json.loads(result.stderr.splitlines()[-1])["error"]["code"]


def name_of(row: Row, office: Office, role: str) -> Names:
    return office.named[role].get(row.kind, Names("", "", ""))


ALLOWED = [
    pytest.param(row, role, id=f"{role}: {row.command}")
    for row in COMMANDS_TABLE
    for role in ROLES
    if role in row.may
]
NAMING = [case for case in ALLOWED if cast(Row, case.values[0]).kind]


@pytest.mark.parametrize(("row", "role"), ALLOWED)
def test_ones_own(copies: Copies, row: Row, role: str) -> None:
    office = copies()
    before = office.files()
    result = run(row, office, role, name_of(row, office, role).own)
    assert outcome(result) == row.expected(role), result.stderr
    written = {name for name in office.files() if name not in before}
    written = {name for name in written if not name.startswith(("outbox/", "nobody/"))}
    assert written == (wanted(row, office, role) if result.exit_code == 0 else set())
    if role in ("customer", "script"):
        tells_nothing_of_another(result, office)


def wanted(row: Row, office: Office, role: str) -> set[str]:
    """The files that `row` writes when it goes well."""
    receipt = {"receipt": office.named[role]["receipt"].own}
    values = {"own": receipt, row.kind: name_of(row, office, role).own}
    return {name.format_map(values) for name in row.files}


def tells_nothing_of_another(result: Result, office: Office) -> None:
    others = {names.foreign for kind, names in office.named["customer"].items() if kind != "busy"}
    for mark in {*MARKS, *others} - {""}:
        assert mark not in result.stdout + result.stderr


@pytest.mark.parametrize("row", [pytest.param(row, id=row.command) for row in COMMANDS_TABLE])
def test_nobody_else(office: Office, untouched: Untouched, row: Row) -> None:
    """Who may not do it reads the same whatever is named, and nothing is read or written for
    them: no file, no record, no word on stdout."""
    for role in ROLES:
        if role in row.may:
            continue
        names = name_of(row, office, role)
        said = set()
        for name in set(names):
            result = run(row, office, role, name, JSON)
            assert outcome(result) == row.expected(role), role
            if row.stranger is None:
                assert result.stdout == "", role
            said.add(result.stderr.replace(name, names.absent) if name else result.stderr)
        assert len(said) == 1, role
    assert office.records() == untouched.records
    if row.stranger != OK:  # `logout` forgets a session that has ended
        assert office.files() == untouched.files


@pytest.mark.parametrize(("row", "role"), NAMING)
def test_anothers_is_as_if_it_were_not_there(
    copies: Copies, untouched: Untouched, row: Row, role: str
) -> None:
    office = copies()
    names = name_of(row, office, role)
    if role in STAFF and row.kind not in PERSONAL:  # nothing is another's to them
        assert outcome(run(row, office, role, names.absent)) == row.absent
        assert outcome(run(row, copies(), role, names.foreign)) == (row.staff or row.own)
        return
    formats = ("--format csv", JSON) if row.absent != OK else (JSON,)
    for_absent = observed(row, office, role, names.absent, names.absent, formats, untouched)
    for_foreign = observed(row, copies(), role, names.foreign, names.absent, formats, untouched)
    assert for_foreign == for_absent
    assert for_absent["outcome"] == row.absent
    if row.absent != OK and not row.command.startswith("login"):  # it counts failures
        assert (for_absent["added"], for_absent["taken"]) == ([], [])
        assert office.files() == untouched.files


def observed(
    row: Row,
    office: Office,
    role: str,
    name: str,
    shown_as: str,
    formats: Sequence[str],
    before: Untouched,
) -> dict[str, Any]:
    """All that can be seen of runs in `formats`, with the name replaced."""

    def plain(text: str) -> str:
        text = text.replace(name, shown_as).replace(str(office.folder), "FOLDER")
        return without_chance(text) if row.absent == OK or row.command.startswith("login") else text

    seen: dict[str, Any] = {}
    for more in formats:
        result = run(row, office, role, name, more)
        seen[more] = result.exit_code, plain(result.stdout), plain(result.stderr)
        if more == JSON:
            seen["outcome"] = outcome(result)
    records, files = office.records(), office.files()
    seen["added"] = sorted(plain(row) for row in (records - before.records).elements())
    seen["taken"] = sorted(plain(row) for row in (before.records - records).elements())
    seen["files"] = sorted(plain(name) for name in files if not name.startswith("outbox/"))
    return seen


# --- The table itself -------------------------------------------------------------------------


def leaves(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "get_command"):
        yield path, command
        return
    for name in command.list_commands(None):
        yield from leaves(command.get_command(None, name), f"{path} {name}".strip())


LEAVES = dict(leaves(typer.main.get_command(app)))


def leaf_of(row: Row) -> str:
    return max((path for path in LEAVES if f"{row.command} ".startswith(f"{path} ")), key=len)


def test_every_command_has_a_row() -> None:
    """A new command without one is nobody's to use."""
    assert {leaf_of(row) for row in COMMANDS_TABLE} == set(LEAVES)


@pytest.mark.parametrize("path", LEAVES)
def test_every_parameter_that_names_something_varies(path: str, template: Office) -> None:
    """A new option says in the table whether it names something that is somebody's."""
    varied: set[str] = set()
    for row in COMMANDS_TABLE:
        if leaf_of(row) == path and row.kind:
            command, _ = words(row, template, "customer", "VARIED")
            state, rest = take_anywhere(command)
            rest = rest[len(path.split()) :]
            with LEAVES[path].make_context(path, rest, obj=state) as context:
                given = context.params
            varied |= {name for name, value in given.items() if "VARIED" in str(value)}
    own = {parameter.name for parameter in LEAVES[path].params}
    assert own - varied == NAMES_NOTHING.get(path, set())
