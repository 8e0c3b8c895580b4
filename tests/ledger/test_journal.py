"""The journal shows what was changed, cut off or put back behind the program's back."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from invoicepay.billing.errors import DoesNotTie, Unreachable
from invoicepay.billing.journal import Difference, JournalFilter, JournalHead
from invoicepay.ledger.records import RECORDS
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.ledger.stores.journal import chained
from invoicepay.operations.books.journal import ListJournal, ShowJournalHead, VerifyJournal
from invoicepay.operations.books.repair import NotRepaired, Rebuilt, Repair
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.payments.sync import Sync
from tests.ledger.cells import cells
from tests.world.clock import START
from tests.world.company import SmallCompany, make_template, open_copy
from tests.world.told import told

FLIPS = 1000
LINES = """\
number,customer,issued_on,currency,total,line_description,line_quantity,line_unit_price,line_amount
L-1,C-1,2026-10-01,USD,30.00,Bolts,1,10.00,10.00
L-1,C-1,2026-10-01,USD,30.00,Nuts,2,10.00,20.00
"""
CHEQUE = """\
reference,customer,received_on,method_type,currency,amount,invoice,applied
777,C-1,2026-10-30,check,USD,50.00,INV-3,50.00
"""


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in which everything has happened, at rest."""
    folder = tmp_path_factory.mktemp("busy")
    company = open_copy(make_template(tmp_path_factory.mktemp("template")), folder)
    for kind, text in (("invoices", LINES), ("payments", CHEQUE)):
        file = folder / f"{kind}.csv"
        file.write_text(text)
        company.finance.call(ImportRecords(kind, str(file)))
    company.pay("INV-1", "L-1", method="card")
    company.pay("INV-2", method="ach", amounts=(("INV-2", "100.00"),))
    list(company.finance.call(Sync()))
    with company.ledger.write() as unit:
        unit.restores.add(START, START, 1, ["a@example.com"])
        unit.restores.synced(START)
        unit.restores.confirm(START)
        told(unit)
    company.assert_books_balance()
    company.ledger.close()
    return company.ledger.path


@pytest.fixture
def company(busy: Path, tmp_path: Path) -> Iterator[SmallCompany]:
    path = tmp_path / "ledger.db"
    shutil.copy(busy, path)
    company = SmallCompany(SqliteLedger(path), None)
    yield company
    company.ledger.close()


def edit(company: SmallCompany, *statements: str) -> None:
    """As another program would."""
    with closing(sqlite3.connect(company.ledger.path)) as db, db:
        for trigger in ("journal_keeps", "journal_stays", "payments_stay", "invoices_stay"):
            db.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            db.execute(statement)


def differences(company: SmallCompany, head: JournalHead | None = None) -> list[Difference]:
    return list(company.finance.call(VerifyJournal(head)).differences)


def test_a_ledger_that_nobody_touched_is_as_the_journal_has_it(company: SmallCompany) -> None:
    check = company.finance.call(VerifyJournal(company.finance.call(ShowJournalHead())))

    assert check.differences == ()
    assert check.head == company.finance.call(ShowJournalHead())
    with closing(sqlite3.connect(company.ledger.path)) as db:
        counts = [db.execute(f"SELECT count(*) FROM {r.table}").fetchone()[0] for r in RECORDS]
    assert check.rows == sum(counts)
    assert all(counts), "nothing to compare"


def test_no_flipped_bit_in_a_money_row_is_silent(busy: Path, tmp_path: Path) -> None:
    """Nor one in the journal itself."""
    path = tmp_path / "ledger.db"
    shutil.copy(busy, path)
    chance = random.Random(52)
    tables = [t for r in RECORDS for t in (r.table, *(p.table for p in r.parts))]
    tables = [t for t in tables if t not in ("contacts", "reversals")] + ["journal"]
    places = {table: cells(path, table) for table in tables}
    assert all(places.values()), "a table without rows"

    silent, before = 0, content(path)
    for _ in range(FLIPS):
        table = chance.choice(tables)
        at, bit = chance.choice(chance.choice(places[table])), 1 << chance.randrange(8)
        original = busy.read_bytes()
        path.write_bytes(original[:at] + bytes([original[at] ^ bit]) + original[at + 1 :])
        if not found(path):
            # SQLite ignores what is stored for a column that is the row id itself.
            assert content(path) == before, (table, at, bit)
            silent += 1
        for beside in ("-wal", "-shm"):
            path.with_name(path.name + beside).unlink(missing_ok=True)
    assert silent < FLIPS / 100


