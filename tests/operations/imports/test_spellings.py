"""One number in two Unicode spellings is one; two that look alike are not both taken."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from invoicepay.billing.customer import EVERYTHING
from invoicepay.ledger import skeletons
from tests.operations.imports.conftest import Office
from tests.world.told import told

HEAD = "number,customer,issued_on,total\n"
COMPOSED, DECOMPOSED = "R\u00e9-7", "Re\u0301-7"
HYPHEN, NO_BREAK = "INV-9", "INV\u20119"
PAIRS = [(HYPHEN, NO_BREAK), (NO_BREAK, HYPHEN), (NO_BREAK, "INV\u22129")]


def rows(*numbers: str, customer: str = "C1", total: str = "10.00") -> str:
    return HEAD + "".join(f"{number},{customer},2026-01-05,{total}\n" for number in numbers)


def renamed(office: Office, number: str, old: str, table: str = "invoices") -> None:
    """As a version that kept every spelling wrote it."""
    with office.ledger.write() as unit:
        sql = f"UPDATE {table} SET number = ? WHERE number = ?"
        unit._connection.execute(sql, (old, number))
        told(unit)


# --- In one file and the next -------------------------------------------------------------------


def test_numbers_are_kept_in_one_spelling(office: Office) -> None:
    office.take("invoices", rows(DECOMPOSED, "A\u030a-1", "\u212b-2"))
    assert {i.number for i in office.invoices()} == {COMPOSED, "\u00c5-1", "\u00c5-2"}


def test_the_other_spelling_is_the_same_invoice(office: Office) -> None:
    office.take("invoices", rows(COMPOSED))
    assert office.take("invoices", rows(DECOMPOSED)).invoices.unchanged == 1
    changed = office.take("invoices", rows(DECOMPOSED, total="12.00"), update=True)
    assert changed.invoices.changed == 1
    assert office.invoice(COMPOSED).total_minor == 1200


def test_both_spellings_in_one_file_are_one_invoice_twice(office: Office) -> None:
    (problem,) = office.problems("invoices", rows(COMPOSED, DECOMPOSED))
    assert (problem.line, problem.column) == (3, "number")
    assert problem.reason == f"{COMPOSED} is a duplicate in this file"


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_numbers_of_a_file_that_look_alike(office: Office, first: str, second: str) -> None:
    (problem,) = office.problems("invoices", rows(first, "INV-8", second))
    assert (problem.line, problem.column) == (4, "number")
    assert problem.reason.startswith(f"{second} looks like {first}, ")
    assert "U+2011, NON-BREAKING HYPHEN" in problem.reason


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_number_that_looks_like_one_of_the_ledger(
    office: Office, first: str, second: str
) -> None:
    office.take("invoices", rows(first))
    (problem,) = office.problems("invoices", rows("INV-8", second), update=True)
    assert (problem.line, problem.column) == (3, "number")
    assert problem.reason.startswith(f"{second} looks like {first}, which is in the ledger")


def test_the_two_may_stand_far_apart(office: Office) -> None:
    """Not in one batch."""
    many = [f"N-{n}" for n in range(2500)]
    (problem,) = office.problems("invoices", rows(NO_BREAK, *many, HYPHEN))
    assert problem.line == 2503


def test_all_bad_lines_are_named_and_the_others_counted(office: Office) -> None:
    numbers = [HYPHEN, NO_BREAK, "INV-8", "INV\u20128", "INV-7", "IN\u0412-7"]
    problems = office.problems("invoices", rows(*numbers))
    assert [p.line for p in problems] == [3, 5]  # В is like B, not V


def test_the_file_is_taken_once_it_says_the_number_the_same_way(office: Office) -> None:
    office.problems("invoices", rows(HYPHEN, "INV-8", NO_BREAK))
    office.take("invoices", rows(HYPHEN, "INV-8"))
    assert office.take("invoices", rows(HYPHEN)).invoices.unchanged == 1


def test_case_and_figures_keep_numbers_apart(office: Office) -> None:
    numbers = [
        "inv-1",
        "INV-1",
        "INV-l",
        "INV-I",
        "INV-0",
        "INV-O",
        "\u0421\u0427-1",
        "\u0421\u0427-2",
    ]
    assert office.take("invoices", rows(*numbers)).invoices.added == len(numbers)


def test_lines_of_an_invoice_are_its_own_in_either_spelling(office: Office) -> None:
    head = "number,customer,issued_on,po_number,line_description,line_amount\n"
    office.take(
        "invoices",
        f"{head}{COMPOSED},C1,2026-01-05,{COMPOSED},a,1.00\n{DECOMPOSED},,,{DECOMPOSED},b,2.00\n",
    )
    assert office.invoice(COMPOSED).total_minor == 300
    assert office.invoice(COMPOSED).po_number == COMPOSED


def test_po_and_order_numbers_have_one_spelling(office: Office) -> None:
    text = "number,customer,issued_on,total,po_number,order_number\nA,C1,2026-01-05,1.00,{0},{0}\n"
    office.take("invoices", text.format(DECOMPOSED))
    assert office.invoice("A").po_number == office.invoice("A").order_number == COMPOSED
    assert office.take("invoices", text.format(COMPOSED)).invoices.unchanged == 1


# --- Customers ----------------------------------------------------------------------------------


def customers(*numbers: str) -> str:
    return "number,name\n" + "".join(f"{number},Name\n" for number in numbers)


def test_customers_have_one_spelling_too(office: Office) -> None:
    office.take("customers", customers(DECOMPOSED))
    assert office.take("customers", customers(COMPOSED)).customers.unchanged == 1
    (problem,) = office.problems("customers", customers("D\u00e9", "De\u0301"))
    assert problem.reason == "D\u00e9 is a duplicate in this file"


@pytest.mark.parametrize("other", ["\u04211", "C\uff11"])
def test_customers_that_look_alike(office: Office, other: str) -> None:
    (problem,) = office.problems("customers", customers("C3", other), update=True)
    assert problem.reason.startswith(f"{other} looks like C1, which is in the ledger")
    (problem,) = office.problems("customers", customers("C\uff14", "C4"))
    assert problem.reason.startswith("C4 looks like C\uff14, ")


def test_files_name_customers_in_either_spelling(office: Office) -> None:
    office.take("customers", customers(COMPOSED))
    office.take("invoices", rows("A", customer=DECOMPOSED))
    contacts = f"email,name,customers\na@x.example,A,{DECOMPOSED};C1\n"
    office.take("contacts", contacts)
    assert office.take("contacts", contacts).contacts.unchanged == 1
    assert office.invoice("A").customer == COMPOSED


def test_files_name_no_customer_by_what_looks_like_it(office: Office) -> None:
    for kind, text, column in (
        ("invoices", rows("A", customer="\u04211"), "customer"),
        ("contacts", "email,name,customers\na@x.example,A,\u04211\n", "customers"),
        ("payments", PAYMENT.format("\u04211", "A", "R"), "customer"),
    ):
        (problem,) = office.problems(kind, text)
        assert problem.column == column
        assert problem.reason.startswith("\u04211 looks like C1, which is in the ledger")


def test_invoices_bring_no_customer_along_that_looks_like_another(office: Office) -> None:
    mapping = 'create_customers = true\n[columns]\nnumber = "number"\ncustomer = "customer"\n'
    mapping += 'issued_on = "issued_on"\ntotal = "total"\n'
    problems = office.problems(
        "invoices", rows("A", customer="\u04211") + rows("B", customer="C1")[len(HEAD) :],
        mapping=mapping,
    )  # fmt: skip
    assert [p.line for p in problems] == [2]
    office.take("invoices", rows("A", customer=DECOMPOSED), mapping=mapping)
    assert office.invoice("A").customer == COMPOSED


# --- Payments received elsewhere ----------------------------------------------------------------

PAYMENT = (
    "customer,reference,received_on,method_type,amount,invoice\n{},{},2026-02-01,wire,10.00,{}\n"
)


def test_a_payment_is_the_same_in_either_spelling(office: Office) -> None:
    office.take("customers", customers("D\u00e9"))
    office.take("invoices", rows(COMPOSED, customer="D\u00e9"))
    office.take("payments", PAYMENT.format("De\u0301", "r\u00e9f", DECOMPOSED))
    again = office.take("payments", PAYMENT.format("D\u00e9", "re\u0301f", COMPOSED))
    assert again.payments.unchanged == 1
    assert office.invoice(COMPOSED).balance_minor == 0


def test_an_invoice_is_not_named_twice_in_a_payment_by_two_spellings(office: Office) -> None:
    office.take("invoices", rows(COMPOSED))
    head = "customer,reference,received_on,method_type,amount,invoice,applied\n"
    row = "C1,r,2026-02-01,wire,12.00,{},6.00\n"
    text = head + row.format(COMPOSED) + row.format(DECOMPOSED)
    (problem,) = office.problems("payments", text)
    assert problem.reason == f"{COMPOSED} is a duplicate in this payment"


# --- Names in mappings --------------------------------------------------------------------------


def test_mappings_name_columns_and_values_in_either_spelling(office: Office) -> None:
    mapping = (
        '[columns]\nnumber = "nume\u0301ro"\ncustomer = "client"\nissued_on = "day"\n'
        'total = "total"\nkind = "sorte"\n[values.kind]\n"a\u0300 cre\u0301dit" = "credit_memo"\n'
    )
    text = "num\u00e9ro,client,day,total,sorte\nA,C1,2026-01-05,-1.00,\u00e0 cr\u00e9dit\n"
    office.take("invoices", text, mapping=mapping)
    assert office.invoice("A").total_minor == -100
    record = '{"num\u00e9ro": "B", "client": "C1", "day": "2026-01-05", "total": "1"}\n'
    office.take("invoices", record, mapping=mapping, name="file.jsonl")
    assert office.invoice("B").total_minor == 100


# --- Ledgers of earlier versions ----------------------------------------------------------------


@pytest.fixture
def old(office: Office) -> Office:
    """Whose numbers and references are not in their one spelling."""
    office.take("customers", customers(COMPOSED))
    office.take("invoices", rows(COMPOSED, customer=COMPOSED))
    renamed(office, COMPOSED, DECOMPOSED)
    renamed(office, COMPOSED, DECOMPOSED, "customers")
    return office


@pytest.mark.parametrize("spelled", [COMPOSED, DECOMPOSED])
def test_what_is_in_the_ledger_stays_as_it_is_and_is_found(old: Office, spelled: str) -> None:
    assert old.take("customers", customers(spelled)).customers.unchanged == 1
    changed = old.take("invoices", rows(spelled, customer=spelled, total="12.00"), update=True)
    assert (changed.invoices.added, changed.invoices.changed) == (0, 1)
    old.take("payments", PAYMENT.format(spelled, "r", spelled))
    (invoice,) = old.invoices()
    assert (invoice.number, invoice.customer) == (DECOMPOSED, DECOMPOSED)
    assert invoice.balance_minor == 200


def test_both_may_be_in_the_ledger_and_are_told_apart_as_typed(old: Office) -> None:
    """A file can still void the one that is not owed."""
    with old.ledger.write() as unit:
        (row_id,) = unit._connection.execute("SELECT id FROM invoices").fetchone()
        columns = "customer_id, kind, issued_day, due_day, currency, total_minor"
        unit._connection.execute(
            f"INSERT INTO invoices (number, {columns}) SELECT ?, {columns} FROM invoices "
            "WHERE id = ?",
            (COMPOSED, row_id),
        )
        skeletons.add(unit._connection, "invoices", [COMPOSED])
        told(unit)
    head = "number,customer,issued_on,total,voided_on\n"
    with old.ledger.read() as unit:
        assert unit.books.look_alikes() == [(DECOMPOSED, COMPOSED)]
    text = head + f"{DECOMPOSED},{DECOMPOSED},2026-01-05,10.00,2026-02-01\n"
    assert old.take("invoices", text, update=True).invoices.changed == 1
    assert old.invoice(DECOMPOSED).voided_on
    assert not old.invoice(COMPOSED).voided_on
    with old.ledger.read() as unit:
        assert unit.books.look_alikes() == []


@pytest.mark.parametrize("spelled", ["r\u00e9f", "re\u0301f"])
def test_a_payment_that_was_kept_under_another_spelling_is_not_taken_again(
    office: Office, monkeypatch: pytest.MonkeyPatch, spelled: str
) -> None:
    from invoicepay.operations.imports import payments

    office.take("invoices", rows("A"))
    with monkeypatch.context() as earlier:
        earlier.setattr(payments, "normalized", str)
        office.take("payments", PAYMENT.format("C1", "re\u0301f", "A"))
    assert office.payments()[0].reference == "re\u0301f"

    assert office.take("payments", PAYMENT.format("C1", spelled, "A")).payments.unchanged == 1


def test_the_ledger_keeps_a_skeleton_of_what_is_not_ascii_only(
    hire: Callable[[], Office],
) -> None:
    office = hire()
    office.take("customers", customers("C1", "\u0421-2"))
    office.take("invoices", rows(HYPHEN, COMPOSED))
    with office.ledger.read() as unit:
        kept = unit._connection.execute(
            "SELECT skeleton, number FROM invoice_skeletons JOIN invoices ON id = invoice_id"
        ).fetchall()
        assert [c.number for c in unit.customers.alike("C-2", EVERYTHING)] == ["\u0421-2"]
    assert kept == [(DECOMPOSED, COMPOSED)]


# --- Payments received elsewhere ----------------------------------------------------------------

CHEQUE = "W-1"
LIKE_IT = ["W\u20131", "W\u20111", "\uff37-1", "\u2060W-1".replace("\u2060", " "), "W\u22121"]


def cheque(reference: str, amount: str = "5.00") -> str:
    head = "reference,customer,received_on,method_type,amount\n"
    return f"{head}{reference},C1,2026-01-06,check,{amount}\n"


@pytest.mark.parametrize("like", LIKE_IT)
def test_a_reference_that_looks_like_another_is_the_same_payment(office: Office, like: str) -> None:
    """The same money is not received twice because somebody typed another dash."""
    assert office.take("payments", cheque(CHEQUE)).payments.added == 1
    assert office.take("payments", cheque(like)).payments.unchanged == 1
    (problem,) = office.problems("payments", cheque(like, "6.00"))
    assert "is in the ledger with other content" in problem.reason


@pytest.mark.parametrize("like", LIKE_IT)
def test_so_it_is_the_other_way_round(office: Office, like: str) -> None:
    assert office.take("payments", cheque(like)).payments.added == 1
    assert office.take("payments", cheque(CHEQUE)).payments.unchanged == 1


def test_two_of_a_file_that_look_alike_are_one_twice(office: Office) -> None:
    text = cheque(CHEQUE) + cheque(LIKE_IT[0]).splitlines()[1] + "\n"
    (problem,) = office.problems("payments", text)
    assert "duplicate" in problem.reason
