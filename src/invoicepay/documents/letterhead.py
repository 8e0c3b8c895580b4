"""What an invoice and a receipt have in common: who sends it, to whom, and every page's edges.

Lengths in points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from invoicepay.billing.customer import Address, Company
from invoicepay.documents.page import (
    ACCENT,
    AMBER,
    AMBER_TINT,
    GREY,
    HAIRLINE,
    LEADING,
    MARGIN,
    NORMAL,
    SMALL,
    TINT,
    Box,
    Color,
    Picture,
    Rule,
    Sheet,
)
from invoicepay.documents.table import Figure, draw_figures

_LOGO_WIDTH, _LOGO_HEIGHT = 150.0, 42.0
_LABEL = 72.0
"""Width of the labels in a list of details."""
_NOTE = 8.5
"""Size of notes."""
_FIGURES = 280.0
"""Width of the list of figures."""
_BAND = 18.0


@dataclass(frozen=True, slots=True)
class Badge:
    """A state in a word or two."""

    text: str
    color: Color


def draw_letterhead(
    sheet: Sheet,
    company: Company,
    title: str,
    number: str,
    *,
    badge: Badge | None = None,
    logo_ratio: float | None = None,
) -> None:
    """The company on the left, what it is on the right. `logo_ratio`: its width by its height."""

    def draw_what() -> None:
        sheet.y -= 4
        sheet.text(sheet.right, sheet.y, title, size=22, color=ACCENT, right=True)
        sheet.y += 22 * LEADING
        sheet.paragraph(sheet.right, number, sheet.width * 0.4, size=11, bold=True, right=True)
        if badge:
            _draw_badge(sheet, badge)

    sheet.beside(draw_what, lambda: _draw_company(sheet, company, logo_ratio))
    sheet.y += 14
    sheet.add(Rule(sheet.left, sheet.y, sheet.width, HAIRLINE, 0.8))
    sheet.y += 14


def _draw_company(sheet: Sheet, company: Company, logo_ratio: float | None) -> None:
    half = sheet.width * 0.58
    if logo_ratio:
        height = min(_LOGO_HEIGHT, _LOGO_WIDTH / logo_ratio)
        sheet.add(Picture(sheet.left, sheet.y, height * logo_ratio, height))
        sheet.y += height + 8
    sheet.paragraph(sheet.left, company.name, half, size=13, bold=True)
    sheet.y += 1
    contact = "  ·  ".join(filter(None, (company.phone, company.email, company.website)))
    tax_id = f"Tax ID {company.tax_id}" if company.tax_id else ""
    for line in filter(None, (*company.address.lines, contact, tax_id)):
        sheet.paragraph(sheet.left, line, half, size=SMALL, color=GREY)


def _draw_badge(sheet: Sheet, badge: Badge) -> None:
    width = sheet.fonts.width(badge.text, SMALL, bold=True) + 14
    height = SMALL * LEADING + 5
    sheet.y += 5
    sheet.add(Box(sheet.right - width, sheet.y, width, height, badge.color, radius=3, line=0.9))
    sheet.text(sheet.right - 7, sheet.y + 2.5, badge.text, size=SMALL, bold=True,
               color=badge.color, right=True)  # fmt: skip
    sheet.y += height


def draw_parties(
    sheet: Sheet,
    heading: str,
    name: str,
    address: Address,
    details: Sequence[tuple[str, str]],
) -> None:
    """Who it is for on the left, labelled details on the right; details without text are left
    out."""

    def draw_party() -> None:
        half = sheet.width * 0.46
        sheet.text(sheet.left, sheet.y, heading, size=SMALL, bold=True, color=GREY)
        sheet.y += SMALL * LEADING + 3
        sheet.paragraph(sheet.left, name, half, bold=True, size=NORMAL + 1)
        for line in address.lines:
            sheet.paragraph(sheet.left, line, half)

    def draw_details() -> None:
        x = sheet.left + sheet.width * 0.5
        for label, text in details:
            if text:
                sheet.need(NORMAL * LEADING)
                sheet.text(x, sheet.y, label, color=GREY)
                sheet.paragraph(x + _LABEL, text, sheet.right - x - _LABEL)
                sheet.y += 1.5

    sheet.beside(draw_party, draw_details)
    sheet.y += 14


def draw_panel(
    sheet: Sheet, heading: str, subtext: str, amount: str, color: Color = ACCENT
) -> None:
    """The one figure that matters, in a tinted band."""
    size = 18.0
    room = sheet.width - sheet.fonts.width(amount, size, bold=True) - 48
    lines = sheet.wrap(heading, room, size=12, bold=True)
    notes = sheet.wrap(subtext, room, size=_NOTE) if subtext else []
    height = len(lines) * 12 * LEADING + len(notes) * (_NOTE) * LEADING + 18
    sheet.need(height + 14)
    sheet.add(Box(sheet.left, sheet.y, sheet.width, height, TINT, radius=4))
    middle = sheet.y + (height - size * LEADING) / 2
    sheet.text(sheet.right - 14, middle, amount, size=size, bold=True, color=color, right=True)
    end = sheet.y + height
    sheet.y += 9
    sheet.paragraph(sheet.left + 14, heading, room, size=12, bold=True, color=color)
    if notes:
        sheet.paragraph(sheet.left + 14, subtext, room, size=_NOTE, color=GREY)
    sheet.y = end + 14


Notes = Sequence[tuple[str, str]]
"""Headings and texts; those without text are left out."""


def draw_notes(sheet: Sheet, notes: Notes, width: float | None = None) -> None:
    """Headed paragraphs, as wide as the sheet unless said otherwise."""
    width = width or sheet.width
    for heading, text in notes:
        if not text.strip():
            continue
        lines = sheet.wrap(text, width, size=_NOTE)
        sheet.need((min(len(lines), 3) + 1) * _NOTE * LEADING + 2)
        sheet.text(sheet.left, sheet.y, heading, size=SMALL, bold=True, color=GREY)
        sheet.y += SMALL * LEADING + 2
        sheet.paragraph(sheet.left, text, width, size=_NOTE)
        sheet.y += 9


def _notes_height(sheet: Sheet, notes: Notes, width: float) -> float:
    counts = [len(sheet.wrap(text, width, size=_NOTE)) for _, text in notes if text.strip()]
    return sum(SMALL * LEADING + 11 + count * _NOTE * LEADING for count in counts)


def draw_conclusion(sheet: Sheet, figures: Sequence[Figure], notes: Notes) -> None:
    """The figures on the right and, where they fit beside them, the notes on the left."""
    top = draw_figures(sheet, figures, _FIGURES)
    end, width = sheet.y, sheet.width - _FIGURES - 24
    if top is not None and top + _notes_height(sheet, notes, width) <= sheet.bottom:
        sheet.y = top
        draw_notes(sheet, notes, width)
        sheet.y = max(sheet.y, end) + 10
    else:
        sheet.y += 10
        draw_notes(sheet, notes)


def set_running_head(sheet: Sheet, company: Company, what: str) -> None:
    """From now on further pages begin with what they belong to."""

    def draw() -> None:
        room = sheet.width * 0.48
        sheet.text(sheet.left, sheet.y, _cut(sheet, company.name, room), size=SMALL, bold=True,
                   color=GREY)  # fmt: skip
        sheet.text(sheet.right, sheet.y, _cut(sheet, f"{what}, continued", room), size=SMALL,
                   color=GREY, right=True)  # fmt: skip
        sheet.y += SMALL * LEADING + 10

    sheet.on_new_page = draw


def draw_edges(sheet: Sheet, company: Company, what: str, *, notice: str = "") -> None:
    """The foot of every page and, where there is a notice, a band at its top. Call this last."""
    count = len(sheet.pages)
    pages, bottom = sheet.pages, sheet.size[1] - 40
    for number, page in enumerate(pages, 1):
        sheet.pages = [page]
        sheet.add(Rule(sheet.left, bottom - 5, sheet.width, HAIRLINE))
        left = _cut(sheet, f"{company.name}  ·  {what}", sheet.width - 80)
        sheet.text(sheet.left, bottom, left, size=7.5, color=GREY)
        sheet.text(sheet.right, bottom, f"Page {number} of {count}", size=7.5, color=GREY,
                   right=True)  # fmt: skip
        if notice:
            _draw_band(sheet, notice)
    sheet.pages = pages


def _draw_band(sheet: Sheet, notice: str) -> None:
    width = sheet.fonts.width(notice, NORMAL, bold=True)
    top = (MARGIN - _BAND) / 2
    sheet.add(Box(sheet.left, top, sheet.width, _BAND, AMBER_TINT, radius=3))
    sheet.text((sheet.size[0] - width) / 2, top + (_BAND - NORMAL * LEADING) / 2, notice,
               bold=True, color=AMBER)  # fmt: skip


def _cut(sheet: Sheet, text: str, width: float) -> str:
    """`text` on one line of `width`; this is for names that stand in full elsewhere."""
    lines = sheet.wrap(sheet.fonts.shown(text).replace("\n", " "), width, size=SMALL, bold=True)
    return lines[0] if len(lines) == 1 else lines[0] + "…"
