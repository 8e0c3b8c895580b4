"""Mapping files: what another program calls our columns, and how it writes dates and amounts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from invoicepay.billing.errors import BadInput, quoted
from invoicepay.billing.money import check_currency
from invoicepay.billing.spelling import normalized
from invoicepay.operations.imports.cells import ISO, DateFormat
from invoicepay.operations.imports.layouts import LAYOUTS, ImportKind, did_you_mean
from invoicepay.operations.imports.problems import visible
from invoicepay.operations.imports.source import ENCODINGS, Source

_LARGEST, _LONGEST_LINE = 1 << 18, 2_500
"""Bytes, and characters of a line: the TOML reader takes the square of a dotted key's length."""
_MARKS = {"decimal_mark": ".,", "thousands_mark": ".,' \u00a0\u202f"}


@dataclass(frozen=True, slots=True)
class Mapping:
    """How to read a file. `columns`: our name → theirs; None for the generic layout, whose
    names are ours and where no other may stand. `values`: our name → their text → ours."""

    name: str = "generic"
    columns: Dict[str, str] | None = None
    defaults: Dict[str, str] = field(default_factory=dict)
    values: Dict[str, Dict[str, str]] = field(default_factory=dict)
    date_format: str = ISO
    decimal_mark: str = "."
    thousands_mark: str = ""
    delimiter: str = ""
    """Empty: told from the header."""
    encoding: str = "utf-8"
    create_customers: bool = False
    """Invoices of customers that are not there add them."""


GENERIC = Mapping()


def read_mapping(path: Path, kind: ImportKind) -> Mapping:
    """The mapping in the TOML file `path`. Raises BadInput or NotFound."""
    with Source(path) as source:
        if source.size > _LARGEST:
            raise bad_mapping(source.name, "the file is too large for a mapping")
        lines = list(source.lines())
    for number, line in enumerate(lines, 1):
        if len(line) > _LONGEST_LINE:
            reason = f"line {number} is longer than {_LONGEST_LINE} characters"
            raise bad_mapping(source.name, reason)
    text = "".join(lines)
    return parse_mapping(text, path.name, kind)


def parse_mapping(text: str, name: str, kind: ImportKind) -> Mapping:
    """The mapping in `text` (TOML) for files of `kind`. Raises BadInput."""
    try:
        content = tomllib.loads(normalized(text))  # as the names in files are
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is a ValueError
        raise bad_mapping(name, f"not TOML: {error}") from None
    reader = _Reader(name, kind, content)
    mapping = reader.mapping()
    reader.nothing_else()
    return mapping


def bad_mapping(name: str, reason: str, hint: str = "") -> BadInput:
    return BadInput("bad_mapping", visible(f"{name}: {reason}"), hint)


class _Reader:
    """Takes what it knows out of `content`; what remains is a mistake."""

    def __init__(self, name: str, kind: ImportKind, content: dict[str, Any]) -> None:
        self._name, self._kind, self._content = name, kind, dict(content)
        self._known: list[str] = []

    def mapping(self) -> Mapping:
        if self._text("kind", self._kind.value) != self._kind.value:
            raise bad_mapping(
                self._name, f"this mapping is for {self._content['kind']}, not {self._kind.value}"
            )
        columns = self._fields("columns")
        if not columns:
            raise bad_mapping(
                self._name, "it has no [columns]", 'Write e.g. number = "Invoice No".'
            )
        defaults = self._fields("defaults")
        currency = self._text("currency", "")
        if currency:
            try:
                defaults.setdefault("currency", check_currency(currency))
            except BadInput as error:
                message = visible(f"{self._name}: {error.message}")
                raise BadInput(error.code, message, error.hint) from None
        return Mapping(
            name=self._name,
            columns=columns,
            defaults=defaults,
            values=self._values(),
            date_format=self._date_format(),
            decimal_mark=self._mark("decimal_mark", "."),
            thousands_mark=self._mark("thousands_mark", ""),
            delimiter=self._one_of("delimiter", "", (",", ";", "\t", "|")),
            encoding=self._one_of("encoding", "utf-8", tuple(ENCODINGS)),
            create_customers=self._flag("create_customers"),
        )

    def nothing_else(self) -> None:
        for key in self._content.keys() - set(self._known):
            raise bad_mapping(
                self._name, f"unknown setting {quoted(key)}", did_you_mean(key, self._known)
            )
        marks = (self._content.get("decimal_mark", "."), self._content.get("thousands_mark", ""))
        if marks[0] == marks[1]:
            raise bad_mapping(self._name, "decimal_mark and thousands_mark are the same")

    def _take(self, key: str, default: object, kind: type, what: str) -> Any:
        self._known.append(key)
        value = self._content.get(key, default)
        if not isinstance(value, kind):
            raise bad_mapping(self._name, f"{key} is not {what}")
        return value

    def _text(self, key: str, default: str) -> str:
        return str(self._take(key, default, str, "a text"))

    def _flag(self, key: str) -> bool:
        return bool(self._take(key, False, bool, "true or false"))

    def _one_of(self, key: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self._text(key, default)
        if value != default and value.lower() not in allowed:
            listed = ", ".join(repr(a) for a in allowed)
            raise bad_mapping(self._name, f"{key} is {quoted(value)}", f"Use one of {listed}.")
        return value.lower()

    def _mark(self, key: str, default: str) -> str:
        return self._one_of(key, default, tuple(_MARKS[key]))

    def _date_format(self) -> str:
        text = self._text("date_format", ISO)
        try:
            DateFormat(text)
        except ValueError as error:
            raise bad_mapping(self._name, f"date_format {quoted(text)}: {error}") from None
        return text

    def _fields(self, key: str) -> dict[str, str]:
        """A table whose keys are our columns and whose values are texts."""
        table = self._take(key, {}, dict, "a table")
        self._check_fields(key, table)
        for name, value in table.items():
            if not isinstance(value, str) or not value:
                raise bad_mapping(self._name, f"{key}.{name} is not a text")
        return dict(table)

    def _values(self) -> dict[str, dict[str, str]]:
        table = self._take("values", {}, dict, "a table")
        self._check_fields("values", table)
        result = {}
        for name, pairs in table.items():
            if not isinstance(pairs, dict):
                raise bad_mapping(self._name, f"values.{name} is not a table")
            result[name] = {theirs: _word(ours) for theirs, ours in pairs.items()}
            if None in result[name].values():
                raise bad_mapping(self._name, f"values.{name} has what is not a text")
        return {name: {k: v for k, v in t.items() if v is not None} for name, t in result.items()}

    def _check_fields(self, key: str, table: dict[str, Any]) -> None:
        fields = LAYOUTS[self._kind].fields
        for name in table:
            if name not in fields:
                raise bad_mapping(
                    self._name,
                    f"{key}.{name} is not a column of {self._kind.value}",
                    did_you_mean(name, fields),
                )


def _word(value: object) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else None
