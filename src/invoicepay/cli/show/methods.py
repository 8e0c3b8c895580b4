"""Payment methods as JSON, CSV and a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from invoicepay.billing.method import Method
from invoicepay.cli.layout import Column
from invoicepay.cli.records import Field, Record


def method_record(today: date) -> Record[Method]:
    return Record(
        Field("id", lambda m: m.id),
        Field("type", lambda m: m.type.value),
        Field("label", lambda m: m.label),
        Field("brand", lambda m: m.brand),
        Field("last4", lambda m: m.last4),
        Field("expires", lambda m: m.expires),
        Field("status", lambda m: m.status(today).value),
        Field("default", lambda m: m.default),
        Field("preferred", lambda m: m.preferred),
        Field("customer", lambda m: m.customer),
    )


def method_columns(methods: Sequence[Method], today: date) -> list[Column[Method]]:
    columns: list[Column[Method]] = [
        Column("Method", lambda m: m.id),
        Column("Type", lambda m: m.type.value),
        Column("Ends in", lambda m: f"{m.brand} {m.last4}"),
        Column("Label", lambda m: m.label),
        Column("Expires", lambda m: m.expires),
        Column("Status", lambda m: m.status(today).value.replace("_", " ")),
        Column("Default", _default),
    ]
    if len({m.customer for m in methods}) > 1:
        columns.insert(0, Column("Customer", lambda m: m.customer))
    return columns


def _default(method: Method) -> str:
    if method.preferred:
        return "default"
    return f"for {method.type}" if method.default else ""
