"""Text from data is hostile: no output lets it act on a terminal or in a spreadsheet."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicepay.cli.layout import Column
from invoicepay.cli.output import Format, Output
from invoicepay.cli.records import named
from invoicepay.cli.text import clean, clean_lines, guarded, width

HOSTILE = {
    "colour": "\x1b[31mred\x1b[0m",
    "title": "\x1b]0;pwned\x07",
    "hyperlink": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "8-bit CSI": "\x9b31mred",
    "8-bit OSC": "\x9d0;pwned\x9c",
    "NUL": "a\x00b",
    "backspace": "INV-1\x08\x08\x08\x08\x08INV-2",
    "carriage return": "paid\rvoid",
    "bell and delete": "\x07\x7f",
    "next line": "a\x85b",
    "line separator": "a\u2028b\u2029c",
    "right to left": "\u202ecod.exe",
    "isolate": "\u2066a\u2069",
    "arabic letter mark": "\u061cabc",
    "zero width": "IN\u200bV\u200d-\u20601\ufeff",
    "soft hyphen": "INV\u00ad-1",
    "fillers": "\u115f\u1160\u3164\uffa0",
    "tags": "a\U000e0041\U000e007f",
    "lone surrogate": "a\ud800b\udcff",
    "interlinear": "\ufff9a\ufffab\ufffb",
}
TAKEN_OUT = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode's categories for what a terminal obeys, or does not show."""


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    left = clean(f"before {text} after")
    assert {unicodedata.category(c) for c in left} & TAKEN_OUT == set()
    assert left.startswith("before ")
    assert left.endswith(" after")


@given(st.text(st.characters(codec=None)))
def test_no_control_character_survives(text: str) -> None:
    assert {unicodedata.category(c) for c in clean(text)} & {"Cc", "Cs", "Zl", "Zp"} == set()
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "text",
    [
        "INV-1042",
        "Кафе «Белая сова»",
        "Αδελφοί",
        "1½ in.",
        "日本語",
        "é",
        "🧾 receipt",
        "a – b",
        "مرحبا",
    ],
)
def test_honest_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_line_breaks_become_spaces() -> None:
    assert clean("one\ntwo\r\nthree\tfour\x85five\u2028six") == "one two three four five six"
    assert clean_lines("one\ntwo\x1b[2J") == "one\ntwo[2J"


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1", "\u00a0=1",
        "＝1", "＋1", "－1", "＠1", " ＝1",
        "=HYPERLINK(\"https://evil.example\")", "\x00=1", "\u200b=1", "\ufeff=1", "\x1b=1",
    ],
)  # fmt: skip
def test_a_cell_that_a_spreadsheet_would_run_is_guarded(cell: str) -> None:
    written = csv_of(cell)
    assert written.lstrip('"').startswith("'"), written


@pytest.mark.parametrize("cell", ["INV-1042", "a=b", "1-2", "", "o'clock", " text", "#5", "Ünal"])
def test_other_cells_are_left_alone(cell: str) -> None:
    assert guarded(cell) == cell


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_csv_is_looked_at_on_terminals_too(text: str) -> None:
    assert {unicodedata.category(c) for c in csv_of(text).replace("\n", "")} & TAKEN_OUT == set()


def test_csv_keeps_line_breaks() -> None:
    assert csv_of("1 Quay\r\nPort Ansel") == '"1 Quay\nPort Ansel"\n'


def test_numbers_are_not_guarded() -> None:
    """A credit memo's balance is a number, and stays one."""
    out = io.StringIO()
    Output(Format.CSV, out).one({"balance_minor": -28500, "disputed": False, "paid_on": None}, fail)
    assert out.getvalue() == "balance_minor,disputed,paid_on\n-28500,false,\n"


@pytest.mark.parametrize(
    ("text", "cells"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("ﾊﾝ", 2), ("½", 1), ("", 0)]
)
def test_width_is_what_a_terminal_gives(text: str, cells: int) -> None:
    assert width(text) == cells


MARKUP = "[/] [red]x[/red] :smile: [link=https://evil.example]y[/link]"


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("text", [*HOSTILE.values(), MARKUP], ids=[*HOSTILE.keys(), "markup"])
def test_tables(text: str, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "dumb")
    out = Terminal() if terminal else io.StringIO()
    columns = [Column[str]("Memo", lambda memo: memo), Column[str]("Size", lambda _: "5", True)]
    Output(Format.TABLE, out).table([text], columns)
    shown = out.getvalue().replace("\n", "")
    assert {unicodedata.category(c) for c in shown} & TAKEN_OUT == set()
    if text == MARKUP:
        assert MARKUP in shown  # not interpreted, not lost


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_messages_and_lines(text: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    output = Output(Format.TABLE, out, err)
    output.problem("not_found", f"no invoice {text}", f"Look for {text}.")
    output.note(text)
    assert len(err.getvalue().splitlines()) == 2
    for line in text.split("\n"):
        output.text(line)
    for said in (out.getvalue(), err.getvalue()):
        categories = {unicodedata.category(c) for c in said.replace("\n", "")}
        assert categories & TAKEN_OUT == set()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_json_escapes_and_keeps(text: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    output = Output(Format.JSON, out, err)
    output.one({"memo": text}, fail)
    output.many([{"memo": text}], named("memo"), [], empty="")
    output.problem("not_found", text, text)
    for said in (out.getvalue(), err.getvalue()):
        categories = {unicodedata.category(c) for c in said.replace("\n", "")}
        assert categories & TAKEN_OUT == set()
    assert json.loads(out.getvalue().partition("[\n")[0]) == {"memo": text}
    assert json.loads(err.getvalue())["error"]["code"] == "not_found"


def csv_of(cell: str) -> str:
    """The line that a cell becomes."""
    out = io.StringIO()
    Output(Format.CSV, out).one({"memo": cell}, fail)
    return out.getvalue().removeprefix("memo\n")


fail: Callable[[], None] = lambda: pytest.fail("this is for people")  # noqa: E731


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True
