"""The columns of each kind of file, under our own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum


class ImportKind(StrEnum):
    CUSTOMERS = "customers"
    CONTACTS = "contacts"
    INVOICES = "invoices"
    PAYMENTS = "payments"


MOST_ROWS = 10_000
"""Of one invoice or payment: they are held in memory together."""
FLAGS = frozenset({"disputed"})
"""Columns that are yes or no."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`required` columns must stand in the header (or have a default). `key` names a
    record.

    `nested`: the key under which JSON has a list of objects, a row each in CSV, and
    `nested_fields`: its keys → our column names. `listed`: keys that may be a JSON array of
    texts → what joins them.
    """

    key: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    nested: str = ""
    nested_fields: Mapping[str, str] = field(default_factory=dict)
    listed: Mapping[str, str] = field(default_factory=dict)
    dated: str = ""
    """The column that has a date in every record."""

    @property
    def fields(self) -> tuple[str, ...]:
        return self.required + self.optional

    @property
    def own_fields(self) -> tuple[str, ...]:
        """Those that are not of a nested list."""
        inner = set(self.nested_fields.values())
        return tuple(f for f in self.fields if f not in inner)


LAYOUTS: Mapping[ImportKind, Layout] = {
    ImportKind.CUSTOMERS: Layout(
        key=("number",),
        required=("number", "name"),
        optional=("email", "address", "currency", "terms_days"),
        listed={"address": "\n", "email": ";"},
    ),
    ImportKind.CONTACTS: Layout(
        key=("email",),
        required=("email", "name"),
        optional=("role", "customers"),
        listed={"customers": ";"},
    ),
    ImportKind.INVOICES: Layout(
        key=("number",),
        required=("number", "customer", "issued_on"),
        optional=tuple(
            "due_on currency total tax kind po_number order_number memo disputed voided_on "
            "paid_on customer_name line_description line_quantity line_unit_price line_amount "
            "line_tax line_tax_rate".split()
        ),
        nested="lines",
        nested_fields={
            name: f"line_{name}"
            for name in "description quantity unit_price amount tax tax_rate".split()
        },
        dated="issued_on",
    ),
    ImportKind.PAYMENTS: Layout(
        key=("customer", "reference"),
        required=("reference", "customer", "received_on", "method_type", "amount"),
        optional=("currency", "memo", "invoice", "applied"),
        nested="allocations",
        nested_fields={"invoice": "invoice", "applied": "applied"},
        dated="received_on",
    ),
}


def did_you_mean(name: str, known: tuple[str, ...] | list[str]) -> str:
    """A hint for a name that is not among `known`."""
    close = get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known: {', '.join(known)}."
