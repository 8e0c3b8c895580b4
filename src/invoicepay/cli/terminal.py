"""What needs a terminal: its width and its colours. Imports rich; used only where there is one."""

from __future__ import annotations

import shutil
from typing import TextIO

from rich.console import COLOR_SYSTEMS, Console
from rich.style import Style

from invoicepay.cli.layout import Page


def terminal_page(out: TextIO) -> Page:
    """The page that a terminal is."""
    console = Console(file=out)
    colours = None if console.legacy_windows else COLOR_SYSTEMS.get(console.color_system or "")

    def paint(text: str, style: str) -> str:
        parsed = Style.parse(style)
        if console.no_color:
            parsed = parsed.without_color
        return parsed.render(text, color_system=colours)

    return Page(shutil.get_terminal_size().columns, paint)
