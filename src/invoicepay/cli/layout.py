"""How tables and facts fit the terminal: figures and words are always whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from invoicepay.billing.text import kept_apart
from invoicepay.cli.text import clean, width

T = TypeVar("T")
_GAP = "  "
_NARROWEST = 16
"""Cells. A text that would have fewer goes on past the edge."""


class Column(NamedTuple, Generic[T]):
    """A column of a table for people. `title`: "" where it goes with the column before it, as a
    currency does. `style`: a rich style for a value, on terminals only. `gives_way`: where there
    is little room, columns with 1 are left out first, then those with 2; 0 stays."""

    title: str
    value: Callable[[T], str]
    right: bool = False
    style: Callable[[T], str] | None = None
    gives_way: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """What is written on. `room`: cells in a line, None where it may be as long as it likes;
    `paint`: text in a rich style."""

    room: int | None = None
    paint: Callable[[str, str], str] = lambda text, style: text


PLAIN = Page()


class Table(Generic[T]):
    """Columns without any value are left out. Where the others do not fit, text is folded; then
    columns are left out by `gives_way`; and where that is not enough, each row becomes a paragraph
    with all of them."""

    def __init__(self, rows: Sequence[T], columns: Sequence[Column[T]], page: Page) -> None:
        columns = [c for c in columns if any(map(c.value, rows))]
        self._rows, self._columns, self._page = rows, columns, page
        self._titles = [clean(column.title) for column in columns]
        self._cells = [[clean(column.value(row)) for column in columns] for row in rows]
        self._widths = self._share(page.room)

    @property
    def left_out(self) -> list[str]:
        """The titles of the columns that were left out for want of room."""
        shown = self._widths or range(len(self._titles))
        return [title for at, title in enumerate(self._titles) if at not in shown]

    def lines(self) -> Iterator[str]:
        if not self._widths:
            yield from self._paragraphs()
            return
        yield from self._lines(self._titles, dict.fromkeys(self._widths, "bold"))
        for row, cells in zip(self._rows, self._cells, strict=True):
            yield from self._lines(cells, {at: self._style(at, row) for at in self._widths})

    def _lines(self, cells: Sequence[str], styles: Mapping[int, str]) -> Iterator[str]:
        texts = {at: folded(cells[at], wide) for at, wide in self._widths.items()}
        for number in range(max(map(len, texts.values()))):
            parts = []
            for at, wide in self._widths.items():
                text = texts[at][number] if number < len(texts[at]) else ""
                space = " " * (wide - width(text))
                painted = self._page.paint(text, styles[at])
                if self._page.room is not None:
                    painted = kept_apart(painted)
                parts.append(space + painted if self._columns[at].right else painted + space)
            yield _GAP.join(parts).rstrip()

    def _style(self, at: int, row: T) -> str:
        style = self._columns[at].style
        return style(row) if style else ""

    def _paragraphs(self) -> Iterator[str]:
        for number, (row, cells) in enumerate(zip(self._rows, self._cells, strict=True)):
            if number:
                yield ""
            facts: dict[str, str] = {}
            styles: dict[str, str] = {}
            for at, cell in enumerate(cells):
                name = self._titles[at] or next(reversed(facts), "")
                facts[name] = f"{facts.get(name, '')} {cell}".strip()
                styles[name] = styles.get(name) or self._style(at, row)
            yield from fact_lines(facts, self._page, styles)

    # --- The widths of columns ---

    def _share(self, room: int | None) -> dict[int, int]:
        """Of each column that is shown, by its index; empty where they have no room."""
        widths = {at: max(map(width, self._column(at))) for at in range(len(self._columns))}
        if room is None:
            return widths
        least = {at: self._least(at, wide) for at, wide in widths.items()}
        giving_way = sorted((c.gives_way, at) for at, c in enumerate(self._columns) if c.gives_way)
        while _total(least) > room:
            if not giving_way:
                return {}
            del least[giving_way.pop(0)[1]]
        shown = {at: widths[at] for at in least}
        while _total(shown) > room:  # the widest text gives most
            widest = max((at for at in shown if shown[at] > least[at]), key=shown.__getitem__)
            shown[widest] -= 1
        return shown

    def _least(self, at: int, natural: int) -> int:
        """Only text is folded: what has several words, and is no figure."""
        cells = self._column(at)
        if self._columns[at].right or not any(" " in cell for cell in cells):
            return natural
        return max(width(word) for cell in cells for word in cell.split())

    def _column(self, at: int) -> list[str]:
        return [self._titles[at], *(cells[at] for cells in self._cells)]


def _total(widths: Mapping[int, int]) -> int:
    return sum(widths.values()) + len(_GAP) * (len(widths) - 1)


def fact_lines(
    facts: Mapping[str, str], page: Page, styles: Mapping[str, str] | None = None
) -> Iterator[str]:
    """`Name  text`, of those that have a text."""
    shown = {name: clean(text) for name, text in facts.items() if text}
    wide = max(map(width, shown), default=0)
    room = page.room and max(page.room - wide - len(_GAP), _NARROWEST)
    for name, text in shown.items():
        start = name + " " * (wide - width(name)) + _GAP
        for line in folded(text, room):
            yield start + page.paint(line, (styles or {}).get(name, ""))
            start = " " * width(start)


def folded(text: str, room: int | None) -> list[str]:
    """`text` as lines of so many cells. A word that has more goes on past the edge: whoever copies
    it has it whole."""
    if room is None or width(text) <= room:
        return [text]
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and width(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
