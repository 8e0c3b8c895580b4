"""Pages as lists of marks, and the cursor that fills them. Knows nothing of PDF.

Marks are collected before anything is drawn, because each page's foot says how many there are.
All lengths are points, measured from the page's upper left corner; a text's y is its baseline.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple
from unicodedata import category, combining

from invoicepay.documents.fonts import DocumentFonts

Color = tuple[int, int, int]

INK: Color = (31, 41, 51)
GREY: Color = (98, 110, 123)
HAIRLINE: Color = (213, 219, 225)
TINT: Color = (243, 245, 248)
ACCENT: Color = (31, 78, 121)
GREEN: Color = (24, 111, 67)
AMBER: Color = (140, 90, 0)
AMBER_TINT: Color = (255, 240, 204)
RED: Color = (168, 34, 28)

MARGIN = 48.0
FOOT = 62.0
"""Height below the text that belongs to the margin and the page's foot."""
SMALL, NORMAL = 8.0, 9.0
LEADING = 1.38
"""Distance of lines, in sizes."""
ASCENT = 0.76
"""From the top of a line to its baseline, in sizes, so that figures look centred."""

# Where office printers hold Letter. The document's currency decides, not the company's: it is
# the customer who prints it.
LETTER_CURRENCIES = frozenset("USD CAD MXN CLP COP CRC DOP GTQ PHP".split())
LETTER, A4 = (612.0, 792.0), (595.28, 841.89)


class Text(NamedTuple):
    x: float
    y: float
    text: str
    size: float
    bold: bool
    color: Color
    shaped: bool = False
    """Whether letters join, stack or run from right to left, or other fonts are needed."""


class Box(NamedTuple):
    """A filled rectangle, or with `line` an outlined one."""

    x: float
    y: float
    width: float
    height: float
    color: Color
    radius: float = 0
    line: float = 0


class Rule(NamedTuple):
    x: float
    y: float
    width: float
    color: Color
    thickness: float = 0.6


class Picture(NamedTuple):
    """The logo."""

    x: float
    y: float
    width: float
    height: float


Mark = Text | Box | Rule | Picture


def paper(currency: str) -> tuple[float, float]:
    """Width and height of the sheet for a document in `currency`."""
    return LETTER if currency in LETTER_CURRENCIES else A4


class Sheet:
    """Marks by page, and `y`: the top of what comes next. Every text is made harmless here."""

    def __init__(self, size: tuple[float, float], fonts: DocumentFonts) -> None:
        self.size, self.fonts = size, fonts
        self.left, self.right = MARGIN, size[0] - MARGIN
        self.bottom = size[1] - FOOT
        self.y = MARGIN
        self.pages: list[list[Mark]] = [[]]
        self.on_new_page: Callable[[], None] = lambda: None
        """Draws a further page's head and moves `y` below it."""

    @property
    def width(self) -> float:
        return self.right - self.left

    def add(self, mark: Mark) -> None:
        self.pages[-1].append(mark)

    def new_page(self) -> None:
        self.pages.append([])
        self.y = MARGIN
        self.on_new_page()

    def beside(self, first: Callable[[], None], second: Callable[[], None]) -> None:
        """Draw `second` from where `first` begins; below it, if that went on to a new page."""
        top, page = self.y, len(self.pages)
        first()
        end = self.y
        if len(self.pages) == page:
            self.y = top
        page = len(self.pages)
        second()
        if len(self.pages) == page:
            self.y = max(self.y, end)

    def need(self, height: float) -> bool:
        """Make room for `height`; True when that took a new page."""
        if self.y + height <= self.bottom:
            return False
        self.new_page()
        return True

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = NORMAL,
        bold: bool = False,
        color: Color = INK,
        right: bool = False,
    ) -> float:
        """One line, its top at `y`, starting at `x` or, with `right`, ending there.

        Returns its width.
        """
        text = self.fonts.shown(text).replace("\n", " ")
        width = self.fonts.width(text, size, bold=bold)
        start = x - width if right else x
        if text.strip():
            baseline = y + size * (LEADING - 1) / 2 + size * ASCENT
            shaped = not self.fonts.is_plain(text)
            self.add(Text(start, baseline, text, size, bold, color, shaped))
        return width

    def wrap(
        self, text: str, width: float, *, size: float = NORMAL, bold: bool = False
    ) -> list[str]:
        """The lines of `text` that fit `width`. A word that is too long is broken."""
        measure = partial(self.fonts.width, bold=bold)
        lines: list[str] = []
        for paragraph in self.fonts.shown(text).split("\n"):
            line = ""
            for word in paragraph.split(" "):
                longer = f"{line} {word}" if line else word
                if measure(longer, size) <= width:
                    line = longer
                    continue
                if line:
                    lines.append(line)
                *full, line = _pieces(word, width, lambda text: measure(text, size))
                lines += full
            lines.append(line)
        return lines

    def paragraph(
        self,
        x: float,
        text: str,
        width: float,
        *,
        size: float = NORMAL,
        bold: bool = False,
        color: Color = INK,
        right: bool = False,
    ) -> None:
        """`text` from `y` downwards, over as many pages as it takes."""
        height = size * LEADING
        for line in self.wrap(text, width, size=size, bold=bold):
            self.need(height)
            self.text(x, self.y, line, size=size, bold=bold, color=color, right=right)
            self.y += height


def _pieces(word: str, room: float, measure: Callable[[str], float]) -> list[str]:
    """`word` in pieces of at most `room` points, and at least one letter with its marks."""
    pieces, piece, used = [], "", 0.0
    for letter in _letters(word):
        width = measure(letter)
        if piece and used + width > room:
            pieces.append(piece)
            piece, used = "", 0.0
        piece += letter
        used += width
    return [*pieces, piece]


def _letters(word: str) -> list[str]:
    """Each character of `word` with the marks on it; what a virama (class 9) joins stays whole."""
    if word.isascii():
        return list(word)
    letters: list[str] = []
    for char in word:
        if letters and (category(char)[0] == "M" or combining(letters[-1][-1]) == 9):
            letters[-1] += char
        else:
            letters.append(char)
    return letters
