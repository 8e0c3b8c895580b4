"""The sample company's files, with dates around a day of one's choice."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_RELATIVE = re.compile(r"today([+-][0-9]{1,5})", re.ASCII)
_DATE_COLUMNS = frozenset({"issued_on", "due_on", "voided_on", "paid_on", "received_on"})

CONTACT = "dana@harborfinch.example"
"""Who pays in the demo; acts for CUSTOMER."""
FINANCE = "finance@tidewheel.example"
CUSTOMER = "C-1007"
INVOICE = "INV-1042"
"""Of CUSTOMER: open, USD 1,842.50."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Files in the generic import layout, to be imported in this order, and the company's
    profile: the keys of billing.customer.Company, `address` as a list of lines."""

    customers: Path
    contacts: Path
    invoices: Path
    payments: Path
    profile: dict[str, str | list[str]]
    logo: bytes


def materialise(as_of: date, folder: Path) -> Sample:
    """Write the sample company's files into `folder` (made when missing), as if it were `as_of`."""
    source = sample_folder() / "company"
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name in ("customers", "contacts", "invoices", "payments"):
        text = (source / f"{name}.csv").read_text(encoding="utf-8")
        paths[name] = folder / f"{name}.csv"
        with paths[name].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(_dated(text, as_of))
    profile = tomllib.loads((source / "company.toml").read_text(encoding="utf-8"))
    profile.pop("logo")
    return Sample(**paths, profile=profile, logo=(source / "logo.png").read_bytes())


def sample_folder() -> Traversable:
    """`sample_data`: beside this module where it was installed, else in the source tree."""
    inside = files("invoicepay") / "sample_data"
    if inside.is_dir():
        return inside
    return Path(__file__).resolve().parents[3] / "sample_data"


def _dated(text: str, as_of: date) -> Iterator[list[str]]:
    """Rows of `text` (CSV) with `today-35` in their date columns made into dates."""
    rows = csv.reader(text.splitlines(keepends=True), strict=True)
    header = next(rows)
    yield header
    places = [place for place, name in enumerate(header) if name in _DATE_COLUMNS]
    for row in rows:
        for place in places:
            if found := _RELATIVE.fullmatch(row[place]):
                row[place] = (as_of + timedelta(int(found[1]))).isoformat()
        yield row
