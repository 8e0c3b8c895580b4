"""A company's logo: looked at once, when it is set, and made into what every document can draw."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from invoicepay.billing.errors import BadInput

_FORMATS = ("PNG", "JPEG")  # never a path, an address or an SVG
_MOST_PIXELS = 40_000_000
"""Of a file, before it is decoded: 160 MB of memory."""
_MODES = ("L", "RGB", "RGBA")
_STORED = 600
"""Pixels along the longer side, of what is kept: sharp in print at the size it is drawn."""
_MOST_RATIO = 50.0
"""How many times as long as wide; a logo that is drawn thinner cannot be seen."""


def drawable(content: bytes) -> bytes:
    """`content` as a PNG of 8 bits a colour, upright, and no larger than documents need.

    Raises BadInput for what is no PNG or JPEG, cannot be decoded, or has a shape that cannot be
    drawn.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata, which is not kept
            given = Image.open(io.BytesIO(content), formats=_FORMATS)
            _check_shape(*given.size)
            image = _in_8_bits(ImageOps.exif_transpose(given))
    except BadInput:
        raise
    except Exception as error:  # a decoder may raise anything on a broken image
        what = "the logo is no PNG or JPEG that can be read"
        raise BadInput("bad_file", what, "Save it as PNG.") from error
    image.thumbnail((_STORED, _STORED))
    stored = io.BytesIO()
    image.save(stored, "PNG", optimize=True)
    return stored.getvalue()


def is_kept(content: bytes) -> bool:
    """Whether it is in the form that `drawable` returns, as far as its first bytes tell: taking it
    apart and packing it again would take each document command 20 ms."""
    try:
        image = Image.open(io.BytesIO(content), formats=("PNG",))
        _check_shape(*image.size)
    except Exception:  # noqa: BLE001 - as in `drawable`, which then says what is wrong
        return False
    return image.mode in _MODES and max(image.size) <= _STORED and "exif" not in image.info


def _check_shape(width: int, height: int) -> None:
    size = f"{width:,} × {height:,} pixels"
    if width * height > _MOST_PIXELS:
        raise BadInput("bad_file", f"the logo has {size}", "Save it smaller.")
    if max(width, height) > _MOST_RATIO * min(width, height):
        what = f"the logo has {size}, too thin to be drawn"
        raise BadInput("bad_file", what, "No side may be more than fifty times the other.")


def _in_8_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey, which other programs take for white
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in _MODES:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
