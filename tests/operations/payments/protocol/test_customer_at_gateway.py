"""A customer of ours is one customer at the gateway, whoever makes it, however often, whenever."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations
from pathlib import Path

import pytest
from greenlet import greenlet

from invoicepay.billing.customer import Customer, Scope
from invoicepay.billing.errors import Unreachable
from invoicepay.billing.ports import GatewayCustomer
from invoicepay.gateway.stripe_gateway import StripeGateway
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.methods import AttachTestMethod
from invoicepay.sandbox.advance import advance
from invoicepay.sandbox.clock import now
from invoicepay.sandbox.faults import add_fault
from invoicepay.sandbox.server import SandboxServer
from tests.operations.payments.protocol.test_restored import stranger_intent
from tests.world.clock import START, StandingClock
from tests.world.company import EVERYTHING, SmallCompany
from tests.world.scripted_gateway import Fault, ScriptedGateway
from tests.world.told import told

VISA = AttachTestMethod("C-1", "pm_card_visa")
CREATE = "POST /v1/customers"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Bank:
    """A gateway, and what can befall the making of a customer."""

    gateway: ScriptedGateway | StripeGateway
    clock: StandingClock
    lose_answer: Callable[[], None]
    fail_and_keep_the_failure: Callable[[], None]
    pass_days: Callable[[int], object]

    def open(self, ledger: Path) -> SmallCompany:
        return SmallCompany(SqliteLedger(ledger), self.gateway, self.clock)

    @property
    def customers(self) -> list[str]:
        """C-1's at the gateway, oldest first."""
        every = self.gateway.customers(since=LONG_AGO)
        return [c.id for c in every if c.number == "C-1"][::-1]


@pytest.fixture(params=["stripe on the sandbox", "scripted"])
def bank(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bank]:
    if request.param == "scripted":
        clock = StandingClock()
        scripted = ScriptedGateway(now=clock.now)
        yield Bank(
            scripted,
            clock,
            lambda: scripted.fail_next("create_customer", Fault.LOST_ANSWER),
            lambda: scripted.fail_next("create_customer", Fault.NOT_SENT),
            lambda days: clock.move(days=days),
        )
        return
    path = tmp_path / "bank.sandbox"
    with SandboxServer(path) as server:
        advance(path, max(START - now(path), timedelta(0)))
        yield Bank(
            StripeGateway(server.key, livemode=False, base_address=server.url),
            StandingClock(),
            lambda: add_fault(path, CREATE, "lose_answer", times=3),
            lambda: add_fault(path, CREATE, "status_500"),
            lambda days: advance(path, timedelta(days=days)),
        )


@pytest.fixture
def ledger(template: Path, tmp_path: Path) -> Path:
    """One that has nobody at the gateway yet."""
    return Path(shutil.copy(template, tmp_path / "ledger.db"))


@pytest.fixture
def scripted() -> ScriptedGateway:
    return ScriptedGateway(now=StandingClock().now)


def stored(company: SmallCompany) -> str:
    """C-1's id at the gateway, as the ledger has it."""
    with company.ledger.read() as unit:
        customer = unit.customers.get("C-1", EVERYTHING)
    assert customer is not None
    return customer.gateway_id


def methods(company: SmallCompany) -> int:
    with company.ledger.read() as unit:
        return len(unit.methods.of_customer("C-1", Scope(None)))


def test_the_ledger_keeps_the_id_with_the_account_and_tells(bank: Bank, ledger: Path) -> None:
    company = bank.open(ledger)
    company.call(VISA)
    company.call(VISA)

    (only,) = bank.customers
    with company.ledger.read() as unit:
        assert unit.company.identity().gateway_account == bank.gateway.account()
        assert unit.company.gateway_object() == only
    assert stored(company) == only
    company.assert_books_balance()


def test_whoever_is_there_is_neither_looked_for_nor_held_up(
    ledger: Path, scripted: ScriptedGateway
) -> None:
    """Not even by a charge that is not known: only payments are."""
    company = SmallCompany(SqliteLedger(ledger), scripted)
    company.call(VISA)
    scripted.found["pi_lost"] = stranger_intent(company)
    scripted.calls.clear()

    company.call(VISA)

    assert scripted.calls == ["attach_method"]


@pytest.mark.parametrize("days", [0, 2])
def test_a_lost_answer_leaves_no_second_one(bank: Bank, ledger: Path, days: int) -> None:
    """Days later too, when the gateway has forgotten the key."""
    company = bank.open(ledger)
    bank.lose_answer()
    with pytest.raises(Unreachable):
        company.call(VISA)
    assert stored(company) == ""
    bank.pass_days(days)

    company.call(VISA)

    assert bank.customers == [stored(company)]


