"""The examples in help are what the program takes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from invoicepay.cli.examples import EXAMPLES
from invoicepay.cli.main import app, take_anywhere
from tests.world.program import Desk


def leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[str]:
    """What people type for each command that does something."""
    if not hasattr(command, "list_commands"):
        yield " ".join(words)
        return
    with command.make_context("", [], resilient_parsing=True) as context:
        for name in command.list_commands(context):
            yield from leaves(command.get_command(context, name), (*words, name))


PROGRAM = typer.main.get_command(app)


def test_each_command_has_an_example_and_each_example_a_command() -> None:
    assert sorted(EXAMPLES) == sorted(leaves(PROGRAM))


@pytest.mark.parametrize(
    ("command", "example"), [(name, text) for name, texts in EXAMPLES.items() for text in texts]
)
def test_an_example_is_taken(command: str, example: str) -> None:
    words = shlex.split(example.partition(" > ")[0].partition(" | ")[0].partition(" >> ")[0])
    _, rest = take_anywhere(words)
    assert rest[: len(command.split())] == command.split()
    found: Any = PROGRAM
    for name in command.split():
        with found.make_context("", [], resilient_parsing=True) as context:
            found = found.get_command(context, name)
    rest = rest[len(command.split()) :]
    with found.make_context(command, rest) as context:
        assert context.args == []


def test_help_shows_them(desk: Desk) -> None:
    shown = desk.run("pay --help").stdout
    assert "\n  Examples:\n    invoicepay pay INV-1042 --method ach\n" in shown
    assert "Anywhere: --format" in shown
