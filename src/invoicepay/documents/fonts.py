"""The document's fonts, reduced once per batch to the characters that the batch needs.

Arimo (SIL Open Font License): the widths of Arial, figures of equal width, all of Latin, Greek
and Cyrillic. It is a variable font; making its regular and bold from the few glyphs that remain
after subsetting takes milliseconds, from all 3,000 it would take seconds. What it does not write
is written with fonts of other scripts, where they are installed (`scripts`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from invoicepay.billing.errors import BadInput
from invoicepay.documents.scripts import choose, parts, region_of
from invoicepay.documents.text import REPLACEMENT, shown, tidy

# In every subset, so that most batches can share one: ASCII, Latin-1, and what we print ourselves.
_ALWAYS = frozenset(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x100)])) | frozenset(
    "–—‘’“”•…€" + REPLACEMENT
)
_REGULAR, _BOLD = 400, 700
_UNUSED_TABLES = ["MVAR", "STAT", "gasp", "kern", "meta", "prep"]
# Of no use where each letter stands alone, and each costs time in every document.
_LAYOUT_TABLES = ["GDEF", "GPOS", "GSUB"]
# Of a family with more weights than two, and which one of them this is.
_FURTHER_NAMES = [16, 17, 21, 22]


class Needed(NamedTuple):
    """What one document needs of fonts."""

    characters: frozenset[str]
    """Of the document font."""
    others: Mapping[Path, frozenset[str]]
    """Of fonts of other scripts, in the order in which they are asked for a character."""
    missing: str
    """The characters that no font here has, each once, in order."""


@dataclass(frozen=True, slots=True)
class Face:
    """One weight: its font file, and each character's advance in thousandths of the size."""

    font_file: bytes
    advances: dict[str, int]

    def width(self, text: str, size: float) -> float:
        """Width of `text` in points at `size` points."""
        return sum(map(self.advances.__getitem__, text)) * size / 1000


@dataclass(frozen=True, slots=True)
class OtherFont:
    """The font files of a font for other scripts. Where it has no bold, that is its regular."""

    characters: frozenset[str]
    regular: bytes
    bold: bytes


class FontFiles(NamedTuple):
    """Paths of a regular and a bold font file."""

    regular: Path
    bold: Path


@dataclass(frozen=True, slots=True)
class Fonts:
    """One subset: of the document font, and of those of other scripts by where they are from."""

    characters: frozenset[str]
    regular: Face
    bold: Face
    others: Mapping[Path, OtherFont]

    def covers(self, needed: Needed) -> bool:
        """Whether a subset for `needed` would hold nothing that this one lacks."""
        return needed.characters <= self.characters and all(
            path in self.others and needed.others[path] <= self.others[path].characters
            for path in needed.others
        )

    def save(self, folder: Path) -> tuple[FontFiles, Mapping[Path, FontFiles]]:
        """Write them into `folder`, because fpdf2 reads fonts from paths."""

        def saved(name: str, regular: bytes, bold: bytes) -> FontFiles:
            paths = FontFiles(folder / f"{name}.ttf", folder / f"{name}-bold.ttf")
            paths.regular.write_bytes(regular)
            paths.bold.write_bytes(bold)
            return paths

        return saved("document", self.regular.font_file, self.bold.font_file), {
            path: saved(f"other-{index}", other.regular, other.bold)
            for index, (path, other) in enumerate(self.others.items())
        }


class DocumentFonts:
    """The fonts of one document. `measure` tells the width of text that the document font alone
    cannot write, in points, from the text, the size and whether it is bold."""

    def __init__(
        self, fonts: Fonts, needed: Needed, measure: Callable[[str, float, bool], float]
    ) -> None:
        self._fonts, self._measure = fonts, measure
        self._others = frozenset[str]().union(*needed.others.values())

    def shown(self, text: str) -> str:
        """`text` as it can be drawn: harmless, and with characters of these fonts only."""
        return shown(text, self._fonts.characters, self._others)

    def is_plain(self, text: str) -> bool:
        """Whether the document font alone writes `text`, letter by letter."""
        return text.isascii() or self._fonts.characters.issuperset(text)

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        """Width of a line of shown text, in points at `size` points."""
        if self.is_plain(text):
            return (self._fonts.bold if bold else self._fonts.regular).width(text, size)
        return self._measure(text, size, bold)


@cache
def _source() -> bytes:
    return (files("fontpkg_arimo") / "files" / "Arimo[wght].ttf").read_bytes()


