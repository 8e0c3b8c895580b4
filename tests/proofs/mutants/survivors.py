"""Changes that no test notices, each with the reason why that is right: survivors.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

LIST = Path(__file__).with_name("survivors.toml")


@cache
def explained() -> dict[tuple[str, str, str, int], str]:
    """The reasons, by the mutations' keys."""
    entries = tomllib.loads(LIST.read_text("utf-8")).get("survivor", [])
    return {(e["in"], e["before"], e["after"], e.get("nth", 1)): e["why"] for e in entries}
