"""Records: the fields of a noun, listed once for JSON and CSV. Names, order and types are a
contract."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from invoicepay.billing.money import plain_text

T = TypeVar("T")


class Field(NamedTuple, Generic[T]):
    """`decimal`: text of a number, in which CSV leaves a minus as it is."""

    name: str
    value: Callable[[T], Any]
    decimal: bool = False


class Amount(NamedTuple, Generic[T]):
    """Two fields: `<name>_minor` in minor units, and `<name>` as text in the record's currency."""

    name: str
    minor: Callable[[T], int]


class Nested(NamedTuple, Generic[T]):
    """A list of objects. CSV has a row for each, in columns that begin with `prefix`."""

    name: str
    prefix: str
    items: Callable[[T], Iterable[Any]]
    record: Record[Any]


class Part(NamedTuple, Generic[T]):
    """All fields of another record; empty where `item` is None."""

    item: Callable[[T], Any]
    record: Record[Any]


class Record(Generic[T]):
    """Makes the JSON object of an item, and says how CSV has it."""

    def __init__(
        self,
        *fields: Field[T] | Amount[T] | Nested[T] | Part[T],
        currency: Callable[[T], str] | None = None,
    ) -> None:
        """`currency`: of the amounts; None where a record is nested, for the one around it."""
        self._fields, self._currency = fields, currency

    def __call__(self, item: T, currency: str = "") -> dict[str, Any]:
        if self._currency is not None:
            currency = self._currency(item)
        record: dict[str, Any] = {}
        for field in self._fields:
            if isinstance(field, Field):
                record[field.name] = field.value(item)
            elif isinstance(field, Amount):
                minor = field.minor(item)
                record[f"{field.name}_minor"] = minor
                record[field.name] = plain_text(minor, currency)
            elif isinstance(field, Nested):
                record[field.name] = [field.record(each, currency) for each in field.items(item)]
            else:
                part = field.item(item)
                record |= field.record._empty() if part is None else field.record(part)
        return record

    def _empty(self) -> dict[str, Any]:
        plain = dict.fromkeys(name for name, _ in self._plain())
        return plain | {field.name: list[Any]() for field in self._nested()}

    def csv_columns(self) -> list[tuple[str, bool]]:
        """Name, and whether it is decimal text. They do not depend on what nested lists hold."""
        columns = self._plain()
        for field in self._nested():
            columns += [(f"{field.prefix}_{name}", d) for name, d in field.record._plain()]
        return columns

    def csv_rows(self, record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Rows of an object: each element of a nested list has one, with the others repeated."""
        rows: list[Mapping[str, Any]] = [
            {**record, **{f"{field.prefix}_{name}": value for name, value in element.items()}}
            for field in self._nested()
            for element in record[field.name]
        ]
        return rows or [record]

    def _plain(self) -> list[tuple[str, bool]]:
        columns: list[tuple[str, bool]] = []
        for field in self._fields:
            if isinstance(field, Field):
                columns.append((field.name, field.decimal))
            elif isinstance(field, Amount):
                columns += [(f"{field.name}_minor", False), (field.name, True)]
            elif isinstance(field, Part):
                columns += field.record._plain()
        return columns

    def _nested(self) -> list[Nested[Any]]:
        nested: list[Nested[Any]] = []
        for field in self._fields:
            if isinstance(field, Nested):
                nested.append(field)
            elif isinstance(field, Part):
                nested += field.record._nested()
        return nested


def named(*names: str) -> Record[Mapping[str, Any]]:
    """The record of a mapping that has these names."""
    return Record(*(Field[Mapping[str, Any]](name, itemgetter(name)) for name in names))


def day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def instant(value: datetime | None) -> str | None:
    """ISO 8601, UTC, to the second."""
    if value is None:
        return None
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