def content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def found(path: Path) -> bool:
    """Whether what `doctor` asks shows that something is wrong with the file."""
    ledger = SqliteLedger(path)
    try:
        with ledger.read() as unit:
            if unit.journal.verify().differences:
                return True
        return bool(ledger.integrity())
    except Unreachable:
        return True
    finally:
        ledger.close()


def test_the_difference_names_the_column_and_both_values(company: SmallCompany) -> None:
    edit(company, "UPDATE invoices SET total_minor = 99 WHERE number = 'INV-4'")
    assert differences(company) == [
        Difference("total_minor of invoice INV-4", "6000", "99"),
        Difference("open_minor of invoice INV-4", "6000", "99", "INV-4"),
    ]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE methods SET gateway_id = 'pm_x' WHERE seq = 1", "gateway_id of method"),
        ("UPDATE customers SET gateway_id = 'cus_x' WHERE id = 2", "gateway_id of customer C-2"),
        ("UPDATE company SET remit_to = 'Elsewhere'", "remit_to of company"),
        ("UPDATE contacts SET role = 'admin' WHERE id = 'payer'", "role of contact"),
        ("INSERT INTO contact_customers VALUES ('payer', 2)", "contact_customers of contact"),
        ("UPDATE invoice_lines SET amount_minor = 1 WHERE position = 1", "invoice_lines of"),
        ("UPDATE allocations SET amount_minor = 1", "allocations of payment"),
        ("UPDATE payments SET amount_minor = 1 WHERE seq = 1", "amount_minor of payment"),
        ("UPDATE payments SET livemode = 1 WHERE seq = 1", "livemode of payment"),
        ("DELETE FROM invoices WHERE number = 'INV-4'", "invoice in row"),
        (
            "INSERT INTO reversals VALUES (1, 1, 'refund', 1, 1, '', '', 're_1')",
            "reversals of payment",
        ),
        ("UPDATE journal SET actor = 'x' WHERE seq = 2", "hash of journal entry 2"),
        ("UPDATE journal SET rows = '' WHERE seq = 1", "hash of journal entry 1"),
        ("DELETE FROM journal WHERE seq = 3", "number of a journal entry"),
    ],
)
def test_an_edit_by_another_program_shows(company: SmallCompany, statement: str, what: str) -> None:
    edit(company, statement)
    assert any(d.what.startswith(what) for d in differences(company))


INV_4 = (
    '["invoice",4,"INV-4","invoice",1,20746,20776,"EUR",6000,0,0,0,6000,"","","",0,null,null,'
    '"82f49151bfbb8e6915322e3cf4cc452d",[]]'
)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "DELETE FROM invoices WHERE number = 'INV-4'",
            [Difference("invoice in row 4", INV_4, "none")],
        ),
        (
            "INSERT INTO customers (number, name) VALUES ('C-9', 'Nine')",
            [Difference("customer in row 3", "none", '["customer",3,"C-9","Nine","","","",30,""]')],
        ),
        (
            "UPDATE invoices SET disputed = 1, po_number = 'é\n', memo = CAST(x'ff' AS TEXT), "
            "paid_day = 7, voided_day = 8 WHERE number = 'INV-4'",
            [
                Difference("open_minor of invoice INV-4", "6000", "0", "INV-4"),
                Difference("po_number of invoice INV-4", "", "é\n"),
                Difference("memo of invoice INV-4", "", "\N{REPLACEMENT CHARACTER}"),
                Difference("disputed of invoice INV-4", "0", "1"),
                Difference("paid_day of invoice INV-4", "null", "7", "INV-4"),
                Difference("voided_day of invoice INV-4", "null", "8"),
            ],
        ),
        (
            "INSERT INTO contacts (id, email, name, role, status) "
            "VALUES (CAST(x'ff' AS TEXT), 'z@example.com', 'Z', 'finance', 'active')",
            [
                Difference(
                    "contact in row \N{REPLACEMENT CHARACTER}",
                    "none",
                    '["contact","\N{REPLACEMENT CHARACTER}","z@example.com","Z","finance",'
                    '"active",[]]',
                )
            ],
        ),
        (
            "UPDATE contact_customers SET customer_id = 2 WHERE contact_id = 'payer'",
            [Difference("contact_customers of contact payer@example.com", "[[1]]", "[[2]]")],
        ),
    ],
)
def test_each_difference_says_what_was_and_what_is(
    company: SmallCompany, statement: str, expected: list[Difference]
) -> None:
    """A figure that follows from others says whose it is: it can be computed again."""
    edit(company, statement)

    check = company.finance.call(VerifyJournal())
    assert list(check.differences) == expected
    assert check.count == len(expected)
    assert check.all_derived is False


