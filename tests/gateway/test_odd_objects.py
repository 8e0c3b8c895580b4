"""Stripe leaves out what does not apply and adds words to its enums. Whatever one object lacks or
says, the others are read; and of what decides about money, nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from invoicepay.billing.customer import Customer
from invoicepay.billing.errors import Unreachable
from invoicepay.billing.ports import (
    Intent,
    IntentStatus,
    NoAnswer,
    Rejected,
    Unreadable,
    UnreadableIntent,
)
from invoicepay.gateway.reading import intent as read
from tests.gateway.conftest import LEDGER, Answering, Doc, Objects, listed, says
from tests.gateway.odd import ABSENT, WORD, Odd, each_field_odd
from tests.world.false_stripe import Answer

INTENTS = ("created", "canceled", "succeeded", "declined", "returned")
DECIDES = ("id", "livemode", "status", "amount", "currency", "created")
"""Without which of these it cannot be told whether money moved, or how much."""
EXPLAINS = ("customer", "metadata", "last_payment_error")
"""What an intent says besides; where it does not, only that is missing."""


def is_readable(odd: Odd) -> bool:
    """Whether the odd value is one that the field might have."""
    if odd.top not in DECIDES:
        return True
    numbers = odd.top in ("amount", "created") and type(odd.value) is int
    return numbers or (odd.top, odd.value) == ("id", WORD)


def is_ours(odd: Odd) -> bool:
    return odd.path != ("metadata",) and odd.path != ("metadata", "invoicepay_ledger")


def numbered(odds: list[Odd]) -> list[Odd]:
    for at, odd in enumerate(odds):
        if odd.top != "id":
            odd.document["id"] = f"pi_{at}"
    return odds


@pytest.mark.parametrize("name", INTENTS)
def test_no_odd_intent_stops_a_listing(name: str, objects: Objects, answering: Answering) -> None:
    whole = objects.intents[name]
    odds = numbered(list(each_field_odd(whole)))
    assert len(odds) > 300
    gateway = answering(lambda _: listed(*(odd.document for odd in odds)))

    found = iter(list(gateway.intents(LEDGER)))

    baseline = read(whole, livemode=False)
    assert isinstance(baseline, Intent)
    for odd in odds:
        if not is_ours(odd):
            continue
        if not is_readable(odd) and name == "canceled" and odd.top != "status":
            continue  # nothing will be charged
        intent = next(found)
        assert intent.id == (odd.document.get("id") if odd.top != "id" or odd.value == WORD else "")
        if is_readable(odd):
            assert isinstance(intent, Intent), odd
            check_same(intent, baseline, odd)
        else:
            assert isinstance(intent, UnreadableIntent), odd
            assert intent.why, odd
            assert intent.invoices == frozenset({"INV-1", "INV-2"}), odd
            assert (intent.payment_id, intent.customer) == (baseline.payment_id, baseline.customer)
    assert next(found, None) is None


def check_same(intent: Intent, baseline: Intent, odd: Odd) -> None:
    decided = [(i.status, i.currency, i.livemode, i.ledger_id) for i in (intent, baseline)]
    assert decided[0] == decided[1], odd
    if odd.top != "amount":
        assert intent.amount_minor == baseline.amount_minor, odd
    if odd.top not in (*DECIDES, *EXPLAINS):
        assert (intent.customer, intent.payment_id) == (baseline.customer, baseline.payment_id)
        assert intent.allocations == baseline.allocations, odd
        assert intent.failure_code == baseline.failure_code, odd
        assert intent.failure_message == baseline.failure_message, odd


@pytest.mark.parametrize("name", INTENTS)
def test_an_odd_intent_is_read_or_named(name: str, objects: Objects, answering: Answering) -> None:
    """Asked for by itself: it is read, or it is told which one cannot be, and why."""
    current: list[Odd] = []
    gateway = answering(lambda _: says(current[-1].document))
    baseline = read(objects.intents[name], livemode=False)
    assert isinstance(baseline, Intent)
    for odd in each_field_odd(objects.intents[name]):
        current.append(odd)
        if is_readable(odd):
            check_same(gateway.retrieve(baseline.id), baseline, odd) if is_ours(odd) else None
        elif odd.top == "livemode" and odd.value is True:
            with pytest.raises(Unreachable, match="live mode"):
                gateway.retrieve(baseline.id)
        elif odd.top == "id":
            with pytest.raises(NoAnswer):
                gateway.retrieve(baseline.id)
        else:
            with pytest.raises(Unreadable, match=f"{baseline.id} cannot be read: it") as told:
                gateway.retrieve(baseline.id)
            assert "\n" not in str(told.value)


@pytest.mark.parametrize("status", ["requires_capture", "requires_something_new"])
def test_what_a_confirm_came_to_is_never_guessed(
    status: str, objects: Objects, answering: Answering
) -> None:
    answer = says(objects.intents["succeeded"] | {"status": status})
    gateway = answering(lambda _: answer)

    with pytest.raises(Unreadable, match=f"its status is {status}"):
        gateway.confirm("pi_1", "payment")
    with pytest.raises(Unreadable, match=f"its status is {status}"):
        gateway.cancel("pi_1")


def test_what_others_made_is_passed_over_whatever_it_looks_like(
    objects: Objects, answering: Answering
) -> None:
    """Another ledger's, and no ledger's."""
    mine = objects.intents["created"]
    theirs = mine | {"metadata": mine["metadata"] | {"invoicepay_ledger": "another"}}
    nobodys = {name: value for name, value in mine.items() if name != "metadata"}
    odds = [*each_field_odd(theirs), *each_field_odd(nobodys)]
    documents = [odd.document for odd in numbered(odds)]
    data: list[object] = [*documents, mine | {"id": "pi_mine"}, None, 7, "word", [], {}, *documents]
    gateway = answering(lambda _: listed(*data))

    assert [intent.id for intent in gateway.intents(LEDGER)] == ["pi_mine"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"livemode": True}, "it is of live mode, this ledger is for test mode"),
        ({"livemode": None}, "it does not say its mode"),
        ({"status": "requires_capture"}, "its status is requires_capture"),
        ({"status": None}, "its status is missing"),
        ({"status": "\x1b[2Jrequires\nwonder" * 9}, "its status is [2Jrequires wonder"),
        ({"amount": None}, "its amount is missing"),
        ({"amount": -1}, "its amount is -1"),
        ({"amount": 2**63}, "its amount is 9223372036854775808"),
        ({"amount": 1.5}, "its amount is 1.5"),
        ({"amount": {}}, "its amount is of a kind that is not known here"),
        ({"currency": "xyz"}, "its currency is xyz"),
        ({"currency": "uſd"}, "its currency is uſd"),
        ({"currency": ""}, "its currency is empty"),
        ({"created": 2**62}, "it does not say when it was made"),
        ({"id": "pi 1"}, "it has no id"),
    ],
)
def test_why_an_intent_cannot_be_read(change: Doc, why: str, objects: Objects) -> None:
    found = read(objects.intents["created"] | change, livemode=False)

    assert isinstance(found, UnreadableIntent)
    assert found.why.startswith(why)
    assert len(str(found)) < 120


METADATA = "invoicepay_allocations_"


@pytest.mark.parametrize(
    "metadata",
    [
        {f"{METADATA}0": None},
        {f"{METADATA}0": ""},
        {f"{METADATA}0": "INV-1=10000"},  # less than the amount
        {f"{METADATA}0": "INV-1=10000 INV-2"},
        {f"{METADATA}0": "INV-1=10000 INV-2=２３４５"},
        {f"{METADATA}1": "INV-3=5", f"{METADATA}0": None},
        {f"{METADATA}2": "INV-3=5"},
        {f"{METADATA}{n}": f"INV-{n}=12345" for n in range(44)},  # more would not have fitted
    ],
)
def test_invoices_are_told_only_where_all_of_them_are(metadata: Doc, objects: Objects) -> None:
    whole = objects.intents["created"]
    odd = whole | {"status": WORD, "metadata": whole["metadata"] | metadata}

    found = read(odd, livemode=False)

    assert isinstance(found, UnreadableIntent)
    assert found.invoices is None


def test_a_failure_keeps_its_reason(objects: Objects) -> None:
    """A card issuer's, and a bank's, which has no decline_code."""
    assert "decline_code" not in objects.intents["returned"]["last_payment_error"]
    codes = {}
    for name in ("declined", "returned"):
        intent = read(objects.intents[name], livemode=False)
        assert isinstance(intent, Intent)
        codes[name] = intent.failure_code
        for odd in each_field_odd(objects.intents[name], "last_payment_error"):
            found = read(odd.document, livemode=False)
            assert isinstance(found, Intent)
            assert found.failure_code, odd
    assert codes == {"declined": "generic_decline", "returned": "account_closed"}


def test_a_customer_may_be_there_in_full(objects: Objects) -> None:
    found = read(objects.intents["created"] | {"customer": objects.customer}, livemode=False)
    assert isinstance(found, Intent)
    assert found.customer == objects.customer["id"]


# --- Other objects ----------------------------------------------------------------------------


def outcome(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except (NoAnswer, Rejected, Unreachable) as error:
        return type(error)


@pytest.mark.parametrize("what", ["customer", "card", "bank_account", "account"])
def test_what_is_optional_may_be_absent(what: str, objects: Objects, answering: Answering) -> None:
    whole: Doc = getattr(objects, what)
    current = [whole]
    gateway = answering(lambda _: says(current[-1]))

    def ask() -> object:
        if what == "customer":
            return gateway.create_customer(Customer("C-1", "A"), LEDGER, "k").id
        if what == "account":
            return gateway.account()
        return gateway.attach_method("pm_x", "cus_x")

    baseline = outcome(ask)
    assert not isinstance(baseline, type)
    kind = whole.get("type", "")
    read_here = {"id", "livemode", "type", kind}
    for odd in each_field_odd(whole):
        current.append(odd.document)
        found = outcome(ask)
        if odd.top not in read_here:
            assert found == baseline, odd
        elif odd.path == ("id",):
            assert found is NoAnswer or odd.value == WORD, odd
        elif odd.path == ("livemode",) and what != "account":
            assert found is (Unreachable if odd.value is True else NoAnswer), odd
        elif odd.path in (("type",), (kind,)) and what != "account":
            assert found is Rejected, odd
        else:
            assert not isinstance(found, type), odd


# --- Pages --------------------------------------------------------------------------------------


def pages(*answers: Answer) -> Callable[[object], Answer]:
    """Each once, in this order, by the cursor that the one before it ends with."""
    left = list(answers)
    return lambda _: left.pop(0)


@pytest.mark.parametrize("has_more", [ABSENT, None, "yes", 1, [], True])
def test_a_list_that_does_not_say_whether_it_goes_on_is_asked(
    has_more: object, objects: Objects, answering: Answering
) -> None:
    mine = [objects.intents["created"] | {"id": f"pi_{n}"} for n in range(3)]
    page = {"object": "list", "data": mine[:2], "has_more": has_more}
    if has_more is ABSENT:
        del page["has_more"]
    gateway = answering(pages(says(page), says(page | {"data": mine[2:]}), listed()))

    assert [intent.id for intent in gateway.intents(LEDGER)] == ["pi_0", "pi_1", "pi_2"]


def test_a_page_with_none_of_ours_does_not_end_a_list(
    objects: Objects, answering: Answering
) -> None:
    mine = objects.intents["created"]
    others = [{"id": f"pi_other_{n}", "object": "payment_intent"} for n in range(3)]
    asked: list[str] = []

    def answer(connection: object) -> Answer:
        query = parse_qs(urlsplit(connection.path).query)  # type: ignore[attr-defined]
        asked.append(query.get("starting_after", [""])[0])
        following: dict[str, Answer] = {
            "": listed(others[0], has_more=True),
            "pi_other_0": listed(others[1], others[2], has_more=True),
            "pi_other_2": listed(mine),
        }
        return following[asked[-1]]

    assert [intent.id for intent in answering(answer).intents(LEDGER)] == [mine["id"]]
    assert asked == ["", "pi_other_0", "pi_other_2"]


def test_what_has_no_id_at_the_end_of_a_page_is_listed_once(
    objects: Objects, answering: Answering
) -> None:
    mine = objects.intents["created"]
    nameless = mine | {"id": None}
    gateway = answering(
        pages(
            listed(mine | {"id": "pi_1"}, nameless, None, has_more=True),
            listed(nameless, None, mine | {"id": "pi_2"}),
        )
    )

    assert [intent.id for intent in gateway.intents(LEDGER)] == ["pi_1", "", "pi_2"]


@pytest.mark.parametrize("data", [None, "word", 7, {}, ABSENT])
def test_what_is_no_list_is_no_answer(data: object, answering: Answering) -> None:
    page = {"object": "list", "has_more": False}
    if data is not ABSENT:
        page["data"] = data
    with pytest.raises(NoAnswer):
        list(answering(lambda _: says(page)).intents(LEDGER))


def test_a_list_that_leads_nowhere_is_no_answer(objects: Objects, answering: Answering) -> None:
    """Neither to an end nor on: never mistaken for all there is."""
    mine = objects.intents["created"]
    with pytest.raises(NoAnswer):
        list(answering(lambda _: listed(mine | {"id": 7}, has_more=True)).intents(LEDGER))
    with pytest.raises(NoAnswer):
        list(answering(lambda _: listed(mine, has_more=True)).intents(LEDGER))


# --- Errors -------------------------------------------------------------------------------------


def test_a_refusal_is_one_whatever_else_it_says(objects: Objects, answering: Answering) -> None:
    current: list[Doc] = []
    gateway = answering(lambda _: says(current[-1], 400))
    for odd in each_field_odd(objects.refusal, "error"):
        current.append(odd.document)
        with pytest.raises(Rejected) as refused:
            gateway.cancel("pi_1")
        assert refused.value.message, odd
        assert "\n" not in refused.value.message, odd
    for odd in each_field_odd(objects.refusal):
        if odd.path == ("error",) and odd.value != {}:
            current.append(odd.document)
            with pytest.raises(NoAnswer):
                gateway.cancel("pi_1")


def test_a_refusal_without_a_word_has_one(answering: Answering) -> None:
    gateway = answering(lambda _: says({"error": {}}, 400))
    with pytest.raises(Rejected) as refused:
        gateway.cancel("pi_1")
    assert refused.value.message == "it does not say why"


def test_a_decline_is_one_whatever_else_it_says(objects: Objects, answering: Answering) -> None:
    """The intent's own status decides."""
    declined = objects.intents["declined"]
    current: list[Doc] = []

    def answer(connection: object) -> Answer:
        method = connection.command  # type: ignore[attr-defined]
        return says(current[-1], 402) if method == "POST" else says(declined)

    gateway = answering(answer)
    for odd in each_field_odd(objects.decline, "error"):
        if len(odd.path) > 2:
            continue  # the intent in it is not looked at
        current.append(odd.document)
        intent = gateway.confirm(declined["id"], "payment")
        assert intent.status is IntentStatus.REQUIRES_PAYMENT_METHOD, odd
        assert intent.failure_code == "generic_decline", odd
