"""Figures of docs/reliability.md, which the proofs write there themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """In Markdown; whole numbers with commas."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def write_figures(name: str, text: str, page: Path = PAGE) -> None:
    """Put `text` between the page's marks of `name`. Raises LookupError where it has none."""
    before = page.read_text("utf-8")
    marked = re.compile(
        rf"(?s)(<!-- figures: {re.escape(name)} -->\n).*?(<!-- /figures -->)", re.ASCII
    )
    after, count = marked.subn(lambda found: found[1] + text + found[2], before)
    if count != 1:
        raise LookupError(f"{page.name} has {count} places for the figures of {name}")
    page.write_text(after, encoding="utf-8")
