"""Fonts for what the document font does not write: Chinese, Japanese, Korean, Arabic, Hebrew,
Thai, Devanagari and others.

They come with `pip install invoicepay[fonts]`, which also brings HarfBuzz: most of these scripts
join, reorder or stack their letters, and are unreadable drawn letter by letter. Fonts that the
settings name come first. Without HarfBuzz nothing here is used, and a character of another script
is drawn as a box, which the caller is told.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from errno import ENOENT
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from fontTools.ttLib import TTFont

_SMALL = {
    "justmytype_intl_rtl": ("notosansarabic", "notosanshebrew"),
    "justmytype_intl_sea": ("notosansthai", "notosanslao", "notosanskhmer", "notosansmyanmar"),
    "justmytype_intl_south_asia": (
        "notosansdevanagari", "notosansbengali", "notosanstamil", "notosanstelugu",
    ),
}  # fmt: skip
_CJK = "justmytype_intl_cjk"
_BY_CURRENCY = {"JPY": "jp", "KRW": "kr", "CNY": "sc", "TWD": "tc", "HKD": "tc", "MOP": "tc"}
_REGIONS = ("sc", "jp", "kr", "tc")


def region_of(currency: str, texts: Iterable[str]) -> str:
    """Whose Chinese characters a document uses: Japan, Korea and China write some of the same ones
    differently. Its currency decides, else what else is written in it. `jp`, `kr`, `sc` or `tc`."""
    if currency in _BY_CURRENCY:
        return _BY_CURRENCY[currency]
    every = "".join(texts)
    if any("\u3040" <= char <= "\u30ff" for char in every):
        return "jp"
    return "kr" if any("\uac00" <= char <= "\ud7a3" for char in every) else "sc"


def choose(
    characters: Iterable[str], region: str, named: Sequence[Path]
) -> Mapping[Path, frozenset[str]]:
    """The fonts that write `characters`, in the order in which they are asked, each with those
    that are its own. What none of them has is left out."""
    left = {char for char in characters if not char.isspace()}
    chosen: dict[Path, frozenset[str]] = {}
    if left and find_spec("uharfbuzz"):
        for path in (*named, *_installed(region)):
            if found := left & _known(path):
                chosen[path] = frozenset(found)
                left -= found
            if not left:
                break
    return chosen


def parts(characters: Iterable[str]) -> set[str]:
    """`characters` and what shaping may take them apart into, as it does with Thai sara am."""
    return {part for char in characters for part in (char, *unicodedata.normalize("NFKD", char))}


def _installed(region: str) -> Iterable[Path]:
    """The small ones first: it takes a while to read what a Chinese font has."""
    regions = (region, *(other for other in _REGIONS if other != region))
    packages = {**_SMALL, _CJK: tuple(f"notosans{name}" for name in regions)}
    for package, families in packages.items():
        if find_spec(package):
            for family in families:
                folder = Path(str(files(package))) / "fonts" / "ofl" / family
                yield from sorted(folder.glob("*.ttf"))


@cache
def _known(path: Path) -> frozenset[str]:
    """Every character of the font. One that cannot be read has none: a bill must go out anyway."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # its warnings name no file
    try:
        # TTFont leaves a file open that it cannot read.
        if not path.is_file():
            raise OSError(ENOENT, "it is no file")
        with path.open("rb") as file, TTFont(file, lazy=True, fontNumber=0) as font:
            return frozenset(map(chr, font.getBestCmap() or ()))
    except Exception as problem:  # noqa: BLE001 - a reader may raise anything on a broken file
        reason = problem.strerror if isinstance(problem, OSError) else "it is no font"
        logging.getLogger(__name__).warning("the font %s is left out: %s", path, reason)
        return frozenset()
