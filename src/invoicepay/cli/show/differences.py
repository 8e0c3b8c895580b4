"""How differences are shown, and the errors that report them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoicepay.billing.errors import DoesNotTie
from invoicepay.billing.journal import Difference, JournalCheck

if TYPE_CHECKING:
    from invoicepay.operations.payments.protocol.compare import Comparison

LET_NOBODY_PAY = (
    "Let nobody pay; put the last backup that verifies in place: `invoicepay restore BACKUP`."
)


def difference_line(difference: Difference) -> str:
    return f"{difference.what}: {difference.found}, should be {difference.expected}"


def journal_differs(check: JournalCheck, hint: str = LET_NOBODY_PAY) -> DoesNotTie:
    """The error of a journal that was replayed and does not agree."""
    first, shown = check.differences[0], len(check.differences)
    few = f" ({shown} shown)" if shown < check.count else ""
    return DoesNotTie(
        "journal_differs",
        f"{check.count} thing(s) differ from the journal{few}; first: {first.what}",
        hint,
    )


def gateway_differs(comparison: Comparison) -> DoesNotTie:
    """The error of payments that are not what the gateway has."""
    return DoesNotTie(
        "books_differ",
        f"{comparison.said}; first: {difference_line(comparison.differences[0])}",
        "Let nobody pay until that is understood (docs/operations.md).",
    )