def test_a_failure_that_the_gateway_keeps_is_not_met_again(bank: Bank, ledger: Path) -> None:
    company = bank.open(ledger)
    bank.fail_and_keep_the_failure()
    with pytest.raises(Unreachable):
        company.call(VISA)

    company.call(VISA)

    assert bank.customers == [stored(company)]


@pytest.mark.parametrize("days", [0, 400])
def test_a_restored_ledger_finds_the_one_that_it_forgot(
    bank: Bank, ledger: Path, tmp_path: Path, days: int
) -> None:
    company = bank.open(ledger)
    company.ledger.backup(tmp_path / "backup.db")
    company.call(VISA)
    bank.pass_days(days)

    restored = bank.open(tmp_path / "backup.db")
    assert stored(restored) == ""
    restored.call(VISA)

    assert stored(restored) == stored(company)
    assert len(bank.customers) == 1


def test_whoever_changed_name_or_address_is_found(bank: Bank, ledger: Path, tmp_path: Path) -> None:
    company = bank.open(ledger)
    company.ledger.backup(tmp_path / "backup.db")
    company.call(VISA)
    restored = bank.open(tmp_path / "backup.db")
    with restored.ledger.write() as unit:
        unit.loading.put_customers([Customer("C-1", "Another name", ("another@example.com",))])
        told(unit)

    restored.call(VISA)

    assert len(bank.customers) == 1


def test_of_several_the_oldest_is_taken_every_time(bank: Bank, ledger: Path) -> None:
    """Several can come of requests that arrive late."""
    ledger_id = bank.open(ledger).ledger.identity().id
    c1 = Customer("C-1", "Harbor Finch")
    first, *_ = [bank.gateway.create_customer(c1, ledger_id, key).id for key in "abc"]
    copies = [ledger.with_name(f"{n}.db") for n in range(3)]

    for copy in copies:
        shutil.copy(ledger, copy)
        company = bank.open(copy)
        company.call(VISA)
        assert stored(company) == first

    assert len(bank.customers) == 3


def test_another_ledgers_and_another_customers_are_not_taken(bank: Bank, ledger: Path) -> None:
    company = bank.open(ledger)
    ledger_id = company.ledger.identity().id
    for number, of_ledger in (("C-1", "another"), ("C-2", ledger_id), ("c-1", ledger_id)):
        bank.gateway.create_customer(Customer(number, "x"), of_ledger, f"{number} {of_ledger}")

    company.call(VISA)

    (mine,) = [c for c in bank.gateway.customers(since=LONG_AGO) if c.id == stored(company)]
    assert (mine.ledger_id, mine.number) == (ledger_id, "C-1")


