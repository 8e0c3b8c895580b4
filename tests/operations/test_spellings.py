"""Whoever types a number in another Unicode spelling means the same invoice or customer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from invoicepay.billing.customer import Role
from invoicepay.billing.errors import NotFound, Refused, Usage
from invoicepay.billing.invoice import InvoiceFilter, InvoiceState
from invoicepay.operations.books.health import Check, CheckHealth
from invoicepay.operations.books.journal import ListJournal
from invoicepay.operations.customers import ShowCustomer
from invoicepay.operations.identity.contacts import InviteContact, ListContacts
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.invoices import (
    ListInvoices,
    RenderedInvoice,
    RenderInvoices,
    ShowInvoice,
)
from invoicepay.operations.methods import AttachTestMethod, ListMethods
from invoicepay.operations.payments.find import ListPayments
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.quote import Quote
from tests.world.company import SmallCompany
from tests.world.told import told

COMPOSED, DECOMPOSED = "R\u00e9-7", "Re\u0301-7"
HIS, HIS_TYPED = "D\u00e9", "De\u0301"
BOTH = pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED])


@pytest.fixture
def company(company: SmallCompany, tmp_path: Path) -> SmallCompany:
    """With invoices of C-1 and a customer whose numbers have accents, and one that has a hyphen
    which does not break."""
    for kind, text in (
        ("customers", f"number,name\n{HIS},Accents\n"),
        (
            "invoices",
            "number,customer,issued_on,total\n"
            f"{COMPOSED},C-1,2026-10-01,10.00\nINV\u20117,C-1,2026-10-01,10.00\n"
            f"{COMPOSED}-2,{HIS},2026-10-01,10.00\n",
        ),
    ):
        file = tmp_path / f"{kind}.csv"
        file.write_text(text, "utf-8")
        company.finance.call(ImportRecords(kind, str(file)))
    return company


@BOTH
def test_an_invoice_is_shown_and_rendered(company: SmallCompany, typed: str) -> None:
    assert company.call(ShowInvoice(typed)).detail.invoice.number == COMPOSED
    found = list(company.call(RenderInvoices((typed, COMPOSED, DECOMPOSED))))[1:]
    assert [f.number for f in found if isinstance(f, RenderedInvoice)] == [COMPOSED]


@BOTH
def test_an_invoice_is_paid_once(company: SmallCompany, typed: str) -> None:
    amounts = ((typed, "3.00"),)
    payment = company.pay(typed, COMPOSED, DECOMPOSED, method="card", amounts=amounts)
    assert [(a.invoice, a.amount_minor) for a in payment.allocations] == [(COMPOSED, 300)]


def test_an_amount_is_named_twice_by_two_spellings(company: SmallCompany) -> None:
    amounts = ((DECOMPOSED, "3.00"), (COMPOSED, "3.00"))
    with pytest.raises(Usage, match="twice"):
        company.call(Quote((COMPOSED,), amounts=amounts))


def test_a_key_is_for_the_same_payment_in_either_spelling(company: SmallCompany) -> None:
    def pay(typed: str, customer: str | None = None) -> str:
        quote = Quote((typed,), customer=customer, amounts=((typed, "3"),), method="card", key="k")
        quoted = company.finance.call(quote)
        if quoted.existing:
            return quoted.existing.id
        assert quoted.plan
        return company.finance.call(Pay(quoted.plan)).id

    first = pay(DECOMPOSED)
    assert pay(COMPOSED) == pay(DECOMPOSED) == first
    company.finance.call(AttachTestMethod(HIS, "pm_card_visa"))
    second = pay(f"{DECOMPOSED}-2", HIS_TYPED)
    assert second == pay(f"{COMPOSED}-2", HIS) == pay(f"{COMPOSED}-2") != first


@pytest.mark.parametrize("typed", [HIS, HIS_TYPED])
def test_a_customer_is_found(company: SmallCompany, typed: str) -> None:
    finance = company.finance
    method = finance.call(AttachTestMethod(typed, "pm_card_visa"))
    assert method.customer == HIS
    assert finance.call(ShowCustomer(typed)).customer.number == HIS
    assert finance.call(ListMethods(typed)).methods == (method,)
    selection = InvoiceFilter(InvoiceState.ALL, customer=typed)
    (invoice,) = finance.call(ListInvoices(selection)).page.items
    assert list(finance.call(RenderInvoices(selection=selection)))[1:]
    plan = finance.call(Quote(state=InvoiceState.OPEN, customer=typed)).plan
    assert plan and [line.invoice for line in plan.lines] == [invoice]
    payment = finance.call(Pay(plan))
    assert finance.call(ListPayments(customer=typed)).items == (payment,)
    invited = finance.call(InviteContact("d@x.example", (typed, HIS), Role.CUSTOMER))
    assert invited.customers == (HIS,)
    assert [c.email for c in finance.call(ListContacts(typed))] == ["d@x.example"]
    assert finance.call(ListJournal(subject=typed)).items


def test_what_only_looks_like_it_is_not_taken_for_it(company: SmallCompany) -> None:
    """It is named, so that it can be copied."""
    asked: tuple[Callable[[], object], ...] = (
        lambda: company.call(ShowInvoice("INV-7")),
        lambda: company.call(Quote(("INV-7",))),
        lambda: list(company.call(RenderInvoices(("INV-7",)))),
    )
    for ask in asked:
        with pytest.raises(NotFound) as error:
            ask()
        assert error.value.message == "no invoice INV-7"
        assert error.value.hint.startswith("INV\u20117 looks like it, but has U+2011, NON-BREAKING")
    with pytest.raises(NotFound) as error:
        company.finance.call(ShowCustomer("\u0421-1"))
    assert error.value.hint.startswith("C-1 looks like it, but has U+0043, LATIN CAPITAL LETTER C")


def test_nobody_is_told_what_anothers_look_like(company: SmallCompany) -> None:
    with pytest.raises(NotFound) as absent:
        company.stranger.call(ShowInvoice("INV-8"))
    for text in ("INV-7", DECOMPOSED):
        with pytest.raises(NotFound) as others:
            company.stranger.call(ShowInvoice(text))
        assert (others.value.message, others.value.hint) == (
            f"no invoice {text}",
            absent.value.hint,
        )


def test_keys_of_earlier_versions_keep_their_meaning(
    company: SmallCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    from invoicepay.operations.payments import quote

    with monkeypatch.context() as earlier:
        earlier.setattr(quote, "normalized", str)
        first = company.pay(DECOMPOSED, method="card", key="k")
    assert company.pay(DECOMPOSED, method="card", key="k") == first
    with pytest.raises(Refused, match="key has been used"):
        company.pay("INV-1", method="card", key="k")


def test_doctor_names_open_invoices_of_an_earlier_version_that_look_alike(
    company: SmallCompany, tmp_path: Path
) -> None:
    """Until one of them is void, as its hint says, or paid."""

    def checked() -> list[Check]:
        return [c for c in company.finance.call(CheckHealth()).checks if c.name == "numbers"]

    assert checked() == []
    with company.ledger.write() as unit:
        sql = "UPDATE invoices SET number = 'INV-7' WHERE number = 'INV-1'"
        unit._connection.execute(sql)
        told(unit)

    (check,) = checked()
    assert not check.ok
    assert check.detail.startswith("1 pair(s) of open invoices look alike: INV-7 has U+002D, HYPH")
    assert "with its voided_on and --update" in check.hint
    file = tmp_path / "void.csv"
    head = "number,customer,issued_on,total,voided_on"
    file.write_text(f"{head}\nINV\u20117,C-1,2026-10-01,10.00,2026-10-02\n", "utf-8")
    company.finance.call(ImportRecords("invoices", str(file), update=True))
    assert checked() == []


def test_a_key_of_one_of_two_spellings_that_an_earlier_version_took_is_not_the_other_s(
    company: SmallCompany, tmp_path: Path
) -> None:
    with company.ledger.write() as unit:
        other = "UPDATE invoices SET number = ? WHERE number = 'INV\u20117'"
        unit._connection.execute(other, (DECOMPOSED,))
        told(unit)
    plan = company.call(Quote(numbers=(COMPOSED,), key="k")).plan
    assert plan is not None
    company.call(Pay(plan))
    again = company.call(Quote(numbers=(COMPOSED,), key="k"))
    assert again.existing is not None
    with pytest.raises(Refused) as caught:
        company.call(Quote(numbers=(DECOMPOSED,), key="k"))
    assert caught.value.code == "key_reused"
