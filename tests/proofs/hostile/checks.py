"""What must be true of anything that leaves the program, said without its own code."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader

from tests.world.child import Said

# Unicode's Default_Ignorable_Code_Point where it is no Cf: nothing is drawn for them.
_IGNORABLE = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    + "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)]))
    + "\u2065"
)
# Cf, and yet drawn: signs that stand before numbers and words of Arabic, Syriac and Kaithi.
_DRAWN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
# Marks of ours around text from right to left, in a line with figures.
_KEPT_APART = re.compile("\u200e([^\u200e\n]*[\u0590-\u08ff][^\u200e\n]*)\u200e")
_STYLING = re.compile(r"\x1b\[[0-9;]*m")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
FORMULA = tuple("=+-@＝＋－＠")
ALLOWED_IN_NAMES = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def obeyed(text: str) -> set[str]:
    """The characters of `text`, line feeds apart, that a terminal obeys or does not show."""
    return {
        char
        for char in set(text) - {"\n", *_DRAWN}
        if char in _IGNORABLE or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }


def assert_harmless(text: str) -> None:
    """For what goes to a pipe or a file."""
    text = _KEPT_APART.sub(r"\1", text)
    found = obeyed(text)
    assert not found, f"{found!r} in {_around(text, found)!r}"


def assert_harmless_on_a_terminal(text: str) -> None:
    """Nothing but colours, and those are ours: every one is switched off again."""
    assert_harmless(_STYLING.sub("", text))
    styles = _STYLING.findall(text)
    assert all(style == "\x1b[0m" for style in styles[1::2]), "a colour is left on"


def _around(text: str, found: Iterable[str]) -> str:
    at = min(text.index(char) for char in found)
    return text[max(at - 60, 0) : at + 60]


def assert_ended_well(said: Said, codes: Sequence[int] = (0,)) -> None:
    """Harmless, one of `codes`, and never a word of Python's."""
    assert said.exit_code in codes, said
    for text in (said.stdout, said.stderr):
        assert_harmless(text)
        assert "Traceback" not in text, said
        assert "unexpected" not in text, said


def assert_refused(said: Said, codes: Sequence[int] = (2, 3, 4, 5, 6, 7, 8, 9, 10)) -> None:
    """Ended well, and with one line of ours on stderr."""
    assert_ended_well(said, codes)
    ours = [line for line in said.stderr.splitlines() if line.startswith("invoicepay: ")]
    assert len(ours) == 1, said
    assert said.stderr.endswith(ours[0] + "\n"), said


def rows_of(text: str) -> list[dict[str, str]]:
    """A CSV answer, once no spreadsheet runs anything in it, whatever it takes for the separator
    (which is the machine's locale) and however it reads quotes then."""
    before = csv.field_size_limit(1 << 30)  # with another separator, a lone quote runs to the end
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(text), delimiter=separator):
            for cell in row:
                assert not starts_a_formula(cell), (separator, cell)
    csv.field_size_limit(before)
    table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    header, rows = table[0], table[1:]
    assert all(len(row) == len(header) for row in rows)
    return [dict(zip(header, row, strict=True)) for row in rows]


def starts_a_formula(cell: str) -> bool:
    seen = cell.strip()
    return seen.startswith(FORMULA) and not _NUMBER.fullmatch(seen)


def unguarded(cell: str) -> str:
    """Without the apostrophes that keep spreadsheets from running it, and without anything that
    they or a terminal do not show: what is left of two texts that are the same."""
    return "".join(c for c in cell if not (c.isspace() or c == "'" or obeyed(c)))


def text_of_pdf(content: bytes) -> str:
    """A PDF's text, once it has proved to be one document of pages with nothing active in it."""
    reader = PdfReader(BytesIO(content), strict=True)
    assert content.rstrip().endswith(b"%%EOF")
    assert content.count(b"\n%%EOF") == content.count(b"\nstartxref\n") == 1
    catalog = reader.root_object
    assert isinstance(catalog["/OpenAction"], list), "a place in the document, not an action"
    assert not {"/AA", "/Names", "/AcroForm"} & set(catalog.keys())
    for page in reader.pages:
        assert "/Annots" not in page
        assert "/AA" not in page
    text = "\n".join(page.extract_text() for page in reader.pages)
    if b"+Noto" in content:
        # A glyph that is half of a character stands for none of its own, and pypdf gives its number
        # for it; poppler gives nothing.
        text = re.sub("[\x01-\x09\x0b-\x1f]", "", text)
    return text


def below(folder: Path) -> set[Path]:
    """Every file in `folder`, however deep."""
    return {path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