def test_what_somebody_wrote_on_another_customers_does_not_give_it_away(
    bank: Bank, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = bank.open(ledger)
    company.call(VISA)
    anothers, real = stored(company), bank.gateway.customers

    def edited(*, since: datetime) -> Iterator[GatewayCustomer]:
        for c in real(since=since):
            number = "C-2" if c.id == anothers else c.number
            yield GatewayCustomer(c.id, c.created_at, c.ledger_id, number)

    monkeypatch.setattr(bank.gateway, "customers", edited)
    company.stranger.call(AttachTestMethod("C-2", "pm_card_visa"))

    with company.ledger.read() as unit:
        c2 = unit.customers.get("C-2", EVERYTHING)
    assert c2 is not None
    assert c2.gateway_id not in ("", anothers)


def test_a_method_goes_to_whom_the_ledger_has_by_then(template: Path, tmp_path: Path) -> None:
    """`sync`, say, has learnt of another from a charge meanwhile."""
    gateway = ScriptedGateway()
    company = SmallCompany(SqliteLedger(Path(shutil.copy(template, tmp_path / "l.db"))), gateway)
    other = gateway.create_customer(Customer("C-1", ""), "edited", "a key").id

    def another_process(call: str) -> None:
        if call == "create_customer":
            with company.another_process().ledger.write() as unit:
                assert unit.customers.set_gateway_id("C-1", other)
                told(unit)

    gateway.before = another_process
    company.call(VISA)

    assert stored(company) == other
    assert list(gateway._owners.values()) == [other]


def test_a_ledger_from_a_clock_that_was_ahead_finds_its_customers(
    ledger: Path, tmp_path: Path, scripted: ScriptedGateway
) -> None:
    """By two days: they were made before the ledger was, by the gateway's."""
    scripted.now = lambda: START - timedelta(days=2)
    company = SmallCompany(SqliteLedger(ledger), scripted)
    company.ledger.backup(tmp_path / "backup.db")
    company.call(VISA)

    restored = SmallCompany(SqliteLedger(tmp_path / "backup.db"), scripted)
    restored.call(VISA)

    assert stored(restored) == stored(company)
    assert len(scripted._customers) == 1


def test_a_list_that_has_not_the_newest_yet_loses_nobody(
    ledger: Path, scripted: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = SmallCompany(SqliteLedger(ledger), scripted)
    monkeypatch.setattr(scripted, "customers", lambda *, since: iter(()))

    company.call(VISA)

    assert [stored(company)] == list(scripted._customers)


def test_whom_another_process_has_just_stored_is_found(
    ledger: Path, scripted: ScriptedGateway
) -> None:
    """And no second one is made."""
    company = SmallCompany(SqliteLedger(ledger), scripted)

    def other(call: str) -> None:
        if call == "customers":
            scripted.before = lambda name: None
            company.another_process().call(VISA)

    scripted.before = other
    company.call(VISA)

    assert [stored(company)] == list(scripted._customers)


# --- At the same time ---------------------------------------------------------------------------

SWITCHES = ("customers", "create_customer", "attach_method")


def in_order(turns: Sequence[bool], gateway: ScriptedGateway, *acts: Callable[[], object]) -> int:
    """Run two acts, which change places at their calls of the gateway. `turns`: for each step
    after both have begun, whether the second goes on. How many steps there were."""
    hub = greenlet.getcurrent()
    first, second = workers = [greenlet(act) for act in acts]
    gateway.before = lambda call: void(call in SWITCHES and hub.switch())
    for worker in workers:
        worker.switch()
    steps = 0
    while not (first.dead and second.dead):
        wanted, other = (second, first) if turns[steps] else (first, second)
        (other if wanted.dead else wanted).switch()
        steps += 1
    gateway.before = void
    return steps


def void(result: object) -> None:
    """For what is called for its effect."""


STEPS = 8
"""Two times four: each attacher looks, makes one, looks again, attaches."""


def orders() -> Iterator[list[bool]]:
    """Every order of them."""
    for second in combinations(range(STEPS), STEPS // 2):
        yield [step in second for step in range(STEPS)]


def test_one_that_took_long_between_its_looks_takes_the_oldest(
    template: Path, tmp_path: Path
) -> None:
    """A copy has made another in between, not a day before this one was."""
    clock = StandingClock()
    gateway = ScriptedGateway(now=clock.now)
    slow, quick = (
        SmallCompany(SqliteLedger(Path(shutil.copy(template, tmp_path / name))), gateway, clock)
        for name in ("slow.db", "quick.db")
    )

    def copy(call: str) -> None:
        if call == "create_customer":
            gateway.before = void
            quick.call(VISA)
            clock.move(hours=23)

    gateway.before = copy
    slow.call(VISA)

    assert stored(slow) == stored(quick) == next(iter(gateway._customers))
    assert len(gateway._customers) == 2


@pytest.mark.parametrize("copied", [False, True], ids=["one ledger", "a copy of it"])
def test_two_at_once_in_every_order_use_the_same_customer(
    template: Path, tmp_path: Path, copied: bool
) -> None:
    """The oldest, whom everybody finds who looks later; every method is attached to it."""
    made, steps = set(), set()
    for number, turns in enumerate(orders()):
        paths = [tmp_path / f"{number}.{n}.db" for n in ((0, 1) if copied else (0, 0))]
        for path in paths:
            shutil.copy(template, path)
        gateway = ScriptedGateway(now=StandingClock().now)
        companies = [SmallCompany(SqliteLedger(path), gateway) for path in paths]

        steps.add(in_order(turns, gateway, *[partial(c.call, VISA) for c in companies]))

        oldest = next(iter(gateway._customers))
        assert [stored(company) for company in companies] == [oldest, oldest]
        assert list(gateway._owners.values()) == [oldest, oldest]
        assert {c.ledger.path: methods(c) for c in companies} == (
            {paths[0]: 1, paths[1]: 1} if copied else {paths[0]: 2}
        )
        made.add(len(gateway._customers))
        for company in companies:
            company.ledger.close()
    assert max(steps) == STEPS
    assert made == {1, 2}  # in some orders there is one that nobody uses
