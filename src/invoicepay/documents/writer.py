"""Draws sheets as PDF: the only module that knows fpdf2.

fpdf2 spends half of a document's time on parsing its fonts and most of the rest on cells and
tables. So the fonts are small (see `fonts`), everything is measured before, and only `text()`
is left to call, but for text that has to be shaped.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from fpdf import FPDF, ViewerPreferences
from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection
from fpdf.image_datastructures import ImageCache

from invoicepay.billing.errors import BadInput
from invoicepay.documents.fonts import FontFiles
from invoicepay.documents.logo import drawable, is_kept
from invoicepay.documents.page import Box, Color, Mark, Picture, Rule, Sheet, Text
from invoicepay.documents.text import tidy

_CELL_BASELINE = 0.8
"""Where fpdf2 puts the baseline in a cell as high as the font is large, in sizes."""
_LOGO_POINTS = 150


@dataclass(frozen=True, slots=True)
class Logo:
    """An image that has been decoded once; documents share the result."""

    content: bytes
    ratio: float
    """Width by height."""
    cache: ImageCache


def load_logo(content: bytes) -> Logo | None:
    """The logo, or None when there is none or it cannot be drawn: a bill must go out anyway. An
    earlier version kept files as they were."""
    if not content:
        return None
    pdf = _new_pdf((_LOGO_POINTS, _LOGO_POINTS))
    pdf.add_page()
    try:
        content = content if is_kept(content) else drawable(content)
        info = pdf.image(content, x=0, y=0, w=_LOGO_POINTS)
    except Exception as problem:  # noqa: BLE001 - a decoder may raise anything on a broken image
        what = problem.message if isinstance(problem, BadInput) else "the logo cannot be read"
        logging.getLogger(__name__).warning("%s; it is left out", what)
        return None
    return Logo(content, info.width / info.height, pdf.image_cache)


def _new_pdf(size: tuple[float, float]) -> FPDF:
    pdf = FPDF(unit="pt", format=size)
    pdf.set_auto_page_break(False)
    pdf.c_margin = 0
    # A logo from a camera would otherwise be part of every invoice at its full size.
    pdf.oversized_images = "DOWNSCALE"
    pdf.oversized_images_ratio = 4
    return pdf


@dataclass(frozen=True, slots=True)
class About:
    """What the file says of itself. `made_at` comes from the data, so that the same data gives
    the same bytes."""

    title: str
    author: str
    made_at: datetime


class Writer:
    """Writes one document; `others`: its fonts of other scripts, in the order in which they are
    asked for a character."""

    def __init__(
        self,
        size: tuple[float, float],
        document: FontFiles,
        others: Iterable[FontFiles],
        logo: Logo | None,
    ) -> None:
        self._pdf, self._logo = _new_pdf(size), logo
        self._font: tuple[bool, float] | None = None
        self._color: Color | None = None
        names = []
        for index, font in enumerate((document, *others)):
            names.append(f"font{index}")
            self._pdf.add_font(names[-1], "", font.regular)
            self._pdf.add_font(names[-1], "B", font.bold)
        self._family, *fallback = names
        self._pdf.set_fallback_fonts(fallback)
        for each in self._pdf.fonts.values():
            # Our glyphs have their bounds; measuring each again takes half of a document's time.
            # Where fpdf2 no longer shows its font tools, documents only take longer.
            tools = getattr(each, "ttfont", None)
            if tools is not None:
                tools.recalcBBoxes = False
        if logo:
            self._pdf.image_cache = logo.cache
            self._pdf.image_cache.reset_usages()

    def measure(self, text: str, size: float, bold: bool) -> float:
        """The width in points of `text`, shaped, at `size` points."""
        self._set_font(bold, size)
        width = 0.0
        for run, direction in _in_visual_order(text):
            with self._shaping(direction):
                width += self._pdf.get_string_width(run)
        return width

    def write(self, sheet: Sheet, about: About) -> bytes:
        """The PDF of `sheet`."""
        pdf = self._pdf
        pdf.set_title(_line(about.title))
        pdf.set_author(_line(about.author))
        pdf.set_creator("invoicepay")
        pdf.set_creation_date(about.made_at)
        # No structure tree: one that holds only the logo would hide the text from screen readers.
        pdf.set_lang("en-US")
        pdf.viewer_preferences = ViewerPreferences(display_doc_title=True)
        for page in sheet.pages:
            pdf.add_page()
            for mark in page:
                self._draw(mark)
        return bytes(pdf.output())

    def _draw(self, mark: Mark) -> None:
        pdf = self._pdf
        match mark:
            case Text(x, y, text, size, bold, color, shaped):
                self._set_font(bold, size)
                if self._color != color:
                    pdf.set_text_color(*color)
                    self._color = color
                if not shaped:
                    pdf.text(x, y, text)
                    return
                for run, direction in _in_visual_order(text):
                    # A cell leaves the font of its last piece on the page, and fpdf2 forgets that.
                    with self._shaping(direction), pdf.local_context():
                        pdf.set_xy(x, y - _CELL_BASELINE * size)
                        pdf.cell(h=size, text=run)
                        x = pdf.get_x()
            case Rule(x, y, width, color, thickness):
                pdf.set_draw_color(*color)
                pdf.set_line_width(thickness)
                pdf.line(x, y, x + width, y)
            case Box(x, y, width, height, color, radius, line):
                pdf.set_draw_color(*color)
                pdf.set_fill_color(*color)
                pdf.set_line_width(line)
                pdf.rect(x, y, width, height, "D" if line else "F",
                         round_corners=radius > 0, corner_radius=radius)  # fmt: skip
            case Picture(x, y, width, height):
                assert self._logo is not None
                pdf.image(self._logo.content, x, y, width, height)

    def _set_font(self, bold: bool, size: float) -> None:
        if self._font != (bold, size):
            self._pdf.set_font(self._family, "B" if bold else "", size)
            self._font = bold, size

    @contextmanager
    def _shaping(self, direction: TextDirection) -> Iterator[None]:
        """Without it, fpdf2 is three times faster."""
        self._pdf.set_text_shaping(True, direction=direction)
        try:
            yield
        finally:
            self._pdf.set_text_shaping(False)


def _in_visual_order(text: str) -> Iterator[tuple[str, TextDirection]]:
    """The runs of one line from left to right, each in the order in which it is read (UAX #9).

    fpdf2 finds them, but lays them out in the order of the text, which is another where numbers
    stand within text from right to left.
    """
    characters = BidiParagraph(text).get_reordered_characters()
    for level, group in groupby(characters, key=lambda each: each.embedding_level):
        run = "".join(each.character for each in group)
        if level % 2:
            yield run[::-1], TextDirection.RTL
        else:
            yield run, TextDirection.LTR


def _line(text: str) -> str:
    return " ".join(tidy(text).split())