def test_only_derived_figures_that_differ_can_be_computed_again(company: SmallCompany) -> None:
    edit(company, "UPDATE invoices SET reserved_minor = 7 WHERE number = 'INV-4'")

    check = company.finance.call(VerifyJournal())
    assert list(check.differences) == [
        Difference("reserved_minor of invoice INV-4", "0", "7", "INV-4")
    ]
    assert (check.count, check.all_derived) == (1, True)


def test_an_entry_that_is_missing_is_told_once(company: SmallCompany) -> None:
    edit(company, "DELETE FROM journal WHERE seq = 3")

    found = differences(company)
    assert [d.what for d in found[:2]] == ["number of a journal entry", "hash of journal entry 4"]
    assert (found[0].expected, found[0].found) == ("3", "4")
    assert not any(d.what.startswith(("number", "hash")) for d in found[2:])


def chain_anew(company: SmallCompany, *more: tuple[str, str], invoice: str = INV_4) -> None:
    """As whoever can write the file can: with another line of INV-4, and `more` entries (kind,
    subject) at the end."""
    columns = "seq, recorded_at, kind, subject, actor, data, rows"
    with closing(sqlite3.connect(company.ledger.path)) as db, db:
        db.execute("DROP TRIGGER IF EXISTS journal_keeps")
        entries = db.execute(f"SELECT {columns} FROM journal ORDER BY seq").fetchall()
        for kind, subject in more:
            added = (len(entries) + 1, entries[-1][1], kind, subject, "x", "{}", "")
            db.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, '')", added)
            entries.append(added)
        previous = ""
        for *values, rows in entries:
            told = rows.replace(f"{INV_4} ", f"{invoice} ")
            previous = chained(previous, *values, told)
            db.execute(
                "UPDATE journal SET rows = ?, hash = ? WHERE seq = ?", (told, previous, values[0])
            )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (INV_4.replace(",", ", "), Difference("invoice INV-4", INV_4.replace(",", ", "), INV_4)),
        ('["invoice",4]', Difference("invoice ", '["invoice",4]', INV_4)),
        ('["invoice",4,7,8]', Difference("invoice ", '["invoice",4,7,8]', INV_4)),
        ("nonsense", Difference("invoice in row 4", "none", INV_4)),
        ("4", Difference("invoice in row 4", "none", INV_4)),
        ("[" * 100_000, Difference("invoice in row 4", "none", INV_4)),
        ('["invoice",[4]]', Difference("invoice in row 4", "none", INV_4)),
        ('[["invoice"],4]', Difference("invoice in row 4", "none", INV_4)),
        ('["wonder",4]', Difference("invoice in row 4", "none", INV_4)),
    ],
)
def test_a_line_that_is_none_of_ours_shows_as_it_is(
    company: SmallCompany, line: str, expected: Difference
) -> None:
    chain_anew(company, invoice=line)

    assert differences(company) == [expected]


def test_rows_that_another_entry_follows_than_their_own_show(company: SmallCompany) -> None:
    chain_anew(company, ("rows", "a"), ("rows", "a"), ("file.imported", "a"))
    assert differences(company) == []
    chain_anew(company, ("rows", "a"), ("file.imported", "b"))
    (found,) = differences(company)
    assert (found.expected, found.found) == ("the end of the one before it", "another")
    assert found.what == f"journal entry {company.finance.call(ShowJournalHead()).seq}"


@pytest.mark.parametrize(
    ("value", "shown"), [("NULL", "None"), ("x'ff'", "\N{REPLACEMENT CHARACTER}")]
)
def test_a_hash_that_is_no_text_shows(company: SmallCompany, value: str, shown: str) -> None:
    edit(
        company,
        "CREATE TABLE lax AS SELECT * FROM journal",  # takes values of any type
        "DROP TABLE journal",
        "ALTER TABLE lax RENAME TO journal",
        f"UPDATE journal SET hash = {value} WHERE seq = 2",
    )
    with company.ledger.read() as unit:
        found = unit.journal.verify().differences
    assert [d.what for d in found] == ["hash of journal entry 2", "hash of journal entry 3"]
    assert found[0].found == shown


