"""What a quote selects, with which method, under which key, and what it says where it refuses."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from invoicepay.billing.customer import Role
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import InvoiceState
from invoicepay.billing.method import Method, MethodType
from invoicepay.billing.payment import Payment, PaymentStatus
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.books.restore import Restore
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.methods import AttachTestMethod, ListMethods, SetDefaultMethod
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.protocol.claim import LEASE
from invoicepay.operations.payments.quote import Quote
from tests.operations.payments.quotes import numbers, quoted, refusal
from tests.world.company import SmallCompany, add_contact, make_template
from tests.world.scripted_gateway import Fault, ScriptedGateway
from tests.world.told import told

OPEN, OVERDUE = InvoiceState.OPEN, InvoiceState.OVERDUE
IN_USD = {"state": OPEN, "currency": "USD"}
CENT = (("INV-1", "0.01"),)


def leave_unknown(company: SmallCompany, gateway: ScriptedGateway, *named: str, **more: Any) -> str:
    """A payment that was never confirmed, and whose payer has left it by now."""
    gateway.fail_next("confirm", Fault.NOT_SENT)
    payment = company.pay(*named, method="card", **more)
    assert payment.status is PaymentStatus.UNKNOWN
    company.clock.time += LEASE
    gateway.calls.clear()
    return payment.id


# --- Which invoices ---


@pytest.mark.parametrize(
    ("who", "request_", "found"),
    [
        ("payer", {"numbers": ("INV-3", "INV-1", "INV-3")}, ["INV-3", "INV-1"]),
        ("payer", {"numbers": ("INV-1",), "currency": "usd"}, ["INV-1"]),
        ("payer", {"state": OPEN, "currency": "usd"}, ["INV-1", "INV-2", "INV-3"]),
        ("payer", {"state": OPEN, "currency": "EUR"}, ["INV-4"]),
        ("payer", {"state": OVERDUE}, ["INV-1"]),
        ("finance", {"numbers": ("INV-9",), "customer": "C-2"}, ["INV-9"]),
        ("finance", {"state": OPEN, "customer": "C-2"}, ["INV-9"]),
    ],
)
def test_a_selection_is_what_is_named_or_what_the_filters_leave(
    company: SmallCompany, who: str, request_: dict[str, Any], found: list[str]
) -> None:
    company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))

    assert numbers(quoted(company.contact(who), method="card", **request_)) == found


UNKNOWN_CURRENCY = (
    "unknown_currency",
    "'XXX' is not a currency code",
    "Use an ISO code such as USD.",
)
NO_INVOICE = "not_found", "no invoice INV-1", "Check it with `invoicepay invoices list --all`."
NO_CUSTOMER = "not_found", "no customer C-7", "Check it with `invoicepay customers list`."
TWO_CUSTOMERS = (
    "ambiguous_selection",
    "one payment is for one customer; this selection has C-1, C-2",
)
TWO_CURRENCIES = (
    "ambiguous_selection",
    "one payment is in one currency; this selection has EUR, USD",
)


@pytest.mark.parametrize(
    ("who", "request_", "says"),
    [
        ("finance", {"numbers": ("INV-1",), "customer": "C-2"}, NO_INVOICE),
        ("finance", {"numbers": ("INV-1",), "customer": "C-7"}, NO_CUSTOMER),
        ("finance", {"numbers": ("INV-1",), "customer": "C-7", "key": "k"}, NO_CUSTOMER),
        ("finance", {"state": OPEN, "customer": "C-7"}, NO_CUSTOMER),
        ("payer", {"numbers": ("INV-1",), "currency": "XXX"}, UNKNOWN_CURRENCY),
        ("payer", {"state": OPEN, "currency": "XXX"}, UNKNOWN_CURRENCY),
        (
            "payer",
            {"numbers": ("INV-1", "INV-4"), "currency": "USD"},
            (
                "ambiguous_selection",
                "INV-4 is in EUR",
                "Leave it out, or say --currency EUR.",
            ),
        ),
        (
            "finance",
            {"state": OPEN},
            (*TWO_CUSTOMERS, "Narrow it with --customer, e.g. --customer C-1."),
        ),
        (
            "finance",
            {"numbers": ("INV-9", "INV-1")},
            (*TWO_CUSTOMERS, "Name those of one alone; of C-1: INV-1."),
        ),
        (
            "finance",
            {"numbers": ("INV-9", "INV-1"), "key": "k"},
            (*TWO_CUSTOMERS, "Name those of one alone; of C-1: INV-1."),
        ),
        (
            "payer",
            {"state": OPEN},
            (*TWO_CURRENCIES, "Narrow it with --currency, e.g. --currency EUR."),
        ),
        (
            "payer",
            {"numbers": ("INV-1", "INV-4")},
            (*TWO_CURRENCIES, "Name those in one alone; in EUR: INV-4."),
        ),
        (
            "payer",
            {"state": OPEN, "currency": "JPY"},
            (
                "nothing_selected",
                "nothing is open to pay in this selection",
                "`invoicepay invoices list` shows what is open.",
            ),
        ),
        (
            "payer",
            {"numbers": ("INV-1",), "amounts": (("INV-1", "5"), ("INV-1", "6"))},
            ("usage", "--amount names INV-1 twice", ""),
        ),
    ],
)
def test_a_selection_that_cannot_be_one_payment_says_how_to_make_it_one(
    company: SmallCompany, who: str, request_: dict[str, Any], says: tuple[str, str, str]
) -> None:
    assert refusal(company.contact(who), **request_) == says


def test_a_filter_leaves_out_what_a_payment_holds_however_little(company: SmallCompany) -> None:
    company.pay("INV-1", "INV-2", method="ach", amounts=CENT)

    plan = quoted(company.payer, **IN_USD)

    assert (numbers(plan), plan.left_out) == (["INV-3"], ("INV-1", "INV-2"))


def test_with_allow_pending_a_filter_pays_what_accepted_payments_leave(
    company: SmallCompany,
) -> None:
    company.pay("INV-1", "INV-2", method="ach", amounts=CENT)

    plan = quoted(company.payer, **IN_USD, allow_pending=True)

    assert plan.left_out == ("INV-2",)
    assert [(line.invoice.number, line.amount_minor) for line in plan.lines] == [
        ("INV-1", 9999),
        ("INV-3", 7525),
    ]
    assert company.call(Pay(plan)).amount_minor == 17524


def test_a_filter_that_only_finds_what_is_held_says_so(company: SmallCompany) -> None:
    company.pay("INV-1", method="ach", amounts=(("INV-1", "10"),))

    assert refusal(company.payer, state=OVERDUE) == (
        "nothing_selected",
        "nothing is open to pay in this selection; payments under way hold 1 invoice(s)",
        "`invoicepay payments list` shows them; `invoicepay sync` asks the bank.",
    )


def test_what_is_left_out_is_told_of_the_customer_who_pays(company: SmallCompany) -> None:
    company.stranger.call(AttachTestMethod("C-2", "pm_usBankAccount_success"))
    company.stranger.call(Pay(quoted(company.stranger, numbers=("INV-9",))))
    company.pay("INV-1", method="ach")

    plan = quoted(company.finance, **IN_USD)

    assert (plan.customer, plan.left_out) == ("C-1", ("INV-1",))


def dispute(company: SmallCompany, *numbers: str) -> None:
    """Finance imports them anew, now disputed."""
    rows = ["number,customer,issued_on,due_on,currency,total,disputed"]
    for number in numbers:
        found = company.invoice(number)
        total = f"{found.total_minor / 100:.2f}"
        days = f"{found.issued_on},{found.due_on}"
        rows.append(f"{number},{found.customer},{days},{found.currency},{total},true")
    file = company.ledger.path.with_name("disputed.csv")
    file.write_text("\n".join([*rows, ""]))
    company.finance.call(ImportRecords("invoices", str(file), update=True))


def test_a_filter_leaves_out_what_is_disputed_and_a_name_does_not(company: SmallCompany) -> None:
    dispute(company, "INV-1", "INV-9")
    company.pay("INV-2", method="ach")

    plan = quoted(company.finance, **IN_USD)  # INV-9 is another customer's
    assert (numbers(plan), plan.left_out, plan.disputed) == (["INV-3"], ("INV-2",), ("INV-1",))

    everything = quoted(company.payer, **IN_USD, include_disputed=True)
    assert (numbers(everything), everything.disputed) == (["INV-1", "INV-3"], ())
    named = quoted(company.payer, numbers=("INV-1",))
    assert (numbers(named), named.disputed) == (["INV-1"], ())


def test_a_filter_that_only_finds_what_is_disputed_says_so(company: SmallCompany) -> None:
    dispute(company, "INV-1")

    assert refusal(company.payer, state=OVERDUE) == (
        "nothing_selected",
        "nothing is open to pay in this selection; 1 invoice(s) are disputed",
        "Name those that you want to pay, or say --include-disputed.",
    )


def test_a_key_with_and_without_disputed_ones_is_of_something_else(company: SmallCompany) -> None:
    dispute(company, "INV-1")
    company.pay("INV-3", method="card", key="k")
    first = company.call(Pay(quoted(company.payer, **IN_USD, key="open", customer="C-1")))

    assert (
        refusal(company.payer, **IN_USD, key="open", customer="C-1", include_disputed=True)[0]
        == "key_reused"
    )
    assert [a.invoice for a in first.allocations] == ["INV-2"]


# --- What is in the way ---


def test_a_payment_that_holds_one_of_several_invoices_is_settled_first_and_no_other(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    left, elsewhere = (leave_unknown(company, gateway, n) for n in ("INV-2", "INV-3"))

    plan = quoted(company.payer, numbers=("INV-1", "INV-2"))

    assert plan.total_minor == 35050
    assert company.payment(left).given_up
    assert company.payment(elsewhere).status is PaymentStatus.UNKNOWN


def test_a_quote_that_only_looks_asks_the_gateway_nothing(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    """Also where its key has made a payment that nobody has settled."""
    wanted: dict[str, Any] = {"numbers": ("INV-1",), "method": "card", "settle_first": False}
    left = leave_unknown(company, gateway, "INV-1", key="october")

    by_key = company.call(Quote(**wanted, key="october"))
    code, _, _ = refusal(company.payer, **wanted)

    assert (by_key.plan, by_key.existing) == (None, company.payment(left))
    assert code == "in_flight"
    assert gateway.calls == []
    assert company.payment(left).status is PaymentStatus.UNKNOWN


def test_after_ten_seconds_of_settling_no_other_payment_is_asked_about(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    three = ("INV-1", "INV-2", "INV-3")
    left = [leave_unknown(company, gateway, number) for number in three]
    slow = {"retrieve": 5}
    gateway.before = lambda call: company.clock.move(seconds=slow.get(call, 0))

    code, message, _ = refusal(company.payer, numbers=three)

    assert code == "in_flight"
    assert message.startswith(f"payment {left[2]} of 75.25 USD for INV-3 is under way")
    assert gateway.calls.count("retrieve") == 2


def test_nothing_is_quoted_on_a_restored_ledger_that_is_not_confirmed(
    company: SmallCompany, tmp_path: Path
) -> None:
    company.ledger.backup(tmp_path / "backup.db")
    company.finance.call(Restore(tmp_path / "backup.db"))
    add_contact(company, "new", Role.FINANCE)

    code, _, hint = refusal(company.contact("new"), numbers=("INV-1",))

    assert code == "restored_not_confirmed"
    assert "Nothing was charged." in hint


# --- Totals and texts ---

SEE, TOTAL = "See what it is made of with --dry-run instead of", "the total is 100.00 USD"


@pytest.mark.parametrize("key", ["", "october"])
def test_a_total_is_held_against_what_is_expected_and_allowed(
    company: SmallCompany, key: str
) -> None:
    """Also that of the payment which a key has made before."""
    wanted: dict[str, Any] = {"numbers": ("INV-1",), "method": "card", "key": key}
    if key:
        company.pay("INV-1", method="card", key=key)

    for expected in ("99.99", "100.01"):
        assert refusal(company.payer, **wanted, expect_total=expected) == (
            "total_differs",
            f"{TOTAL}, not the expected {expected} USD",
            f"{SEE} --expect-total.",
        )
    assert refusal(company.payer, **wanted, max_total="99.99") == (
        "total_differs",
        f"{TOTAL}, more than the 99.99 USD allowed",
        f"{SEE} --max-total.",
    )
    for most in ("100.00", "100.01"):
        company.call(Quote(**wanted, expect_total="100", max_total=most))


def test_a_memo_and_a_key_have_a_length(company: SmallCompany) -> None:
    fits = {"memo": "x" * 500, "key": "~" * 200}

    assert quoted(company.payer, numbers=("INV-1",), **fits).memo == fits["memo"]
    for name, code in (("memo", "bad_text"), ("key", "usage")):
        assert refusal(company.payer, numbers=("INV-1",), **{name: fits[name] + "x"})[0] == code


# --- Keys ---


def more_invoices(company: SmallCompany, folder: Path) -> tuple[str, ...]:
    """Enough for a set of their numbers to be in no order."""
    numbers = tuple(f"INV-{n}" for n in range(10, 22))
    rows = [f"{number},C-1,2026-10-01,2026-10-31,USD,10.00\n" for number in numbers]
    (folder / "more.csv").write_text(
        "number,customer,issued_on,due_on,currency,total\n" + "".join(rows)
    )
    company.finance.call(ImportRecords("invoices", str(folder / "more.csv")))
    return numbers


# Version 5 UUIDs in the namespace of the ledger's id: of "C-1\noctober", and of that and "\n1".
KEY_ID, FIRST_ATTEMPT = (
    "8419f6e3-dd62-597a-ba9c-61d0e90e5ff9",
    "ee9d8f8f-a9f3-5b5b-8df5-d74fe16fe4cb",
)


def test_a_key_stands_for_the_same_payment_in_every_version(
    company: SmallCompany, tmp_path: Path
) -> None:
    """Ledgers and the gateway keep the ids, and the digest of what was asked for."""
    several = more_invoices(company, tmp_path)
    in_order = ",".join(f'"{number}"' for number in several)
    named = {
        "numbers": (*reversed(several), several[0]),
        "amounts": (("INV-11", "5"), ("INV-10", "6.00")),
        "memo": "é",
    }
    for request, content in (
        (
            named,
            '"allow_pending":false,"amounts":[["INV-10","6"],["INV-11","5"]],"currency":null,'
            f'"customer":"C-1","memo":"\\u00e9","method":"card","numbers":[{in_order}],"state":null',
        ),
        (
            {"state": OPEN, "currency": "usd", "allow_pending": True},
            '"allow_pending":true,"amounts":[],"currency":"USD","customer":"C-1","memo":"",'
            '"method":"card","numbers":[],"state":"open"',
        ),
        (
            {"state": OPEN, "currency": "USD", "include_disputed": True},
            '"allow_pending":false,"amounts":[],"currency":"USD","customer":"C-1",'
            '"include_disputed":true,"memo":"","method":"card","numbers":[],"state":"open"',
        ),
    ):
        plan = quoted(company.payer, **request, method="card", key="october")
        digest = hashlib.sha256(f"{{{content}}}".encode()).hexdigest()
        assert (plan.payment_id, plan.request_digest) == (FIRST_ATTEMPT, f"{KEY_ID}:{digest}")
        assert plan.with_key


def test_a_key_tells_apart_whatever_changes_what_is_paid(company: SmallCompany) -> None:
    wanted = {"state": OPEN, "currency": "USD", "method": "card", "key": "october"}
    others: list[dict[str, Any]] = [
        {},
        {"state": OVERDUE},
        {"state": None, "numbers": ("INV-1",)},
        {"state": None, "numbers": ("INV-1", "INV-2")},
        {"currency": "EUR"},
        {"amounts": (("INV-1", "5"),)},
        {"amounts": (("INV-1", "6"),)},
        {"method": "ach"},
        {"memo": "October"},
        {"allow_pending": True},
    ]

    digests = {quoted(company.payer, **{**wanted, **other}).request_digest for other in others}

    assert len(digests) == len(others)


def test_the_same_in_another_order_is_the_same_for_a_key(company: SmallCompany) -> None:
    amounts = (("INV-1", "5"), ("INV-2", "6"))
    first = {"numbers": ("INV-1", "INV-2"), "amounts": amounts, "currency": "USD"}
    again = {"numbers": ("INV-2", "INV-1", "INV-2"), "amounts": amounts[::-1], "currency": "usd"}

    plans = [quoted(company.payer, **r, method="card", key="october") for r in (first, again)]

    assert plans[0].request_digest == plans[1].request_digest


@pytest.mark.parametrize("first", ["5", "5.0", "05.00"])
@pytest.mark.parametrize("again", ["5", "5.00", "005.0"])
def test_an_amount_in_another_spelling_is_the_same_for_a_key(
    company: SmallCompany, gateway: ScriptedGateway, first: str, again: str
) -> None:
    def pay(amount: str) -> Payment:
        return company.pay("INV-1", method="card", amounts=(("INV-1", amount),), key="october")

    paid = pay(first)
    assert pay(again).id == paid.id
    assert len(gateway.charges) == 1


def test_amounts_that_only_look_alike_are_not_the_same_for_a_key(company: SmallCompany) -> None:
    amounts = ("5", "50", "0.5", "0.05", "5.05", "5.5", "55", "50.5")
    digests = {
        quoted(
            company.payer, numbers=("INV-1",), amounts=(("INV-1", text),), method="card", key="k"
        ).request_digest
        for text in (*amounts, "0.50", "5.050", "050", "5.50")
        if text != "0.05"  # less than can be charged
    }
    assert len(digests) == len(amounts) - 1


@pytest.mark.parametrize(
    "text",
    ["x", "", "5,00", "5..0", "1e999999999", "1e1", "1_0", "\u0665", "NaN", "sNaN", "9" * 5_000],
)
def test_what_is_no_amount_is_refused_with_a_key_too(company: SmallCompany, text: str) -> None:
    request = {"numbers": ("INV-1",), "method": "card", "key": "k"}
    for amounts in ((("INV-1", text),), (("INV-1", text), ("INV-1", "5"))):
        assert refusal(company.payer, **request, amounts=amounts)[0] == "bad_amount"


def test_a_key_of_an_earlier_version_which_wrote_amounts_as_typed_answers(
    company: SmallCompany, gateway: ScriptedGateway
) -> None:
    part = {"amounts": (("INV-1", "5.00"),), "method": "card", "key": "october"}
    paid = company.pay("INV-1", **part)
    content = (
        '{"allow_pending":false,"amounts":[["INV-1","5.00"]],"currency":null,"customer":"C-1",'
        '"memo":"","method":"card","numbers":["INV-1"],"state":null}'
    )
    typed = hashlib.sha256(content.encode()).hexdigest()
    with company.ledger.write() as unit:
        unit._connection.execute(  # as that version left it
            "UPDATE payments SET request_digest = ? WHERE id = ?", [f"{KEY_ID}:{typed}", paid.id]
        )
        unit.journal.append("test.edited", paid.id, "", company.clock.now(), {})

    assert company.pay("INV-1", **part).id == paid.id
    assert len(gateway.charges) == 1


def test_without_a_key_each_quote_is_of_a_new_payment(company: SmallCompany) -> None:
    first, second = (quoted(company.payer, numbers=("INV-1",)) for _ in range(2))

    assert first.payment_id != second.payment_id
    assert (first.request_digest, first.with_key) == ("", False)


@pytest.mark.parametrize("customers", [(), ("C-1", "C-2")])
def test_a_key_for_a_filter_asks_who_has_not_exactly_one_customer_for_one(
    company: SmallCompany, customers: tuple[str, ...]
) -> None:
    add_contact(company, "new", Role.CUSTOMER, *customers)

    assert refusal(company.contact("new"), **IN_USD, key="k") == (
        "input_needed",
        "a key is for one customer, and it is not clear which",
        "Say it with --customer; `invoicepay customers list` has them.",
    )


# --- Methods ---


def test_the_default_of_a_type_pays_and_without_a_type_the_preferred_one(
    company: SmallCompany,
) -> None:
    methods = company.call(ListMethods()).methods
    assert len(methods) == 3

    for method in methods:
        default = company.call(SetDefaultMethod(method.id))
        for wanted in ("", method.type.value, method.id):
            assert quoted(company.payer, numbers=("INV-1",), method=wanted).method == default


CARD, ACH = MethodType.CARD, MethodType.ACH
GIVE = "Give it one: `invoicepay sandbox attach {} --customer C-2`."
NAME_ONE = "Name one with --method; `invoicepay methods list` has ids."
NAME_ANOTHER = "Name another with --method; `invoicepay methods list` has ids."
NOTHING_CAN = "Nothing here can add one to a live ledger yet."


@pytest.mark.parametrize(
    ("mode", "has", "wanted", "hint"),
    [
        (Mode.SANDBOX, [], "", GIVE.format("pm_card_visa")),
        (Mode.SANDBOX, [], "card", GIVE.format("pm_card_visa")),
        (Mode.SANDBOX, [CARD], "ach", GIVE.format("pm_usBankAccount_success")),
        (Mode.SANDBOX, [CARD], "", NAME_ONE),
        (Mode.SANDBOX, [ACH, CARD], "card", NAME_ONE),
        (Mode.LIVE, [], "", NOTHING_CAN),
        (Mode.LIVE, [], "ach", NOTHING_CAN),
        (Mode.LIVE, [CARD], "ach", NAME_ANOTHER),
        (Mode.LIVE, [ACH], "ach", NAME_ONE),
    ],
)
def test_where_a_customer_has_no_default_its_payer_is_told_what_to_do(
    tmp_path: Path, mode: Mode, has: list[MethodType], wanted: str, hint: str
) -> None:
    company = SmallCompany(SqliteLedger(make_template(tmp_path, mode)), None)
    with company.ledger.write() as unit:
        for type_ in has:
            unit.methods.add(Method(type_, "C-2", type_, "", "", "", "pm"))
        told(unit)
    what = {"": "payment method", "card": "card", "ach": "bank account"}[wanted]

    assert refusal(company.stranger, numbers=("INV-9",), method=wanted) == (
        "method_unusable",
        f"C-2 has no default {what}",
        hint,
    )
    company.ledger.close()
