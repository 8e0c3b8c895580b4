"""A check before invoices are changed: their figures must tie out."""

from __future__ import annotations

from collections.abc import Collection

from invoicepay.billing.errors import DoesNotTie
from invoicepay.billing.ports import Unit


def check_figures(numbers: Collection[str], unit: Unit, undone: str) -> None:
    """Raises DoesNotTie where a figure of these invoices is not the sum of its rows. `undone`: what
    is left undone, "nothing was charged"."""
    differences = unit.books.differences_of(numbers) if numbers else ()
    if differences:
        first = differences[0]
        raise DoesNotTie(
            "books_differ",
            f"{first.what} is {first.found} in the ledger and should be {first.expected}; {undone}",
            "Finance finds out more with `invoicepay doctor`; until then it cannot be paid.",
        )
