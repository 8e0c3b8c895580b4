"""Numbers of a file that the ledger has in another spelling, or that look like another number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from invoicepay.billing.ports import LoadingStore
from invoicepay.billing.spelling import find_spelling, normalized, skeleton, telling_apart
from invoicepay.operations.imports.problems import CellError


class Spellings:
    """The numbers in `table` (customers or invoices) that look like one of `texts`."""

    def __init__(self, loading: LoadingStore, table: str, texts: Sequence[str]) -> None:
        self._alike = loading.alike(table, texts)
        self.none = not self._alike and "".join(texts).isascii()
        """Whether each text is a number that looks like itself only."""

    def find(self, text: str, field: str) -> str:
        """`text` as the ledger spells it, or else in the one spelling of new numbers (NFC). What
        was written before is found as it was. Raises CellError where it only looks like a number
        of the ledger's: nobody could tell the two apart."""
        if self.none:
            return text
        alike = self._alike.get(skeleton(text))
        if not alike:
            return normalized(text)
        found = find_spelling(text, alike)
        if found is None:
            raise looks_like(field, text, alike[0])
        return found

    def find_new(self, texts: Sequence[str], field: str) -> Iterator[tuple[int, str | CellError]]:
        """Of records with these numbers: (place, its number or what is wrong with it), of those
        that are not to be taken as they are. They may look like one before them, too."""
        if self.none:
            return
        before: dict[str, str] = {}
        for place, text in enumerate(texts):
            try:
                number = self.find(text, field)
                other = before.setdefault(skeleton(number), number)
                if number != other and other not in self._alike.get(skeleton(number), ()):
                    raise looks_like(field, number, other)
            except CellError as error:
                yield place, error
            else:
                if number != text:
                    yield place, number


def looks_like(field: str, text: str, other: str) -> CellError:
    return CellError(
        field,
        f"{text} looks like {other}, which is in the ledger or above in this file: it has "
        f"{telling_apart(text, other)}",
    )
