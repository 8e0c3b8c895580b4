"""Mapping files, and the real-world export that one of them is for."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from invoicepay.billing.errors import BadInput
from invoicepay.billing.invoice import InvoiceStatus
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.imports.layouts import ImportKind
from invoicepay.operations.imports.mapping import parse_mapping

if TYPE_CHECKING:
    from tests.operations.imports.conftest import Office

ROOT = Path(__file__).resolve().parents[3]
RECEIVABLES = ROOT / "sample_data" / "mappings" / "receivables.toml"
REAL = ROOT.parent / "shared" / "data" / "receivables.csv"

THEIRS = """
date_format = "%d.%m.%Y"
decimal_mark = ","
thousands_mark = "."
delimiter = ";"
encoding = "cp1252"
[columns]
number = "Rechnung"
customer = "Kunde"
issued_on = "Datum"
total = "Betrag"
kind = "Art"
memo = "Text"
disputed = "Strittig"
[defaults]
kind = "invoice"
currency = "EUR"
[values.kind]
Gutschrift = "credit_memo"
Rechnung = "invoice"
[values.disputed]
Ja = true
Nein = false
"""


def test_names_marks_words_and_defaults(office: Office) -> None:
    text = (
        "Rechnung;Kunde;Sonst;Datum;Betrag;Art;Text;Strittig\n"
        "R1;C1;;5.1.2026;1.234.567,89;Rechnung;Gebühr;Ja\n"
        "R2;C1;;05.01.2026;-1,5;Gutschrift;;Nein\n"
        "R3;C1;;05.01.2026;1234,50;;;\n"
    )
    office.take("invoices", text.encode("cp1252"), mapping=THEIRS)
    one, two, three = (office.invoice(n) for n in ("R1", "R2", "R3"))
    assert (one.total_minor, one.currency, one.memo) == (123456789, "EUR", "Gebühr")
    assert (one.issued_on, one.disputed) == (date(2026, 1, 5), True)
    assert (two.kind, two.total_minor) == ("credit_memo", -150)
    assert (three.kind, three.total_minor) == ("invoice", 123450)


def test_their_column_names_are_in_the_report(office: Office) -> None:
    head = "Rechnung;Kunde;Datum;Betrag;Art;Text;Strittig\n"
    text = head + "R1;C1;2026-01-05;1;;;\nR2;C1;5.1.2026;12.34;;;\n"
    problems = office.problems("invoices", text, mapping=THEIRS)
    assert [str(p) for p in problems] == [
        "line 2, Datum: '2026-01-05' is not a date like %d.%m.%Y",
        "line 3, Betrag: '12.34' is not an amount",
    ]


def test_a_mapped_column_that_is_missing(office: Office) -> None:
    with pytest.raises(BadInput) as caught:
        office.take("invoices", "Rechnung;Kunde;Datum;Betraag;Art;Text;Strittig\n", mapping=THEIRS)
    assert caught.value.message == (
        "file.csv: line 1: there is no column 'Betrag', which mapping.toml names"
    )
    assert caught.value.hint == "Did you mean Betraag?"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[columns", "not TOML"),
        ("a = 1\na = 2\n", "not TOML"),
        ("x=" + "[" * 5000, "not TOML"),
        ("x=" + "9" * 5000, "not TOML"),
        ("", "it has no [columns]"),
        ('kind = "payments"\n[columns]\nnumber="a"', "this mapping is for payments, not invoices"),
        ('[columns]\nnumbr="a"', "columns.numbr is not a column of invoices"),
        ("[columns]\nnumber=1", "columns.number is not a text"),
        ('dateformat="x"\n[columns]\nnumber="a"', "unknown setting 'dateformat'"),
        ('date_format="%q"\n[columns]\nnumber="a"', "%q is not known"),
        ('date_format="%Y-%m"\n[columns]\nnumber="a"', "it takes one year, one month and one day"),
        ('date_format="%Y-%d-%d"\n[columns]\nnumber="a"', "it takes one year, one month"),
        ('decimal_mark=","\nthousands_mark=","\n[columns]\nnumber="a"', "are the same"),
        ('decimal_mark="x"\n[columns]\nnumber="a"', "decimal_mark is 'x'"),
        ('delimiter=",,"\n[columns]\nnumber="a"', "delimiter is ',,'"),
        ('encoding="utf-7"\n[columns]\nnumber="a"', "encoding is 'utf-7'"),
        ('create_customers="yes"\n[columns]\nnumber="a"', "create_customers is not true or false"),
        ('[columns]\nnumber="a"\n[values]\nkind="x"', "values.kind is not a table"),
        ('[columns]\nnumber="a"\n[values.kind]\nx=1', "values.kind has what is not a text"),
    ],
)
def test_bad_mappings(toml: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_mapping(toml, "m.toml", ImportKind.INVOICES)
    assert caught.value.code == "bad_mapping"
    assert caught.value.message.startswith("m.toml: ")
    assert said in caught.value.message


def test_an_unknown_currency_in_a_mapping() -> None:
    with pytest.raises(BadInput):
        parse_mapping('currency = "XXX"\n[columns]\nnumber="a"', "m.toml", ImportKind.INVOICES)


def test_customers_come_along_only_when_the_mapping_says_so(office: Office) -> None:
    text = "no,who,name,on,sum\nA,K1,Kay,2026-10-01,5\nB,K1,Kay,2026-10-01,6\n"
    mapping = (
        '[columns]\nnumber="no"\ncustomer="who"\ncustomer_name="name"\n'
        'issued_on="on"\ntotal="sum"\n'
    )
    assert len(office.problems("invoices", text, mapping=mapping)) == 2
    result = office.take("invoices", text, mapping="create_customers = true\n" + mapping)
    assert (result.customers.added, result.invoices.added) == (1, 2)
    assert office.invoice("A").customer_name == "Kay"


def made_up(path: Path, rows: int = 60) -> int:
    """A file like the real one; the sum of its amounts in cents."""
    start, whole = date(2012, 1, 3), 0
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,"
            "Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate".split(",")
        )
        for n in range(rows):
            issued = start + timedelta(9 * n)
            due, settled = issued + timedelta(30), issued + timedelta(n % 50)
            cents = 526 + 137 * n
            whole += cents
            us = [f"{d.month}/{d.day}/{d.year}" for d in (issued, due, settled)]
            amount = f"{cents / 100:.2f}".rstrip("0").rstrip(".")
            number, disputed = f"{n:010d}", "Yes" if n % 7 == 0 else "No"
            row = [391, f"{n % 10:04d}-ABCDE", us[0], number, us[0], us[1], amount, disputed, us[2]]
            writer.writerow([*row, "Paper", n % 50, max(n % 50 - 30, 0)])
    return whole


def test_receivables_like_the_real_ones(office: Office) -> None:
    path = office.folder / "receivables.csv"
    whole = made_up(path)
    request = ImportRecords("invoices", str(path), str(RECEIVABLES))
    result = office.run(request)
    assert (result.invoices.added, result.customers.added, result.payments.added) == (60, 10, 60)
    assert result.added_minor == {"USD": whole}
    assert {i.status for i in office.invoices()} == {InvoiceStatus.PAID}
    first = office.invoice("0000000001")
    assert (first.issued_on, first.paid_on) == (date(2012, 1, 12), date(2012, 1, 13))
    before = office.everything()
    assert office.run(request).invoices.unchanged == 60
    assert office.everything() == before


def test_the_sample_export_fits_the_sample_mapping(office: Office) -> None:
    path = ROOT / "sample_data" / "exports" / "receivables.csv"
    result = office.run(ImportRecords("invoices", str(path), str(RECEIVABLES)))
    assert (result.invoices.added, result.customers.added, result.payments.added) == (8, 4, 8)
    assert result.added_minor == {"USD": 320591}


@pytest.mark.skipif(not REAL.exists(), reason="the real export is not beside the project")
def test_the_real_receivables(office: Office) -> None:
    result = office.run(ImportRecords("invoices", str(REAL), str(RECEIVABLES)))
    assert (result.invoices.added, result.customers.added, result.payments.added) == (
        2466,
        100,
        2466,
    )
    assert result.added_minor == {"USD": 14770318}
    one = office.invoice("0007900770")
    assert (one.total_minor, one.disputed, one.paid_on) == (6174, True, date(2013, 3, 3))
    assert {i.balance_minor for i in office.invoices()} == {0}
    office.everything()
    assert (
        office.run(ImportRecords("invoices", str(REAL), str(RECEIVABLES))).invoices.unchanged
        == 2466
    )
