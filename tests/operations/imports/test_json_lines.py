"""JSON lines: the same records, and JSON's own traps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.operations.imports.conftest import Office

GOOD = '{"number":"A","customer":"C1","issued_on":"2026-10-01","total":10.00,"memo":%s}\n'


def problem(office: Office, text: str) -> str:
    (found,) = office.problems("invoices", text, name="file.jsonl")
    return str(found)


def test_lines_and_allocations_are_nested(office: Office) -> None:
    line = {"description": "Work", "quantity": 2, "unit_price": "5.00", "amount": 10, "tax": "0.83"}
    office.json(
        "invoices",
        {
            "number": "A",
            "customer": "C1",
            "issued_on": "2026-10-01",
            "total": 10.83,
            "disputed": True,
            "lines": [line],
        },
        {"number": "B", "customer": "C1", "issued_on": "2026-10-01", "total": 7, "lines": None},
    )
    assert office.invoice("A").disputed
    (stored,) = office.detail("A").lines
    assert (stored.quantity, stored.amount_minor, stored.tax_minor) == ("2", 1000, 83)
    result = office.json(
        "payments",
        {
            "reference": "77",
            "customer": "C1",
            "received_on": "2026-10-09",
            "method_type": "wire",
            "amount": 20,
            "allocations": [{"invoice": "A", "applied": 10.83}, {"invoice": "B", "applied": 7}],
        },
    )
    assert result.unapplied_minor == {"USD": 217}
    assert office.invoice("B").balance_minor == 0


def test_csv_and_json_say_the_same(office: Office) -> None:
    office.take("invoices", "number,customer,issued_on,total,memo\nA,C1,2026-10-01,10.00,x\n")
    assert office.take("invoices", GOOD % '"x"', name="f.jsonl").invoices.unchanged == 1


def test_customers_and_contacts_have_lists(office: Office) -> None:
    office.json("customers", {"number": "C9", "name": "Nine", "address": ["Street 1", "Town"]})
    office.json("contacts", {"email": "a@example.com", "name": "A", "customers": ["C9", "C1"]})
    with office.ledger.read() as unit:
        contact = unit.contacts.by_email("a@example.com")
    assert contact is not None
    assert contact.customers == ("C1", "C9")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"number":"A","number":"B"}\n', "key 'number' is a duplicate in one object"),
        ("[" * 100_000 + "\n", "it is nested too deeply"),
        ('{"number":' + '{"a":' * 100_000 + "\n", "it is nested too deeply"),
        ("{'number': 1}\n", "not JSON"),
        ("[]\n", "it is a JSON array"),
        ("7\n", "it is not a JSON object"),
        (GOOD % "NaN", "NaN is not a number"),
        (GOOD % '{"a":1}', "memo: it is neither a text nor a number"),
        (GOOD % '"\\ud800"', "memo: it has half of a surrogate pair (U+D800)"),
        (GOOD % '"\\u0000"', "memo: it has U+0000, a control character"),
        (GOOD.replace("memo", "\\udcff\\u202e") % '""', "unknown key '\\udcff\\u202e'"),
        (GOOD.replace("10.00", '"\\ud800"') % '""', "total: it has half of a surrogate pair"),
        (GOOD.replace("memo", "lines") % '[{"amount":"\\ud800"}]', "'\\ud800' is not an amount"),
        (GOOD.replace("memo", "memmo") % '""', "unknown key 'memmo'. Did you mean memo?"),
        (GOOD.replace('"memo"', '"lines"') % '[{"amont":1}]', "lines: unknown key 'amont'"),
        (GOOD.replace('"memo"', '"lines"') % "[[1]]", "lines: it is not a list of objects"),
        (GOOD.replace("10.00", "1e3") % '""', "total: '1e3' is not an amount"),
        (GOOD.replace("10.00", "1e2000000") % '""', "total: '1e2000000' is not an amount"),
        (GOOD.replace("10.00", "9" * 5000) % '""', "is not an amount"),
    ],
)
def test_traps(office: Office, text: str, said: str) -> None:
    assert said in problem(office, text)


def test_a_record_is_not_merged_with_the_one_before(office: Office) -> None:
    found = problem(office, GOOD % '""' * 2)
    assert found == "line 2, number: it is that of the record before, too"


def test_a_float_loses_no_cent(office: Office) -> None:
    office.take("invoices", GOOD.replace("10.00", "19.99") % '""', name="f.jsonl")
    assert office.invoice("A").total_minor == 1999
