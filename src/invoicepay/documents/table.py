"""Tables that go on over pages, and the list of figures below them. Lengths in points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from invoicepay.documents.page import (
    ACCENT,
    GREY,
    HAIRLINE,
    INK,
    LEADING,
    NORMAL,
    SMALL,
    TINT,
    Box,
    Color,
    Rule,
    Sheet,
)

_PAD = 4.0
"""Above and below a row, and twice as much between columns."""
_HEAD = 20.0
_LINE = NORMAL * LEADING
_WIDEST = 0.26
"""Of the table: what a column of figures may take; the amounts of 64 bits still fit."""
_LEAST = 0.22
"""Of the table: what is left for the column without figures."""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    cells: Sequence[str]
    figures: bool = True
    """Right-aligned and as wide as its widest cell; the one column without takes the rest."""


def draw_table(sheet: Sheet, columns: Sequence[Column]) -> None:
    """Rows from `sheet.y` down. On each further page the head is drawn again."""
    widths = _widths(sheet, columns)
    _draw_head(sheet, columns, widths)
    body = sheet.bottom - sheet.y
    for row in zip(*(column.cells for column in columns), strict=True):
        cells = [sheet.wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
        count = max(map(len, cells))
        height = count * _LINE + 2 * _PAD
        # A row stays in one piece unless a page's better part would remain empty for that.
        if (height <= body / 2 or height <= sheet.bottom - sheet.y) and sheet.need(height):
            _draw_head(sheet, columns, widths)
        sheet.y += _PAD
        for index in range(count):
            if sheet.need(_LINE + _PAD):
                _draw_head(sheet, columns, widths)
                sheet.y += _PAD
            _draw_line(sheet, columns, widths, [c[index] if index < len(c) else "" for c in cells])
            sheet.y += _LINE
        sheet.y += _PAD
        sheet.add(Rule(sheet.left, sheet.y, sheet.width, HAIRLINE))


def _widths(sheet: Sheet, columns: Sequence[Column]) -> list[float]:
    fonts = sheet.fonts
    widths = []
    for column in columns:
        widest = max((fonts.width(fonts.shown(c).replace("\n", " "), NORMAL) for c in column.cells),
                     default=0.0)  # fmt: skip
        title = fonts.width(column.title, SMALL, bold=True)
        # A hundredth more than measured: what fits exactly must not be broken by rounding.
        widths.append(max(min(widest, sheet.width * _WIDEST), title) + 0.01)
    gaps = 4 * _PAD * len(columns)
    figures = sum(w for w, c in zip(widths, columns, strict=True) if c.figures)
    room = sheet.width - gaps
    scale = min(1.0, (room - sheet.width * _LEAST) / figures)
    rest = room - figures * scale
    return [w * scale if c.figures else rest for w, c in zip(widths, columns, strict=True)]


def _draw_line(
    sheet: Sheet,
    columns: Sequence[Column],
    widths: Sequence[float],
    texts: Sequence[str],
    *,
    head: bool = False,
) -> None:
    x = sheet.left
    for column, width, text in zip(columns, widths, texts, strict=True):
        x += 2 * _PAD
        sheet.text(
            x + width if column.figures else x,
            sheet.y,
            text,
            size=SMALL if head else NORMAL,
            bold=head,
            color=GREY if head else INK,
            right=column.figures,
        )
        x += width + 2 * _PAD


def _draw_head(sheet: Sheet, columns: Sequence[Column], widths: Sequence[float]) -> None:
    sheet.add(Box(sheet.left, sheet.y, sheet.width, _HEAD, TINT))
    sheet.y += (_HEAD - SMALL * LEADING) / 2
    _draw_line(sheet, columns, widths, [column.title for column in columns], head=True)
    sheet.y += (_HEAD + SMALL * LEADING) / 2


class Figure(NamedTuple):
    """One line of a list of figures. `strong` stands out; `muted` is about what does not count."""

    label: str
    amount: str
    strong: bool = False
    muted: bool = False
    line_above: bool = False


def draw_figures(sheet: Sheet, figures: Sequence[Figure], width: float) -> float | None:
    """Labels and right-aligned amounts in the right `width` of the sheet, from `sheet.y` down.

    Up to twelve stay on one page, and the last two always do: no total stands alone. Returns
    their top, or None when they did not stay on one page.
    """
    heights = [len(_label_lines(sheet, f, width)) * _line_height(f) + 3 for f in figures]
    together = heights if len(heights) <= 12 else heights[:2]
    sheet.need(sum(together))
    top, page = sheet.y, len(sheet.pages)
    for index, figure in enumerate(figures):
        last = len(figures) - index <= 2
        sheet.need(sum(heights[index:]) if last else heights[index])
        _draw_figure(sheet, figure, width)
    return top if len(sheet.pages) == page else None


def _line_height(figure: Figure) -> float:
    return (NORMAL + 2 if figure.strong else NORMAL) * LEADING


def _label_lines(sheet: Sheet, figure: Figure, width: float) -> list[str]:
    size = NORMAL + 2 if figure.strong else NORMAL
    amount = sheet.fonts.width(figure.amount, size, bold=figure.strong)
    room = max(width - amount - 6 * _PAD, width / 4)
    return sheet.wrap(figure.label, room, size=size, bold=figure.strong)


def _draw_figure(sheet: Sheet, figure: Figure, width: float) -> None:
    left = sheet.right - width
    size = NORMAL + 2 if figure.strong else NORMAL
    color: Color = GREY if figure.muted else ACCENT if figure.strong else INK
    if figure.line_above:
        sheet.add(Rule(left, sheet.y + 0.5, width, HAIRLINE))
        sheet.y += 3
    lines = _label_lines(sheet, figure, width)
    for index, line in enumerate(lines):
        sheet.need(_line_height(figure))
        sheet.text(left + 2 * _PAD, sheet.y, line, size=size, bold=figure.strong, color=color)
        if index == len(lines) - 1:
            sheet.text(sheet.right - 2 * _PAD, sheet.y, figure.amount, size=size,
                       bold=figure.strong, color=color, right=True)  # fmt: skip
        sheet.y += _line_height(figure)
    sheet.y += 3
