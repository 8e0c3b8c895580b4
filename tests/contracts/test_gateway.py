"""What every Gateway must do: Stripe's SDK on the sandbox, and the scripted one of the tests."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from invoicepay.billing.customer import Customer
from invoicepay.billing.errors import Unreachable
from invoicepay.billing.payment import Allocation
from invoicepay.billing.ports import (
    AccountHidden,
    ChargeOrder,
    Gateway,
    GatewayCustomer,
    IntentStatus,
    NoAnswer,
    Rejected,
    Unreadable,
    UnreadableIntent,
)
from invoicepay.gateway import stripe_gateway
from invoicepay.gateway.stripe_gateway import StripeGateway
from invoicepay.sandbox.advance import advance
from invoicepay.sandbox.faults import add_fault
from invoicepay.sandbox.server import SandboxServer
from tests.world.scripted_gateway import Fault, ScriptedGateway

LEDGER = str(uuid.UUID(int=9))
CONFIRM = "POST /v1/payment_intents/*/confirm"


@dataclass
class Bank:
    """A gateway, and what its bank can be told."""

    gateway: Gateway
    settle: Callable[[str], None]
    lose_answer: Callable[[], None]
    pass_a_day: Callable[[], None] = lambda: None
    spoil: Callable[[str], None] = lambda intent: None
    """Give an intent a status that nobody knows."""
    make_live: Callable[[str], None] = lambda intent: None
    """Give an intent the other mode."""
    restricted: Callable[[], Gateway] = lambda: ScriptedGateway(restricted=True)
    """A gateway at the same bank with a restricted key."""
    customer: str = ""

    def make_customer(self, number: str, key: str = "") -> GatewayCustomer:
        key = key or str(uuid.uuid4())
        return self.gateway.create_customer(Customer(number, "A", ("a@example.com",)), LEDGER, key)

    def order(self, token: str = "pm_card_visa", amount: int = 12345) -> ChargeOrder:
        self.customer = self.customer or self.make_customer("C-1").id
        method = self.gateway.attach_method(token, self.customer)
        return ChargeOrder(
            payment_id=str(uuid.uuid4()),
            ledger_id=LEDGER,
            customer=self.customer,
            customer_number="C-1",
            method=method.gateway_id,
            method_type=method.type,
            amount_minor=amount,
            currency="USD",
            description="Tidewheel: INV 1",
            allocations=(Allocation("INV 1=2", 345), Allocation("№-7", amount - 345)),
            request_digest=f"{uuid.uuid4()}:{'0f' * 32}",
        )


@pytest.fixture(params=["stripe on the sandbox", "scripted"])
def bank(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bank]:
    """Lists in pages of two."""
    if request.param == "scripted":
        days = [timedelta(0)]
        scripted = ScriptedGateway(
            now=lambda: datetime.now(UTC) + sum(days, timedelta(0)), page_size=2
        )
        yield Bank(
            scripted,
            scripted.bank_settles,
            lambda: scripted.fail_next("confirm", Fault.LOST_ANSWER),
            lambda: days.append(timedelta(days=1, seconds=1)),
            lambda intent: scripted.unreadable.update({intent: True}),
            lambda intent: void(
                scripted.found.update({intent: replace(scripted.found[intent], livemode=True)})
            ),
        )
        return
    monkeypatch.setattr(stripe_gateway, "PAGE", 2)
    path = tmp_path / "bank.sandbox"
    with SandboxServer(path) as server:
        yield Bank(
            StripeGateway(server.key, livemode=False, base_address=server.url),
            lambda intent: void(advance(path, timedelta(days=5))),
            lambda: add_fault(path, CONFIRM, "lose_answer", times=3),
            lambda: void(advance(path, timedelta(days=1, seconds=1))),
            lambda intent: put(path, intent, "$.status", '"requires_wonder"'),
            lambda intent: put(path, intent, "$.livemode", "true"),
            lambda: StripeGateway(server.restricted_key, livemode=False, base_address=server.url),
        )


def put(path: Path, intent: str, where: str, value: str) -> None:
    """Give an intent of the sandbox another value, as JSON."""
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(
            "UPDATE objects SET body = json_set(body, ?, json(?)) WHERE id = ?",
            (where, value, intent),
        )


def void(result: object) -> None:
    """For what is called for its effect."""


def test_an_intent_is_created_unconfirmed_and_explains_itself(bank: Bank) -> None:
    order = bank.order()

    intent = bank.gateway.create(order)

    assert intent.status is IntentStatus.REQUIRES_CONFIRMATION
    assert (intent.amount_minor, intent.currency, intent.livemode) == (12345, "USD", False)
    assert (intent.ledger_id, intent.payment_id) == (LEDGER, order.payment_id)
    assert (intent.customer, intent.customer_number) == (bank.customer, "C-1")
    assert intent.method_type == "card"
    assert intent.allocations == order.allocations
    assert intent.request_digest == order.request_digest
    assert intent.failure_code == ""
    assert bank.gateway.retrieve(intent.id) == intent


def test_creating_the_same_payment_again_is_the_same_intent(bank: Bank) -> None:
    order = bank.order()

    assert bank.gateway.create(order).id == bank.gateway.create(order).id
    with pytest.raises(Rejected):
        bank.gateway.create(replace(order, amount_minor=999))


def test_a_key_is_forgotten_after_a_day(bank: Bank) -> None:
    order = bank.order()
    first = bank.gateway.create(order)
    bank.gateway.confirm(first.id, order.payment_id)
    bank.pass_a_day()

    second = bank.gateway.create(order)

    assert second.id != first.id
    assert second.status is IntentStatus.REQUIRES_CONFIRMATION
    assert [i.id for i in bank.gateway.intents(LEDGER)] == [second.id, first.id]
    assert {i.payment_id for i in bank.gateway.intents(LEDGER)} == {order.payment_id}
    assert bank.gateway.confirm(second.id, order.payment_id).status is IntentStatus.SUCCEEDED


def test_a_good_card_succeeds_once(bank: Bank) -> None:
    order = bank.order()
    intent = bank.gateway.create(order)

    confirmed = bank.gateway.confirm(intent.id, order.payment_id)
    again = bank.gateway.confirm(intent.id, order.payment_id)

    assert confirmed.status is again.status is IntentStatus.SUCCEEDED
    with pytest.raises(Rejected):
        bank.gateway.cancel(intent.id)


def test_a_decline_is_no_error_and_can_be_canceled(bank: Bank) -> None:
    order = bank.order("pm_card_chargeCustomerFail")
    intent = bank.gateway.create(order)

    declined = bank.gateway.confirm(intent.id, order.payment_id)

    assert declined.status is IntentStatus.REQUIRES_PAYMENT_METHOD
    assert declined.failure_code == "generic_decline"
    assert declined.failure_message
    canceled = bank.gateway.cancel(intent.id)
    assert canceled.status is IntentStatus.CANCELED
    assert canceled.failure_code == "generic_decline"


def test_what_was_canceled_cannot_be_confirmed(bank: Bank) -> None:
    order = bank.order()
    intent = bank.gateway.create(order)
    bank.gateway.cancel(intent.id)

    with pytest.raises(Rejected):
        bank.gateway.confirm(intent.id, order.payment_id)
    with pytest.raises(Rejected):
        bank.gateway.cancel(intent.id)
    assert bank.gateway.retrieve(intent.id).status is IntentStatus.CANCELED


def test_a_bank_debit_is_processing_until_the_bank_has_settled_it(bank: Bank) -> None:
    order = bank.order("pm_usBankAccount_success")
    intent = bank.gateway.create(order)

    assert bank.gateway.confirm(intent.id, order.payment_id).status is IntentStatus.PROCESSING
    with pytest.raises(Rejected):
        bank.gateway.cancel(intent.id)
    bank.settle(intent.id)

    assert bank.gateway.retrieve(intent.id).status is IntentStatus.SUCCEEDED


def test_a_lost_answer_is_no_answer_and_the_intent_tells(bank: Bank) -> None:
    order = bank.order()
    intent = bank.gateway.create(order)
    bank.lose_answer()

    with pytest.raises(NoAnswer):
        bank.gateway.confirm(intent.id, order.payment_id)

    assert bank.gateway.retrieve(intent.id).status is IntentStatus.SUCCEEDED


def test_intents_are_listed_newest_first(bank: Bank) -> None:
    mine = [bank.gateway.create(bank.order()) for _ in range(3)]
    bank.customer = bank.make_customer("C-2").id
    other = bank.gateway.create(bank.order())

    def ids(**only: object) -> list[str]:
        return [intent.id for intent in bank.gateway.intents(LEDGER, **only)]  # type: ignore[arg-type]

    assert ids(customer=mine[0].customer) == [intent.id for intent in reversed(mine)]
    assert ids()[0] == other.id
    assert ids(since=datetime.now(UTC) - timedelta(hours=1)) == ids()
    assert ids(since=datetime.now(UTC) + timedelta(hours=1)) == []
    assert ids(until=datetime.now(UTC) + timedelta(hours=1)) == ids()
    assert ids(until=datetime.now(UTC) - timedelta(hours=1)) == []
    made = other.created_at
    assert ids(since=made, until=made, customer=bank.customer) == [other.id]
    assert ids(since=made.replace(microsecond=999_999), customer=bank.customer) == [other.id]


def test_what_cannot_be_read_is_listed_as_such_and_stops_nothing(bank: Bank) -> None:
    first, odd, last = (bank.gateway.create(bank.order()) for _ in range(3))
    bank.spoil(odd.id)

    found = list(bank.gateway.intents(LEDGER, customer=bank.customer))

    assert [intent.id for intent in found] == [last.id, odd.id, first.id]
    assert (found[0], found[2]) == (last, first)
    assert found[1] == UnreadableIntent(
        id=odd.id,
        why="its status is requires_wonder",
        payment_id=odd.payment_id,
        customer=bank.customer,
        customer_number="C-1",
        invoices=frozenset({"INV 1=2", "№-7"}),
        created_at=odd.created_at,
        livemode=False,
    )


def test_what_cannot_be_read_is_named_and_not_touched(bank: Bank) -> None:
    order = bank.order()
    intent = bank.gateway.create(order)
    bank.spoil(intent.id)

    with pytest.raises(Unreadable, match=f"^{intent.id} cannot be read: its status is requires_w"):
        bank.gateway.retrieve(intent.id)
    with pytest.raises(Rejected):
        bank.gateway.confirm(intent.id, order.payment_id)
    with pytest.raises(Rejected):
        bank.gateway.cancel(intent.id)


def test_an_intent_of_the_other_mode_is_listed_as_unreadable_and_refused_by_itself(
    bank: Bank,
) -> None:
    intent = bank.gateway.create(bank.order())
    bank.make_live(intent.id)

    (listed,) = bank.gateway.intents(LEDGER)
    assert isinstance(listed, UnreadableIntent)
    assert (listed.id, listed.livemode) == (intent.id, True)
    with pytest.raises(Unreachable) as refusal:
        bank.gateway.retrieve(intent.id)
    assert refusal.value.code == "gateway_mismatch"


def test_what_other_ledgers_made_is_passed_over(bank: Bank) -> None:
    """Also where it fills pages, and where it cannot be read."""
    mine = [bank.gateway.create(bank.order())]
    for _ in range(5):
        theirs = bank.gateway.create(replace(bank.order(), ledger_id="another"))
    bank.spoil(theirs.id)
    mine += [bank.gateway.create(bank.order())]

    assert list(bank.gateway.intents(LEDGER)) == [mine[1], mine[0]]
    assert len(list(bank.gateway.intents("another"))) == 5


def test_a_customer_explains_itself(bank: Bank) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    number = "Kd. 7/№=[a] & %20"

    made = bank.make_customer(number)

    assert (made.ledger_id, made.number) == (LEDGER, number)
    assert before <= made.created_at <= datetime.now(UTC) + timedelta(seconds=2)
    assert list(bank.gateway.customers(since=before)) == [made]


def test_a_customer_is_a_new_one_with_each_key(bank: Bank) -> None:
    first = bank.make_customer("C-7", "a")

    assert bank.make_customer("C-7", "a") == first
    assert bank.make_customer("C-7", "b").id != first.id


def test_customers_are_listed_newest_first(bank: Bank) -> None:
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    made = [bank.make_customer(f"C-{n % 70}") for n in range(120)]  # more than one page

    assert list(bank.gateway.customers(since=long_ago)) == made[::-1]
    assert list(bank.gateway.customers(since=made[0].created_at)) == made[::-1]
    assert list(bank.gateway.customers(since=datetime.now(UTC) + timedelta(hours=1))) == []


def test_what_the_account_has(bank: Bank) -> None:
    intent = bank.gateway.create(bank.order())

    assert bank.gateway.has(bank.customer)
    assert bank.gateway.has(intent.id)
    assert not bank.gateway.has("cus_another1")
    assert not bank.gateway.has("pi_another1")


def test_a_restricted_key_does_all_but_say_its_account(bank: Bank) -> None:
    account = bank.gateway.account()
    restricted = replace(bank, gateway=bank.restricted())

    with pytest.raises(AccountHidden) as hidden:
        restricted.gateway.account()

    assert hidden.value.named == account
    order = restricted.order()
    intent = restricted.gateway.create(order)
    assert restricted.gateway.has(intent.id)
    assert restricted.gateway.has(restricted.customer)
    confirmed = restricted.gateway.confirm(intent.id, order.payment_id)
    assert confirmed.status is IntentStatus.SUCCEEDED
    assert [i.id for i in restricted.gateway.intents(LEDGER)] == [intent.id]


def test_what_is_not_there_is_rejected(bank: Bank) -> None:
    bank.order()
    with pytest.raises(Rejected):
        bank.gateway.retrieve("pi_nothing")
    with pytest.raises(Rejected):
        bank.gateway.attach_method("pm_nothing", bank.customer)


def test_the_account_is_always_the_same(bank: Bank) -> None:
    assert bank.gateway.account() == bank.gateway.account() != ""


# --- Stripe's SDK only ----------------------------------------------------------------------------


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[tuple[Path, StripeGateway]]:
    path = tmp_path / "bank.sandbox"
    with SandboxServer(path) as server:
        yield path, StripeGateway(server.key, livemode=False, base_address=server.url)


@pytest.mark.parametrize(
    "kind", ["cut_body", "status_500_after", "not_json", "conflict_409", "redirect_307"]
)
def test_whatever_may_have_charged_is_no_answer(
    sandbox: tuple[Path, StripeGateway], kind: str
) -> None:
    path, gateway = sandbox
    bank = Bank(gateway, void, lambda: None)
    order = bank.order()
    intent = gateway.create(order)
    add_fault(path, CONFIRM, kind, times=5)  # type: ignore[arg-type]

    with pytest.raises(NoAnswer):
        gateway.confirm(intent.id, order.payment_id)


def test_a_429_is_tried_again_with_the_same_key(
    sandbox: tuple[Path, StripeGateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, gateway = sandbox
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    bank = Bank(gateway, void, lambda: None)
    order = bank.order()
    intent = gateway.create(order)
    add_fault(path, CONFIRM, "rate_limit_429", times=2)

    assert gateway.confirm(intent.id, order.payment_id).status is IntentStatus.SUCCEEDED
    assert pauses == [0.5, 1.0]


def test_an_old_failure_is_repeated_under_its_key_only(
    sandbox: tuple[Path, StripeGateway],
) -> None:
    """Stripe keeps a 500 for a day."""
    path, gateway = sandbox
    bank = Bank(gateway, void, lambda: None)
    add_fault(path, "POST /v1/customers", "status_500")

    for _ in range(2):
        with pytest.raises(NoAnswer):
            bank.make_customer("C-1", "a")

    assert bank.make_customer("C-1", "b").number == "C-1"


def test_other_programs_customers_are_not_ours(sandbox: tuple[Path, StripeGateway]) -> None:
    _, gateway = sandbox
    mine = Bank(gateway, void, lambda: None).make_customer("C-1")
    for _ in range(101):  # a page and more of theirs
        gateway._client.customers.create({"name": "Somebody", "metadata": {"shop": "1"}})

    assert list(gateway.customers(since=mine.created_at)) == [mine]


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("The key lacks permissions on account 'acct_1Ab2'. Having 'rak_x' would do.", "acct_1Ab2"),
        ("The key lacks permissions.", ""),
        ("", ""),
        ("See https://example.com/acct_", ""),
        (f"{'So it is. ' * 28}It is of 'acct_1Ab2Cd3Ef4Gh5Ij6Kl7'.", "acct_1Ab2Cd3Ef4Gh5Ij6Kl7"),
    ],
)
def test_a_refusal_need_not_name_the_account(
    sandbox: tuple[Path, StripeGateway],
    monkeypatch: pytest.MonkeyPatch,
    message: str,
    named: str,
) -> None:
    body = json.dumps({"error": {"type": "invalid_request_error", "message": message}})
    monkeypatch.setattr("stripe.RequestsClient.request", lambda *_, **__: (body.encode(), 403, {}))

    with pytest.raises(AccountHidden) as hidden:
        sandbox[1].account()

    assert hidden.value.named == named


def test_a_refusal_shows_nothing_of_the_key(tmp_path: Path) -> None:
    """Stripe repeats its first and last characters."""
    with SandboxServer(tmp_path / "bank.sandbox") as server:
        key = server.restricted_key
        gateway = StripeGateway(key, livemode=False, base_address=server.url)
        with pytest.raises(AccountHidden) as hidden:
            gateway.account()

    assert "(the key)" in hidden.value.message
    assert key[-4:] not in str(hidden.value)


def test_an_answer_of_the_other_mode_is_refused(tmp_path: Path) -> None:
    with SandboxServer(tmp_path / "bank.sandbox") as server:
        gateway = StripeGateway(server.key, livemode=True, base_address=server.url)
        with pytest.raises(Unreachable) as refusal:
            gateway.create_customer(Customer("C-1", "A"), LEDGER, "a key")

    assert refusal.value.code == "gateway_mismatch"


def test_proxy_variables_do_not_carry_charges_elsewhere(
    sandbox: tuple[Path, StripeGateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    assert sandbox[1].account().startswith("acct_")


def test_more_allocations_than_metadata_holds_are_left_out(
    sandbox: tuple[Path, StripeGateway],
) -> None:
    bank = Bank(sandbox[1], void, lambda: None)
    many = tuple(Allocation(f"INVOICE-{n:08d}", 1000) for n in range(2000))
    order = replace(bank.order(amount=2_000_000), allocations=many)

    found = bank.gateway.create(order).allocations

    assert 500 < len(found) < 2000
    assert found == many[: len(found)]


@pytest.mark.parametrize("body", ["{}", "[]", "null", '"x"', "1", '{"object": "payment_intent"}'])
@pytest.mark.parametrize("status", [200, 400])
def test_what_is_not_stripes_answer_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, body: str, status: int
) -> None:
    gateway = StripeGateway("sk_test_x", livemode=False, base_address="http://127.0.0.1:9")

    def answer(self: object, *more: object, **named: object) -> tuple[bytes, int, dict[str, str]]:
        return body.encode(), status, {}

    monkeypatch.setattr("stripe.RequestsClient.request", answer)
    # Only an error can say that nothing was done.
    expected = NoAnswer if status == 200 else (NoAnswer, Rejected)
    with pytest.raises(expected):
        gateway.retrieve("pi_1")
    with pytest.raises(expected):
        gateway.confirm("pi_1", "payment")
    with pytest.raises(expected):
        list(gateway.intents(LEDGER))


def test_other_programs_charges_on_the_account_are_not_ours(
    sandbox: tuple[Path, StripeGateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, gateway = sandbox
    bank = Bank(gateway, void, lambda: None)
    mine = gateway.create(bank.order())
    client = gateway._client.payment_intents
    client.create({"amount": 500, "currency": "usd", "customer": bank.customer})

    assert [intent.id for intent in gateway.intents(LEDGER)] == [mine.id]


def test_a_long_invoice_number_in_any_script_fits_the_metadata(
    sandbox: tuple[Path, StripeGateway],
) -> None:
    bank = Bank(sandbox[1], void, lambda: None)
    long = (Allocation("請" * 64, 12345),)

    assert sandbox[1].create(replace(bank.order(), allocations=long)).allocations == long
