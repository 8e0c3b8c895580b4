"""How what does not tie out is told."""

from __future__ import annotations

from collections.abc import Sequence

from invoicepay.billing.errors import DoesNotTie
from invoicepay.billing.journal import Difference, JournalCheck

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


def gateway_differs(differences: Sequence[Difference]) -> DoesNotTie:
    """The error of payments that are not what the gateway has."""
    return DoesNotTie(
        "books_differ",
        f"{len(differences)} difference(s) from what the gateway has; first: "
        f"{difference_line(differences[0])}",
        "Let nobody pay until that is understood (docs/operations.md).",
    )