def test_rows_that_are_no_text_are_none(company: SmallCompany) -> None:
    edit(
        company,
        "CREATE TABLE lax AS SELECT * FROM journal",
        "DROP TABLE journal",
        "ALTER TABLE lax RENAME TO journal",
        "UPDATE journal SET rows = NULL",
    )
    with company.ledger.read() as unit:
        check = unit.journal.verify()
    assert check.count > check.rows
    assert check.differences[0].what == "hash of journal entry 1"


@pytest.mark.parametrize("data", ["", "[]", "{", "[" * 100_000, "7"])
def test_an_entry_that_cannot_be_read_is_named(company: SmallCompany, data: str) -> None:
    edit(company, f"UPDATE journal SET data = '{data}' WHERE seq = 2")

    with pytest.raises(DoesNotTie) as problem:
        company.finance.call(ListJournal())

    assert problem.value.code == "journal_differs"
    assert problem.value.message == "journal entry 2 cannot be read"
    assert problem.value.hint == "`invoicepay audit verify` says what else was changed."


def test_an_instant_that_is_none_makes_an_entry_unreadable(company: SmallCompany) -> None:
    edit(company, "UPDATE journal SET recorded_at = 'yesterday' WHERE seq = 2")

    with pytest.raises(DoesNotTie) as problem:
        company.finance.call(ListJournal())
    assert problem.value.code == "journal_differs"


def test_a_trigger_that_somebody_added_shows(company: SmallCompany) -> None:
    """It would change rows in our name, journaled like our own changes."""
    edit(
        company,
        "CREATE TRIGGER x AFTER UPDATE ON invoices "
        "BEGIN UPDATE invoices SET memo = 'waived' WHERE id = new.id; END",
    )
    found = company.ledger.integrity()
    assert "the schema's trigger x is not as it was made" in found
    assert "the schema's trigger journal_keeps is not as it was made" in found


def test_what_was_cut_off_shows_by_a_head_that_was_kept(company: SmallCompany) -> None:
    kept = company.finance.call(ShowJournalHead())
    edit(company, f"DELETE FROM journal WHERE seq = {kept.seq}")
    what = f"hash of journal entry {kept.seq}, by the head that was kept"
    assert Difference(what, kept.hash, "none") in differences(company, kept)


def test_a_journal_written_anew_shows_by_a_head_that_was_kept(company: SmallCompany) -> None:
    """Whoever can write the file can chain it anew: that is what the head is kept for."""
    kept = company.finance.call(ShowJournalHead())
    columns = "seq, recorded_at, kind, subject, actor, data, rows"
    with closing(sqlite3.connect(company.ledger.path)) as db:
        entries = db.execute(f"SELECT {columns} FROM journal ORDER BY seq").fetchall()
    previous, statements = "", []
    for seq, recorded_at, kind, subject, _, data, rows in entries:
        previous = chained(previous, seq, recorded_at, kind, subject, "forged", data, rows)
        statements.append(
            f"UPDATE journal SET actor = 'forged', hash = '{previous}' WHERE seq = {seq}"
        )
    edit(company, *statements)

    assert differences(company) == []
    assert [d.found for d in differences(company, kept)] == [previous]


def test_an_entry_carries_the_rows_that_it_is_about(company: SmallCompany) -> None:
    page = company.finance.call(ListJournal(kind="payment.succeeded"))
    assert [entry.rows for entry in page.items] == [3]  # the payment and its two invoices


def test_money_rows_do_not_change_without_an_entry(company: SmallCompany) -> None:
    with (
        pytest.raises(RuntimeError, match="without a journal entry"),
        company.ledger.write() as unit,
    ):
        unit.customers.set_gateway_id("C-2", "cus_9")
    with company.ledger.read() as unit:
        assert unit.journal.verify().differences == ()


