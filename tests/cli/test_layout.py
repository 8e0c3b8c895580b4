"""What is shown on terminals of any width: figures, currencies and words are whole."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicepay.cli.layout import PLAIN, Column, Page, Table, fact_lines, folded
from invoicepay.cli.text import clean, width
from tests.proofs.size import chosen
from tests.world.child import run, run_at_terminal
from tests.world.program import DemoCompany

WIDTHS = range(40, 201, 20) if chosen.whole else (40, 60, 80, 120, 200)
PLAINLY = {"TERM": "dumb"}
"""Without colours, and without a pager."""
PAGED = {"TERM": "xterm", "NO_COLOR": "1"}
SAYS_WHAT_IS_LEFT_OUT = "Not shown here, for want of room: "
COMMANDS: Mapping[str, Sequence[str]] = {
    "customer": [
        "invoices list --all",
        "invoices show INV-1042",
        "invoices show INV-1063",
        "pay INV-1042 INV-1063 --dry-run",
        "pay --open --dry-run --method ach",
        "payments list",
        "methods list",
        "customers show C-1007",
        "tokens list",
        "whoami",
    ],
    "payables": ["invoices list --all", "customers list"],
    "finance": [
        "invoices list --limit 60",
        "payments list",
        "customers list",
        "mail list",
        "audit list --limit 20",
        "doctor",
    ],
    "admin": ["contacts list", "company show"],
}


def figures(text: str) -> Counter[str]:
    """Amounts and currencies, as whole words."""
    words = re.findall(r"(?<!\S)(?:-?\d[\d,]*\.\d+|USD|EUR)(?![^\s,.;)])", text)
    return Counter(words)


@pytest.mark.parametrize(
    ("who", "command"), [(who, command) for who, those in COMMANDS.items() for command in those]
)
def test_no_terminal_shortens_a_figure(company: DemoCompany, who: str, command: str) -> None:
    desk = company.as_(who)
    piped = run(desk, *command.split())
    for columns in WIDTHS:
        screen, (code,) = run_at_terminal(desk, [command.split()], PLAINLY, columns=columns)

        assert code == piped.exit_code == 0
        assert figures(screen) == figures(piped.stdout + piped.stderr), (columns, screen)
        if SAYS_WHAT_IS_LEFT_OUT not in screen:
            assert set(piped.stdout.split()) <= {*screen.split()}, (columns, screen)


def test_few_of_many_say_their_currency(company: DemoCompany) -> None:
    """The sums below are in two, also where all that is shown is in one."""
    shown = run(company.as_("finance"), "invoices", "list", "--limit", "3").stdout
    rows, sums = shown.split("\n\n")
    assert {line.split()[0] for line in sums.splitlines()} == {"EUR", "USD"}
    listed = run(company.as_("finance"), "invoices", "list", "--limit", "3", "--json").stdout
    for row, invoice in zip(rows.splitlines()[1:], json.loads(listed), strict=True):
        assert row.split()[0] == invoice["number"]
        assert row.split()[-1] == invoice["currency"]


TEXTS = st.lists(st.text("abc é日", min_size=1, max_size=9), max_size=6).map(" ".join)
ROWS = st.lists(st.tuples(TEXTS, TEXTS, st.integers(-(10**12), 10**12)), min_size=1, max_size=5)
MEMO = Column[tuple[str, str, int]]("Memo", lambda row: row[0])
NAME = Column[tuple[str, str, int]]("Customer's name", lambda row: row[1], gives_way=1)
AMOUNT = Column[tuple[str, str, int]]("Amount", lambda row: f"{row[2]:,}", right=True)
CURRENCY = Column[tuple[str, str, int]]("", lambda row: "USD")


@given(rows=ROWS, room=st.integers(1, 120))
def test_a_table_has_all_words_whole(rows: list[tuple[str, str, int]], room: int) -> None:
    table = Table(rows, [MEMO, NAME, AMOUNT, CURRENCY], Page(room))

    lines = list(table.lines())

    words = Counter(word for line in lines for word in line.split())
    for memo, name, amount in rows:
        assert words[f"{amount:,}"] >= 1
        texts = [memo] if table.left_out else [memo, name]
        assert not Counter(w for text in texts for w in clean(text).split()) - words
    assert sum("USD" in line.split() for line in lines) == len(rows)
    for line in lines:
        if f" {lines[0][-6:]}" == " Amount" and not re.match("Amount ", line):
            assert width(line) <= room
    assert table.left_out in ([], ["Customer's name"])


def test_columns_give_way_in_their_order_and_only_as_far_as_needed() -> None:
    columns = [
        Column[int]("Invoice", lambda n: f"INV-{n}"),
        Column[int]("Name", lambda _: "Harbor-Finch", gives_way=1),
        Column[int]("Issued", lambda _: "2026-10-01", gives_way=2),
        Column[int]("Balance", lambda n: f"{n:,}.00", right=True),
        Column[int]("", lambda _: "EUR"),
    ]
    left_out = {room: Table([1042], columns, Page(room)).left_out for room in (49, 48, 35, 34)}
    assert left_out == {49: [], 48: ["Name"], 35: ["Name"], 34: ["Name", "Issued"]}

    assert [*Table([1042], columns, Page(21)).lines()] == [
        "Invoice  INV-1042",
        "Name     Harbor-Finch",
        "Issued   2026-10-01",
        "Balance  1,042.00 EUR",
    ]


def test_a_column_without_a_value_takes_no_room() -> None:
    columns = [Column[str]("Check", str), Column[str]("To do", lambda _: "")]
    table = Table(["a"], columns, Page())
    assert ([*table.lines()], table.left_out) == (["Check", "a"], [])


def test_text_is_folded_where_it_is_widest_first() -> None:
    columns = [
        Column[str]("Check", lambda row: row),
        Column[str]("Found", lambda _: "one two three four five six"),
        Column[str]("Size", lambda _: "1,000.00", right=True),
    ]
    assert [*Table(["a b"], columns, Page(30)).lines()] == [
        "Check  Found              Size",
        "a b    one two three  1,000.00",
        "       four five six",
    ]


def test_facts_hang_below_each_other_and_words_stay_whole() -> None:
    facts = {"Memo": "one two three four five six", "Empty": "", "Key": "x" * 40}
    assert [*fact_lines(facts, Page(24))] == [
        "Memo  one two three four",
        "      five six",
        "Key   " + "x" * 40,
    ]
    assert folded("a long line", None) == ["a long line"]


class TestPager:
    def shown_by(
        self, company: DemoCompany, tmp_path: Path, rows: int = 10, **more: str
    ) -> tuple[str, str]:
        """What came to the pager, and to the screen."""
        (tmp_path / "pager").write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$LESS $1" > "{tmp_path}/given"\ncat > "{tmp_path}/paged"\n'
        )
        (tmp_path / "pager").chmod(0o755)
        variables = {**PAGED, "PAGER": f"{tmp_path}/pager -x", **more}
        screen, codes = run_at_terminal(
            company, [["invoices", "list", "--all"]], variables, rows=rows
        )
        assert codes == [0]
        paged = tmp_path / "paged"
        texts = (paged.read_text() if paged.exists() else "", screen)
        plain = [re.sub(r"\x1b\[[\d;]*m", "", text) for text in texts]
        return plain[0], plain[1]

    def test_a_list_longer_than_the_terminal_goes_through_it_whole(
        self, company: DemoCompany, tmp_path: Path
    ) -> None:
        paged, screen = self.shown_by(company, tmp_path)

        assert paged == run(company, "invoices", "list", "--all").stdout
        assert "balance" in paged.splitlines()[-1]
        assert "INV-1042" not in screen
        assert (tmp_path / "given").read_text() == "FRX -x\n"

    @pytest.mark.parametrize(
        ("rows", "more"),
        [
            (100, {}),
            (10, {"NO_PAGER": "1"}),
            (10, {"PAGER": ""}),
            (10, {"PAGER": "cat"}),
            (10, {"PAGER": "'"}),
            (10, {"PAGER": "no-such-program"}),
            (10, {"TERM": "dumb"}),
        ],
    )
    def test_elsewhere_it_is_printed(
        self, company: DemoCompany, tmp_path: Path, rows: int, more: dict[str, str]
    ) -> None:
        paged, screen = self.shown_by(company, tmp_path, rows, **more)

        assert paged == ""
        assert screen == run(company, "invoices", "list", "--all").stdout

    def test_what_a_pager_could_not_show_is_printed(
        self, company: DemoCompany, tmp_path: Path
    ) -> None:
        _, screen = self.shown_by(company, tmp_path, PAGER="false")

        assert screen == run(company, "invoices", "list", "--all").stdout

    def test_whoever_has_seen_enough_leaves(self, company: DemoCompany, tmp_path: Path) -> None:
        _, screen = self.shown_by(company, tmp_path, PAGER="true")

        assert screen == ""

    def test_nothing_is_paged_for_scripts(self, company: DemoCompany, tmp_path: Path) -> None:
        variables = {**PAGED, "PAGER": "false"}
        for format in ("json", "csv"):
            command = ["invoices", "list", "--all", "--format", format]
            screen, _ = run_at_terminal(company, [command], variables, rows=5)
            assert screen == run(company, *command).stdout


def test_a_figure_stays_under_its_heading_beside_text_from_right_to_left() -> None:
    """Terminals that order lines by themselves would draw them the other way round."""
    rows = [("\u05d0-12-34", "2026-12-01", "1,234.56")]
    columns: list[Column[tuple[str, str, str]]] = [
        Column(title, lambda row, at=at: row[at])  # type: ignore[misc]
        for at, title in enumerate(("Invoice", "Due", "Balance"))
    ]
    _, line = Table(rows, columns, Page(room=80)).lines()
    assert line == "\u200e\u05d0-12-34\u200e  2026-12-01  1,234.56"
    _, line = Table(rows, columns, PLAIN).lines()
    assert line == "\u05d0-12-34  2026-12-01  1,234.56"
