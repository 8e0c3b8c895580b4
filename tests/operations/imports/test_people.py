"""Customers and contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from invoicepay.billing.customer import EVERYTHING, Contact, Customer, Role
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.imports.problems import BadRows

if TYPE_CHECKING:
    from tests.operations.imports.conftest import Office

CUSTOMERS = "number,name,email,address,currency,terms_days\n"
CONTACTS = "email,name,role,customers\n"


def customer(office: Office, number: str) -> Customer:
    with office.ledger.read() as unit:
        found = unit.customers.get(number, EVERYTHING)
    assert found is not None
    return found


def contact(office: Office, email: str) -> Contact:
    with office.ledger.read() as unit:
        found = unit.contacts.by_email(email)
    assert found is not None
    return found


def test_customers(office: Office) -> None:
    text = CUSTOMERS + 'K1,Καφές Α.Ε.,pay@example.com,"Οδός 1\nΑθήνα",eur,14\nK2,Two,,,,\n'
    assert office.take("customers", text).customers.added == 2
    one = customer(office, "K1")
    assert (one.name, one.currency, one.terms_days) == ("Καφές Α.Ε.", "EUR", 14)
    assert one.address.lines == ("Οδός 1", "Αθήνα")
    assert customer(office, "K2").terms_days == 30
    assert office.take("customers", text).customers.unchanged == 2


def test_a_column_that_is_not_there_changes_nothing(office: Office) -> None:
    office.take("customers", CUSTOMERS + "K1,One,pay@example.com,Here,USD,14\n")
    with pytest.raises(BadRows, match="customer K1 is in the ledger with another name") as caught:
        office.take("customers", "number,name\nK1,Uno\n")
    assert caught.value.code == "changed_record"
    result = office.take("customers", "number,name\nK1,Uno\n", update=True)
    assert result.customers.changed == 1
    one = customer(office, "K1")
    assert (one.name, one.email, one.terms_days) == ("Uno", "pay@example.com", 14)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",One,,,,", "number: it is empty"),
        ("K1,,,,,", "name: it is empty"),
        ("-K,One,,,,", "number: '-K' begins with '-'"),
        (f"K1,{'x' * 201},,,,", "name: it is longer than 200 characters"),
        ('K1,"a\nb",,,,', "name: it has a line break"),
        ("K1,One,nobody,,,", "email: 'nobody' is not an e-mail address"),
        ('K1,One,"a@example.com\nBcc: b@example.com",,,', "email: "),
        ("K1,One,,,dollars,", "currency: 'dollars' is not a currency code"),
        ("K1,One,,,,-1", "terms_days: '-1' is not a number of days"),
        ("K1,One,,,,٣", "terms_days: '٣' is not a number of days"),
    ],
)
def test_bad_customers(office: Office, row: str, said: str) -> None:
    (problem,) = office.problems("customers", CUSTOMERS + row + "\n")
    assert said in str(problem)


def test_a_customer_twice_in_one_file(office: Office) -> None:
    for number in ("K1", "C1"):
        rows = f"{number},A,,,,\n" * 2
        (problem, *_) = office.problems("customers", CUSTOMERS + rows, update=True)
        assert problem.reason == f"{number} is a duplicate in this file"


def test_a_customer_has_several_addresses(office: Office) -> None:
    """As QuickBooks and Xero write them."""
    text = (
        CUSTOMERS
        + 'K1,One,"A@x.example; b@müller.example",,,\nK2,Two,"a@x.example,a@X.example",,,\n'
    )
    office.take("customers", text)
    assert customer(office, "K1").emails == ("a@x.example", "b@xn--mller-kva.example")
    assert customer(office, "K1").email == "a@x.example"
    assert customer(office, "K2").emails == ("a@x.example",)
    assert office.take("customers", text).customers.unchanged == 2
    record = {"number": "K1", "name": "One", "email": ["a@x.example", "b@xn--mller-kva.example"]}
    assert office.json("customers", record).customers.unchanged == 1
    (problem,) = office.problems("customers", "number,name,email\nK1,One,c@x.example\n")
    assert (problem.code, problem.column) == ("changed_record", "email")
    office.take("customers", "number,name,email\nK1,One,c@x.example\n", update=True)
    assert customer(office, "K1").emails == ("c@x.example",)
    many = "; ".join(f"a{n}@x.example" for n in range(11))
    (problem,) = office.problems("customers", CUSTOMERS + f'K3,Three,"{many}",,,\n')
    assert str(problem) == "line 2, email: it has more than 10 e-mail addresses"


def test_a_contact_has_one_address_in_one_kept_form(office: Office) -> None:
    office.take("contacts", CONTACTS + "Ann@müller.example,Ann,customer,C1\n")
    assert contact(office, "ann@xn--mller-kva.example").name == "Ann"
    again = CONTACTS + "ann@xn--mller-kva.example,Ann,customer,C1\n"
    assert office.take("contacts", again).contacts.unchanged == 1
    (problem,) = office.problems("contacts", CONTACTS + "a@x.example;b@x.example,Ann,,C1\n")
    assert problem.column == "email"


def test_contacts(office: Office) -> None:
    text = CONTACTS + "Ann@Example.com,Ann,customer,C2;C1\nbo@example.com,Bo,,C1\n"
    assert office.take("contacts", text).contacts.added == 2
    ann = contact(office, "ann@example.com")
    assert (ann.customers, ann.status, ann.role) == (("C1", "C2"), "invited", Role.CUSTOMER)
    assert office.take("contacts", text).contacts.unchanged == 2
    other = CONTACTS + "ann@example.com,Ann,customer,C1\n"
    assert office.problems("contacts", other)[0].code == "changed_record"
    assert office.take("contacts", other, update=True).contacts.changed == 1
    assert contact(office, "ann@example.com").customers == ("C1",)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",A,,C1", "email: it is empty"),
        ("a@example.com,A,,", "customers: a contact with the role customer acts for at least one"),
        ("a@example.com,A,,C9", "customers: there is no customer 'C9'"),
        ("a@example.com,A,boss,C1", "role: 'boss' is not one of"),
        ("a@example.com,A,finance,C1", "customers: a contact with the role finance sees all"),
        ("a@example.com,A,admin,", "role: only an admin imports contacts with the role admin"),
        ("adm@example.com,A,customer,C1", "role: only an admin imports contacts with the role"),
        ("fin@example.com,A,customer,C1", "role: only an admin imports"),
    ],
)
def test_bad_contacts(office: Office, row: str, said: str) -> None:
    office.admin()
    (problem,) = office.problems("contacts", CONTACTS + row + "\n", update=True)
    assert said in str(problem)


def test_an_admin_imports_staff_but_not_himself(office: Office) -> None:
    actor = office.admin()
    path = office.file(CONTACTS + "new@example.com,New,finance,\n")
    assert office.run(ImportRecords("contacts", path), actor).contacts.added == 1
    path = office.file(CONTACTS + "adm@example.com,Adm,finance,\n")
    with pytest.raises(BadRows, match="nobody changes their own role"):
        office.run(ImportRecords("contacts", path, update=True), actor)


def test_a_contact_twice_in_one_file(office: Office) -> None:
    rows = "a@example.com,A,,C1\nA@example.com,A,,C1\n"
    (problem,) = office.problems("contacts", CONTACTS + rows)
    assert str(problem) == "line 3, email: a@example.com is a duplicate in this file"