def test_a_large_import_is_split_into_entries(company: SmallCompany, tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    rows = "".join(f"M-{n},C-1,2026-10-01,USD,1.00\n" for n in range(2500))
    file.write_text("number,customer,issued_on,currency,total\n" + rows)
    company.finance.call(ImportRecords("invoices", str(file)))

    company.assert_books_balance()
    with closing(sqlite3.connect(company.ledger.path)) as db:
        counts = db.execute(
            "SELECT kind, length(rows) - length(replace(rows, char(10), '')) + 1 FROM journal "
            "ORDER BY seq DESC LIMIT 3"
        ).fetchall()
    assert counts == [("file.imported", 500), ("rows", 1000), ("rows", 1000)]
    with company.ledger.read() as unit:
        (entry,) = unit.journal.page(JournalFilter(), limit=1).items
    assert (entry.kind, entry.rows) == ("file.imported", 2500)


def test_derived_figures_are_rebuilt(company: SmallCompany) -> None:
    edit(
        company,
        "UPDATE invoices SET paid_minor = 1, paid_day = NULL WHERE number = 'INV-1'",
        "UPDATE invoices SET reserved_minor = 7 WHERE number = 'INV-4'",
    )

    rebuilt = next(iter(company.finance.call(Repair())))

    assert isinstance(rebuilt, Rebuilt)
    assert {d.derived_of for d in rebuilt.differences} == {"INV-1", "INV-4"}
    assert differences(company) == []
    with company.ledger.read() as unit:
        assert unit.books.differences() == []


def test_nothing_is_rebuilt_from_rows_that_are_not_as_journaled(company: SmallCompany) -> None:
    edit(company, "UPDATE allocations SET amount_minor = 1 WHERE payment_seq = 1")
    before = company.ledger.path.read_bytes()

    steps = list(company.finance.call(Repair()))

    assert [type(step) for step in steps] == [NotRepaired]
    assert company.ledger.path.read_bytes() == before


def test_many_derived_differences_do_not_hide_one_that_is_not(
    company: SmallCompany, tmp_path: Path
) -> None:
    file = tmp_path / "many.csv"
    rows = "".join(f"M-{n},C-1,2026-10-01,USD,1.00\n" for n in range(300))
    file.write_text("number,customer,issued_on,currency,total\n" + rows)
    company.finance.call(ImportRecords("invoices", str(file)))
    edit(
        company,
        "UPDATE invoices SET reserved_minor = 1 WHERE number LIKE 'M-%'",
        "UPDATE allocations SET amount_minor = 1 WHERE payment_seq = 1",
    )
    check = company.finance.call(VerifyJournal())
    assert (len(check.differences), check.count, check.all_derived) == (100, 301, False)
    (step,) = company.finance.call(Repair())
    assert isinstance(step, NotRepaired)


def test_a_day_that_is_derived_is_rebuilt_although_the_books_tie(company: SmallCompany) -> None:
    edit(company, "UPDATE invoices SET paid_day = paid_day - 40 WHERE number = 'INV-1'")
    next(iter(company.finance.call(Repair())))
    assert differences(company) == []


def test_what_was_edited_stays_known_when_it_is_used(company: SmallCompany, tmp_path: Path) -> None:
    """The next entry about a row says what the row was before it: not as the journal had it."""
    edit(
        company,
        "UPDATE invoices SET total_minor = 5000 WHERE number = 'INV-4'",
        "UPDATE customers SET name = 'Forged' WHERE number = 'C-2'",
    )
    files = {"invoices": LINES.replace("L-1,C-1,2026-10-01,USD", "INV-4,C-1,2026-10-20,EUR")}
    files["customers"] = "number,name\nC-2,Nettle Hill\n"
    for kind, text in files.items():
        (tmp_path / kind).write_text(text)
        company.finance.call(ImportRecords(kind, str(tmp_path / kind), update=True))

    found = [d.what for d in differences(company)]
    assert len(found) == 2
    assert found[0].startswith("invoice in row 4, before journal entry ")
    assert found[1].startswith("customer in row 2, before journal entry ")
    (step,) = company.finance.call(Repair())
    assert isinstance(step, NotRepaired)


def test_rows_that_no_entry_sums_up_show(company: SmallCompany) -> None:
    """Parts are left out of lists: nobody hides an entry among them."""
    head = company.finance.call(ShowJournalHead())
    values = (head.seq + 1, "2026-11-02T15:00:00.000000Z", "rows", "", "", "{}", "")
    marks = ", ".join(map(repr, (*values, chained(head.hash, *values))))
    edit(company, f"INSERT INTO journal VALUES ({marks})")
    assert differences(company, head) == [
        Difference("end of the journal", "an entry that sums up the rows", "none")
    ]
