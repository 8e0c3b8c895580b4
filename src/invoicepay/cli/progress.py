"""A bar on stderr while long work goes on, where stderr is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from invoicepay.cli.output import Output

T = TypeVar("T")
WORTH_A_BAR = 10


def bar(out: Output, items: Iterable[T], total: int) -> Iterator[T]:
    """`items` as they come, with a bar when there are many and somebody looks."""
    if total < WORTH_A_BAR or not out.for_people or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, "", total=total, console=Console(stderr=True), transient=True)