@cache
def _known() -> frozenset[str]:
    """Every character of the whole font."""
    with TTFont(BytesIO(_source()), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def needed(texts: Iterable[str], currency: str, named: Sequence[Path] = ()) -> Needed:
    """What a document with `texts` needs; `named`: fonts that come before the installed ones."""
    texts = [tidy(text) for text in texts if not text.isascii()]
    every = frozenset("".join(texts)) - {"\n"}
    own = frozenset(shown("".join(sorted(every)), _known(), frozenset()))
    left = every - own
    others = choose(left, region_of(currency, texts), named) if left else {}
    missing = left.difference(*others.values())
    return Needed(
        own | _ALWAYS, others, "".join(sorted(char for char in missing if not char.isspace()))
    )


def make_fonts(documents: Iterable[Needed]) -> Fonts:
    """Fonts for `documents`, and for plain Latin text in any case. Raises BadInput."""
    # It reports tables that it cannot reduce on stderr, which belongs to the command.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    characters, others = _ALWAYS, dict[Path, frozenset[str]]()
    for document in documents:
        characters |= document.characters
        for path, found in document.others.items():
            others[path] = others.get(path, frozenset()) | found
    reduced = _reduced(BytesIO(_source()), characters, shaped=False)
    made = {path: _other(path, found) for path, found in sorted(others.items())}
    return Fonts(characters, _face(reduced, _REGULAR), _face(reduced, _BOLD), made)


def _reduced(source: BytesIO | Path, characters: Iterable[str], *, shaped: bool) -> bytes:
    options = subset.Options(
        layout_features=["*"] if shaped else [],
        hinting=False,
        notdef_outline=True,
        glyph_names=False,
        # fpdf2 puts the first four glyphs of a font into every document.
        recommended_glyphs=shaped,
    )
    options.name_IDs += _FURTHER_NAMES
    options.drop_tables += _UNUSED_TABLES if shaped else _UNUSED_TABLES + _LAYOUT_TABLES
    output = BytesIO()
    # Bounding boxes stay those of the whole font, so that a document does not depend on which
    # others are in its batch.
    with TTFont(source, lazy=True, recalcBBoxes=False, recalcTimestamp=False,
                fontNumber=0) as font:  # fmt: skip
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=map(ord, characters))
        subsetter.subset(font)
        font.save(output)
    return output.getvalue()


def _other(path: Path, characters: frozenset[str]) -> OtherFont:
    """Raises BadInput for a font that is damaged beyond its list of characters."""
    try:
        return _reduced_other(path, characters)
    except Exception as problem:
        raise BadInput(
            "bad_file",
            f"the font {path} cannot be used: {problem or type(problem).__name__}",
            "Take it out of [documents] fonts in the settings file, or install it anew.",
        ) from problem


def _reduced_other(path: Path, characters: frozenset[str]) -> OtherFont:
    # fpdf2 takes the space of every font, or any glyph where there is none.
    reduced = _reduced(path, parts(characters) | {" "}, shaped=True)
    with TTFont(BytesIO(reduced), lazy=True) as font:
        weights = [a for a in font["fvar"].axes if a.axisTag == "wght"] if "fvar" in font else []
    if not weights:
        return OtherFont(characters, reduced, reduced)
    regular, bold = (_instance(reduced, weight) for weight in (_REGULAR, _BOLD))
    return OtherFont(characters, regular, bold)


def _face(variable: bytes, weight: int) -> Face:
    font_file = _instance(variable, weight)
    with TTFont(BytesIO(font_file), lazy=True) as font:
        scale = 1000 / font["head"].unitsPerEm
        metrics = font["hmtx"].metrics
        # Rounded as fpdf2 rounds, so that right-aligned figures end where we think they end.
        advances = {
            chr(code): round(metrics[glyph][0] * scale + 0.001)
            for code, glyph in font.getBestCmap().items()
        }
    return Face(font_file, advances)


def _instance(variable: bytes, weight: int) -> bytes:
    output = BytesIO()
    with TTFont(BytesIO(variable), recalcBBoxes=False, recalcTimestamp=False) as font:
        axes = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
        instancer.instantiateVariableFont(font, axes | {"wght": weight}, inplace=True)
        # Printers may keep fonts by name, and the two weights must not be taken for each other.
        names = font["name"]
        family, style = names.getBestFamilyName(), "Bold" if weight == _BOLD else "Regular"
        full = family.replace(" ", "")
        for kind, text in (
            (1, family),
            (2, style),
            (4, f"{family} {style}"),
            (6, f"{full}-{style}"),
        ):
            names.setName(text, kind, 3, 1, 0x409)
        for kind in _FURTHER_NAMES:  # of which a reader would take one first
            names.removeNames(nameID=kind)
        # The instancer makes this an average of the glyphs that are left; no reader uses it, and
        # it would give the same invoice other bytes in another batch.
        font["OS/2"].xAvgCharWidth = 0
        font.save(output)
    return output.getvalue()
