"""Invoices: what is stored, what is refused, and what the same number may become."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from invoicepay.billing.errors import NotAllowed
from invoicepay.billing.invoice import InvoiceStatus
from invoicepay.operations.imports.problems import BadRows

if TYPE_CHECKING:
    from tests.operations.imports.conftest import Office

HEAD = "number,customer,issued_on,due_on,currency,total,memo\n"
A = "A,C1,2026-10-01,2026-10-31,USD,100.00,first\n"
LINES = (
    "number,customer,issued_on,total,tax,line_description,line_quantity,line_unit_price,"
    "line_amount,line_tax,line_tax_rate\n"
)


def changed(office: Office, content: str) -> BadRows:
    with pytest.raises(BadRows) as caught:
        office.take("invoices", content)
    assert caught.value.code == "changed_record"
    return caught.value


def test_what_is_stored(office: Office) -> None:
    result = office.take(
        "invoices",
        "number,customer,issued_on,due_on,currency,total,tax,kind,po_number,order_number,memo,"
        "disputed,voided_on\n"
        "A,C1,2026-10-01,2026-10-20,USD,108.25,8.25,invoice,P1,O1,Спасибо,yes,\n"
        "B,C2,2026-10-01,,,-5.00,,credit_memo,,,,,\n"
        "V,C1,2026-10-01,,JPY,500,,,,,,no,2026-10-02\n",
    )
    assert (result.invoices.added, result.added_minor) == (
        3,
        {"USD": 10825, "EUR": -500, "JPY": 500},
    )
    a, b, v = office.invoice("A"), office.invoice("B"), office.invoice("V")
    assert (a.total_minor, a.tax_minor, a.disputed, a.due_on) == (
        10825,
        825,
        True,
        date(2026, 10, 20),
    )
    assert (a.po_number, a.order_number, a.memo) == ("P1", "O1", "Спасибо")
    # The customer's currency and terms, where the file says nothing.
    assert (b.currency, b.due_on, b.balance_minor) == ("EUR", date(2026, 10, 15), -500)
    assert v.status is InvoiceStatus.VOID
    ((kind, subject, data),) = [e for e in office.journal() if e[2].get("kind") == "invoices"]
    assert (kind, subject) == ("file.imported", result.sha256)
    assert data["added_changed_unchanged"] == {"invoices": [3, 0, 0]}


def test_lines_tie_out_with_the_total(office: Office) -> None:
    text = LINES + (
        "A,C1,2026-10-01,108.25,8.25,Pump,2,50.00,100.00,8.25,8.25%\n"
        "B,C1,2026-10-01,30,,Hose,,,10.00,,\n"
        "B,C1,2026-10-01,,,Valve,0.5,40,20.00,,\n"
        "C,C1,2026-10-01,7.00,,,,,,,\n"
        "D,C1,2026-10-01,,,Hose,,,10.00,0.80,\n"
    )
    assert office.take("invoices", text).invoices.added == 4
    assert [(x.description, x.quantity) for x in office.detail("B").lines] == [
        ("Hose", "1"),
        ("Valve", "0.5"),
    ]
    assert office.detail("A").lines[0].tax_rate == "8.25%"
    assert office.detail("C").lines == ()
    assert office.invoice("D").total_minor == 1080
    assert office.take("invoices", text).invoices.unchanged == 4


def test_lines_that_do_not_tie_out(office: Office) -> None:
    problems = office.problems(
        "invoices",
        LINES
        + "A,C1,2026-10-01,100.00,,Pump,,,100.01,,\n"
        + "B,C1,2026-10-01,108.25,8.00,Pump,,,100.00,8.25,\n"
        + "C,C1,2026-10-01,9,,Pump,,,5.00,,\nC,C1,2026-10-02,,,Hose,,,4.00,,\n"
        + "D,C1,2026-10-01,9,,Pump,x,,5.00,,\nD,C1,2026-10-01,,,Hose,,,,,\n"
        + "E,C1,2026-10-01,9,,,,,,,\nE,C1,2026-10-01,9,,,,,,,\n"
        + "F,C1,2026-10-01,,,,,,,,\n",
    )
    assert [str(p) for p in problems] == [
        "line 2, total: it says 100.00 USD, the lines sum to 100.01 USD",
        "line 3, tax: it says 8.00 USD, the lines' 8.25 USD",
        "line 5, issued_on: it differs from line 4, which begins the record",
        "line 6, line_quantity: 'x' is not a number such as 1.5",
        "line 7, line_amount: it is empty",
        "line 8, number: the number is that of the row before, without a line",
        "line 9, number: the number is that of the row before, without a line",
        "line 10, total: it is empty, and there are no lines to sum",
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",C1,2026-10-01,,USD,1,", "number: it is empty"),
        ("-1,C1,2026-10-01,,USD,1,", "number: '-1' begins with '-'"),
        (f"{'9' * 65},C1,2026-10-01,,USD,1,", "number: it is longer than 64 characters"),
        ("A\u202e1,C1,2026-10-01,,USD,1,", "number: it has U+202E, RIGHT-TO-LEFT OVERRIDE"),
        ("A\u200b1,C1,2026-10-01,,USD,1,", "number: it has U+200B, ZERO WIDTH SPACE"),
        ("A\x1b1,C1,2026-10-01,,USD,1,", "number: it has U+001B, a control character"),
        ("A,C9,2026-10-01,,USD,1,", "customer: there is no customer 'C9'"),
        ("A,C1,2026-13-01,,USD,1,", "issued_on: '2026-13-01' is not a date like 2026-10-31"),
        ("A,C1,2026-10-1,,USD,1,", "issued_on: '2026-10-1' is not a date"),
        ("A,C1,0206-10-01,,USD,1,", "issued_on: '0206-10-01' is not between 1900 and 2199"),
        ("A,C1,２０２６-10-01,,USD,1,", "is not a date"),
        ("A,C1,2026-10-01,31/12/2026,USD,1,", "due_on: '31/12/2026' is not a date"),
        ("A,C1,2026-10-01,,USX,1,", "currency: 'USX' is not a currency code"),
        ("A,C1,2026-10-01,,U\u017fD,1,", "is not a currency code"),
        ("A,C1,2026-10-01,,USD,,", "total: '' is not an amount"),
        ("A,C1,2026-10-01,,USD,1_000,", "total: '1_000' is not an amount"),
        ("A,C1,2026-10-01,,USD,１２,", "total: '１２' is not an amount"),
        ("A,C1,2026-10-01,,USD,٣,", "is not an amount"),
        ("A,C1,2026-10-01,,USD,NaN,", "total: 'NaN' is not an amount"),
        ("A,C1,2026-10-01,,USD,1e3,", "total: '1e3' is not an amount"),
        ("A,C1,2026-10-01,,USD,1e2000000,", "is not an amount"),
        ("A,C1,2026-10-01,,USD,19.999,", "total: 19.999 has more decimals than USD (2)"),
        ("A,C1,2026-10-01,,JPY,19.99,", "total: 19.99 has more decimals than JPY (0)"),
        ("A,C1,2026-10-01,,USD,92233720368547758.08,", "total: the amount does not fit 64 bits"),
        ("A,C1,2026-10-01,,USD,-1,", "total: it is negative: a credit memo says so under kind"),
        ("A,C1,2026-10-01,,USD,1,a\x07b", "memo: it has U+0007, a control character"),
        ("A,C1,2026-10-01,,USD,1,a\x9bb", "memo: it has U+009B, a control character"),
        (f"A,C1,2026-10-01,,USD,1,{'x' * 2001}", "memo: it is longer than 2000 characters"),
    ],
)
def test_bad_cells(office: Office, row: str, said: str) -> None:
    (problem,) = office.problems("invoices", HEAD + row + "\n")
    assert problem.line == 2
    assert said in str(problem)


def test_spaces_around_cells(office: Office) -> None:
    office.take("invoices", HEAD + " A , C1 , 2026-10-01 , , USD , 10.00 ,  two words  \n")
    invoice = office.invoice("A")
    assert (invoice.total_minor, invoice.memo) == (1000, "two words")
    assert office.take(
        "invoices", HEAD + "A,C1,2026-10-01,,USD,10.00,two words\n"
    ).invoices.unchanged


def test_words_of_any_script_and_direction_stay_as_they_are(office: Office) -> None:
    memo = "עברית Ελλάδα\u00a0№ 7 🎈"
    office.take("invoices", HEAD + f"Ä-№7,C1,2026-10-01,,USD,10.00,{memo}\n")
    assert office.invoice("Ä-№7").memo == memo


def test_all_or_nothing_and_every_bad_line(office: Office) -> None:
    rows = "".join(f"N{n},C1,2026-10-01,,USD,{'x' if n % 10 == 0 else 1},\n" for n in range(2500))
    with pytest.raises(BadRows) as caught:
        office.take("invoices", HEAD + rows)
    error = caught.value
    assert error.message == ("file.csv: 250 bad lines; first: line 2, total: 'x' is not an amount")
    assert (error.code, error.exit_code, error.count, len(error.problems)) == (
        "bad_rows",
        8,
        250,
        100,
    )
    assert [p.line for p in error.problems] == [2 + 10 * n for n in range(100)]
    assert office.invoices() == ()


def test_a_dry_run_says_what_would_happen(office: Office) -> None:
    before = office.everything()
    result = office.take("invoices", HEAD + A, dry_run=True)
    assert (result.dry_run, result.invoices.added) == (True, 1)
    assert office.everything() == before
    assert office.problems("invoices", HEAD + A + "B\n", dry_run=True)


def test_the_same_file_twice_changes_nothing(office: Office) -> None:
    first = office.take("invoices", HEAD + A)
    before = office.everything()
    again = office.take("invoices", HEAD + A)
    updated = office.take("invoices", HEAD + A, update=True)
    assert (again.invoices.unchanged, updated.invoices.unchanged) == (1, 1)
    assert first.sha256 == again.sha256
    assert office.everything() == before


def test_a_file_that_grew(office: Office) -> None:
    office.take("invoices", HEAD + A)
    result = office.take("invoices", HEAD + "0,C1,2026-10-01,,USD,1,\n" + A + A.replace("A,", "B,"))
    assert (result.invoices.added, result.invoices.unchanged) == (2, 1)


def test_the_same_number_with_other_content(office: Office) -> None:
    office.take("invoices", HEAD + A)
    error = changed(office, HEAD + A.replace("100.00", "120.00"))
    assert error.message == (
        "file.csv: 1 bad line: line 2, total: invoice A is in the ledger with another total, "
        "100.00 USD"
    )
    assert "--update" in error.hint
    assert "another content" in changed(office, HEAD + A.replace("first", "second")).message


def test_an_update_replaces_the_invoice(office: Office) -> None:
    office.take("invoices", LINES + "A,C1,2026-10-01,5,,Hose,,,5.00,,\n")
    result = office.take(
        "invoices",
        LINES + "A,C2,2026-10-02,9,,Valve,,,4.00,,\nA,C2,2026-10-02,,,Pump,,,5.00,,\n",
        update=True,
    )
    assert (result.invoices.changed, result.invoices.added) == (1, 0)
    assert [line.description for line in office.detail("A").lines] == ["Valve", "Pump"]
    assert (office.invoice("A").customer, office.invoice("A").total_minor) == ("C2", 900)
    office.take("invoices", HEAD + A, update=True)
    assert office.detail("A").lines == ()
    assert [e[0] for e in office.journal()].count("invoice.changed") == 2


@pytest.mark.parametrize(("total", "tax"), [("10", "10.01"), ("10", "-1"), ("-10", "1")])
def test_tax_is_a_part_of_the_total(office: Office, total: str, tax: str) -> None:
    kind = "credit_memo" if total[0] == "-" else "invoice"
    head = "number,customer,issued_on,kind,total,tax\n"
    (problem,) = office.problems("invoices", head + f"A,C1,2026-10-01,{kind},{total},{tax}\n")
    assert str(problem) == "line 2, tax: it is not a part of the total"


@pytest.mark.parametrize("gap", ["", "B,C1,2026-10-01,,USD,1,\n", "many"])
@pytest.mark.parametrize("known", [False, True])
def test_a_number_twice_in_one_file(office: Office, gap: str, known: bool) -> None:
    if gap == "many":
        gap = "".join(f"N{n},C1,2026-10-01,,USD,1,\n" for n in range(3000))
    if known:
        office.take("invoices", HEAD + A)
    (problem,) = office.problems("invoices", HEAD + A + gap + A, update=True)
    assert problem.reason == "A is a duplicate in this file"
    assert problem.line == 3 + gap.count("\n")


def test_an_update_respects_what_is_under_way(office: Office) -> None:
    office.take("invoices", HEAD + A)
    office.reserve("A", 6000)
    for column, row in {
        "total": A.replace("100.00", "59.99"),
        "customer": A.replace("C1", "C2"),
        "currency": A.replace("USD", "EUR"),
    }.items():
        (problem,) = office.problems("invoices", HEAD + row, update=True)
        assert problem.column == column
        assert "a payment for it is under way" in problem.reason
    voided = HEAD.replace("memo", "voided_on") + A.replace("first", "2026-10-05")
    (problem,) = office.problems("invoices", voided, update=True)
    assert problem.column == "voided_on"
    office.take("invoices", HEAD + A.replace("100.00", "60.00"), update=True)
    invoice = office.invoice("A")
    assert (invoice.total_minor, invoice.reserved_minor, invoice.payable_minor) == (6000, 6000, 0)


def test_an_update_respects_what_is_paid(office: Office) -> None:
    office.take("invoices", HEAD + A)
    pay = "reference,customer,received_on,method_type,amount,invoice\n1,C1,2026-10-05,check,40,A\n"
    office.take("payments", pay)
    (problem,) = office.problems("invoices", HEAD + A.replace("100.00", "39.99"), update=True)
    assert problem.reason == "A cannot be less than 40.00 USD: it is paid in part or whole"
    office.take("invoices", HEAD + A.replace("100.00", "40.00"), update=True)
    assert office.invoice("A").paid_on == date(2026, 10, 5)
    office.take("invoices", HEAD + A, update=True)
    assert (office.invoice("A").paid_on, office.invoice("A").balance_minor) == (None, 6000)


def test_a_void_invoice_can_come_back(office: Office) -> None:
    head, row = HEAD.replace("memo", "voided_on"), "A,C1,2026-10-01,2026-10-31,USD,100.00,{}\n"
    office.take("invoices", head + row.format("2026-10-03"))
    assert office.invoice("A").status is InvoiceStatus.VOID
    office.take("invoices", head + row.format(""), update=True)
    assert office.invoice("A").balance_minor == 10000


def test_an_invoice_that_is_voided_is_not_paid_by_that(office: Office) -> None:
    head, row = HEAD.replace("memo", "voided_on"), "A,C1,2026-10-01,2026-10-31,USD,100.00,{}\n"
    office.take("invoices", head + row.format(""))
    office.take("invoices", head + row.format("2026-10-03"), update=True)
    invoice = office.invoice("A")
    assert (invoice.status, invoice.balance_minor) == (InvoiceStatus.VOID, 0)
    assert (invoice.voided_on, invoice.paid_on) == (date(2026, 10, 3), None)


def test_nothing_to_pay_is_paid_from_the_start(office: Office) -> None:
    office.take("invoices", HEAD + A.replace("100.00", "0"))
    assert office.invoice("A").status is InvoiceStatus.PAID
    assert office.invoice("A").paid_on == date(2026, 10, 1)


def test_who_lost_the_right_meanwhile_imports_nothing(office: Office) -> None:
    from dataclasses import replace

    from invoicepay.billing.customer import Role

    with pytest.raises(NotAllowed):
        from invoicepay.operations.imports.import_records import ImportRecords

        stale = replace(office.actor, role=Role.ADMIN)
        office.run(ImportRecords("invoices", office.file(HEAD + A)), stale)
    assert office.invoices() == ()


def test_a_large_load_rebuilds_the_indexes_it_took_down(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    from invoicepay.ledger.stores import loading

    def indexes() -> list[str]:
        return sorted(line for line in office.everything() if line.startswith("CREATE INDEX"))

    monkeypatch.setattr(loading, "_LARGE", 10)
    before = indexes()
    rows = "".join(f"N{n},C1,2026-10-01,,USD,1,\n" for n in range(3000))
    assert office.problems("invoices", HEAD + rows + "bad\n")
    assert indexes() == before
    office.take("invoices", HEAD + rows)
    assert indexes() == before
    assert len(office.invoices()) == 3000


@pytest.mark.parametrize("point", ["add_invoices", "finish", "append"])
def test_killed_in_the_middle(office: Office, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    import os
    import signal

    from invoicepay.ledger.stores.journal import Journal
    from invoicepay.ledger.stores.loading import Loading

    store: type[Any] = Journal if point == "append" else Loading
    before = office.everything()
    office.ledger.close()  # a connection is not carried over a fork
    child = os.fork()
    if child == 0:
        done = getattr(store, point)

        def die(*arguments: object, **named: object) -> None:
            done(*arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        monkeypatch.setattr(store, point, die)
        try:
            office.take("invoices", HEAD + A)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert office.everything() == before
    assert office.take("invoices", HEAD + A).invoices.added == 1
