"""The document font, reduced once per batch to the characters that the batch needs.

Arimo (SIL Open Font License): the widths of Arial, figures of equal width, all of Latin, Greek
and Cyrillic. It is a variable font; making its regular and bold from the few glyphs that remain
after subsetting takes milliseconds, from all 3,000 it would take seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from invoicepay.documents.text import REPLACEMENT, shown

# In every subset, so that most batches can share one: ASCII, Latin-1, and what we print ourselves.
_ALWAYS = frozenset(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x100)])) | frozenset(
    "–—‘’“”•…€" + REPLACEMENT
)
_REGULAR, _BOLD = 400, 700
# Layout tables are of no use without text shaping, and each costs time in every document.
_UNUSED_TABLES = ["GDEF", "GPOS", "GSUB", "MVAR", "STAT", "gasp", "kern", "meta", "prep"]


@dataclass(frozen=True, slots=True)
class Face:
    """One weight: its font file, and each character's advance in thousandths of the size."""

    font_file: bytes
    advances: dict[str, int]

    def width(self, text: str, size: float) -> float:
        """Width of `text` in points at `size` points."""
        return sum(map(self.advances.__getitem__, text)) * size / 1000


@dataclass(frozen=True, slots=True)
class Fonts:
    """The regular and the bold face of one subset."""

    characters: frozenset[str]
    regular: Face
    bold: Face

    def shown(self, text: str) -> str:
        """`text` as it can be drawn: harmless, and with characters of this subset only."""
        return shown(text, self.characters)

    def face(self, bold: bool) -> Face:
        return self.bold if bold else self.regular

    def covers(self, texts: Iterable[str]) -> bool:
        """Whether a subset for `texts` would hold nothing that this one lacks."""
        return needed(texts) <= self.characters

    def save(self, folder: Path) -> tuple[Path, Path]:
        """Write both into `folder`, because fpdf2 reads fonts from paths. Regular, bold."""
        paths = folder / "regular.ttf", folder / "bold.ttf"
        for path, face in zip(paths, (self.regular, self.bold), strict=True):
            path.write_bytes(face.font_file)
        return paths


@cache
def _source() -> bytes:
    return (files("fontpkg_arimo") / "files" / "Arimo[wght].ttf").read_bytes()


@cache
def _known() -> frozenset[str]:
    """Every character of the whole font."""
    with TTFont(BytesIO(_source()), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def needed(texts: Iterable[str]) -> frozenset[str]:
    """The characters of the font that `texts` need."""
    every = frozenset("".join(text for text in texts if not text.isascii()))
    return frozenset(shown("".join(sorted(every)), _known())) - {"\n"} | _ALWAYS


def make_fonts(texts: Iterable[str]) -> Fonts:
    """Fonts for `texts`, and for plain Latin text in any case."""
    # It reports tables that it cannot reduce on stderr, which belongs to the command.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    characters = needed(texts)
    options = subset.Options(
        layout_features=[], hinting=False, notdef_outline=True, glyph_names=False
    )
    options.drop_tables += _UNUSED_TABLES
    reduced = BytesIO()
    # Bounding boxes stay those of the whole font, so that a document does not depend on which
    # others are in its batch.
    with TTFont(BytesIO(_source()), lazy=True, recalcBBoxes=False, recalcTimestamp=False) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=map(ord, characters))
        subsetter.subset(font)
        font.save(reduced)
    return Fonts(characters, _face(reduced, _REGULAR), _face(reduced, _BOLD))


def _face(variable: BytesIO, weight: int) -> Face:
    variable.seek(0)
    output = BytesIO()
    with TTFont(variable, recalcBBoxes=False, recalcTimestamp=False) as font:
        instancer.instantiateVariableFont(font, {"wght": weight}, inplace=True)
        # Printers may keep fonts by name, and the two weights must not be taken for each other.
        style = "Bold" if weight == _BOLD else "Regular"
        for kind, text in ((1, "Arimo"), (2, style), (4, f"Arimo {style}"), (6, f"Arimo-{style}")):
            font["name"].setName(text, kind, 3, 1, 0x409)
        # The instancer makes this an average of the glyphs that are left; no reader uses it, and
        # it would give the same invoice other bytes in another batch.
        font["OS/2"].xAvgCharWidth = 0
        font.save(output)
        scale = 1000 / font["head"].unitsPerEm
        metrics = font["hmtx"].metrics
        # Rounded as fpdf2 rounds, so that right-aligned figures end where we think they end.
        advances = {
            chr(code): round(metrics[glyph][0] * scale + 0.001)
            for code, glyph in font.getBestCmap().items()
        }
    return Face(output.getvalue(), advances)
