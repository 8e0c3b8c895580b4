"""Draws sheets as PDF: the only module that knows fpdf2.

fpdf2 spends half of a document's time on parsing its fonts and most of the rest on cells and
tables. So the fonts are small (see `fonts`), everything is measured before, and only `text()`
is left to call.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fpdf import FPDF, ViewerPreferences
from fpdf.image_datastructures import ImageCache

from invoicepay.billing.errors import BadInput
from invoicepay.documents.logo import drawable, is_kept
from invoicepay.documents.page import Box, Color, Mark, Picture, Rule, Sheet, Text
from invoicepay.documents.text import tidy

_FAMILY = "document"
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


def write_pdf(sheet: Sheet, about: About, fonts: tuple[Path, Path], logo: Logo | None) -> bytes:
    """The PDF of `sheet`; `fonts` are the files of its regular and bold face."""
    pdf = _new_pdf(sheet.size)
    pdf.set_title(_line(about.title))
    pdf.set_author(_line(about.author))
    pdf.set_creator("invoicepay")
    pdf.set_creation_date(about.made_at)
    # No structure tree: one that holds only the logo would hide the text from screen readers.
    pdf.set_lang("en-US")
    pdf.viewer_preferences = ViewerPreferences(display_doc_title=True)
    for style, path in zip(("", "B"), fonts, strict=True):
        pdf.add_font(_FAMILY, style, path)
    for font in pdf.fonts.values():
        # Our glyphs have their bounds; measuring each again takes half of a document's time.
        # Where fpdf2 no longer shows its font tools, documents only take longer.
        tools = getattr(font, "ttfont", None)
        if tools is not None:
            tools.recalcBBoxes = False
    if logo:
        pdf.image_cache = logo.cache
        pdf.image_cache.reset_usages()
    brush = _Brush(pdf, logo)
    for page in sheet.pages:
        pdf.add_page()
        for mark in page:
            brush.draw(mark)
    return bytes(pdf.output())


def _line(text: str) -> str:
    return " ".join(tidy(text).split())


class _Brush:
    def __init__(self, pdf: FPDF, logo: Logo | None) -> None:
        self.pdf, self.logo = pdf, logo
        self.font: tuple[bool, float] | None = None
        self.color: Color | None = None

    def draw(self, mark: Mark) -> None:
        pdf = self.pdf
        match mark:
            case Text(x, y, text, size, bold, color):
                if self.font != (bold, size):
                    pdf.set_font(_FAMILY, "B" if bold else "", size)
                    self.font = bold, size
                if self.color != color:
                    pdf.set_text_color(*color)
                    self.color = color
                pdf.text(x, y, text)
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
                assert self.logo is not None
                pdf.image(self.logo.content, x, y, width, height)
