"""How many payments a second, beside what the disk can make durable in the same rounds.

    python -m benchmarks.bench_payments

The real operations on a real ledger file; the gateway, the documents and the mailer are stubs
that answer at once, so what is timed is the ledger's way: claim, submitted, recorded, mailed.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeVar, cast

from benchmarks.measure import line, milliseconds, ratio, take_turns
from invoicepay.billing.customer import EVERYTHING, Actor, Company, Contact, Customer, Role, Session
from invoicepay.billing.errors import Unreachable
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import InvoiceDetail
from invoicepay.billing.method import Method, MethodType
from invoicepay.billing.plan import PaymentPlan
from invoicepay.billing.ports import (
    ChargeOrder,
    Intent,
    IntentStatus,
    InvoiceRow,
    Message,
    Ports,
    Receipt,
)
from invoicepay.ledger.file import create
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.ledger.unit import SqliteUnit
from invoicepay.operations.payments.pay import Pay, pay
from invoicepay.operations.payments.protocol.claim import claim
from invoicepay.operations.payments.quote import Quote, quote

T = TypeVar("T")
ROUNDS, PAYMENTS, CLAIMS = 7, 300, 600
WRITERS, WRITER_ROUNDS, SECONDS = 4, 4, 2.0
PER_TURN, TURNS = 3_000, 2 * (WRITER_ROUNDS + 1)
"""Invoices that a writer finds in a turn, more than it can pay, and how often it has one."""
BLOCK, BLOCKS = os.urandom(4096), 1000
"""The write-ahead log grows to so many pages before it is written from its start again."""
ACTOR = Actor("k1", "fin@example.com", Role.FINANCE, EVERYTHING, "s1")


class Office:
    """The ports that a payment uses. Implements billing.ports.Ports, and what it names here."""

    livemode = False

    def __init__(self, path: Path) -> None:
        self._ledger = SqliteLedger(path)
        self.ledger = self.gateway = self.documents = self.mailer = self.clock = self.ids = self
        self.commits = 0
        self._intents: dict[str, Intent] = {}

    # The ledger, with its commits counted.
    def read(self) -> AbstractContextManager[SqliteUnit]:
        return self._ledger.read()

    def transact(self, body: Callable[[SqliteUnit], T]) -> T:
        self.commits += 1
        return self._ledger.transact(body)

    # The gateway: a card that is always good.
    def create(self, order: ChargeOrder) -> Intent:
        intent = Intent(
            id=f"pi_{order.payment_id}",
            status=IntentStatus.REQUIRES_CONFIRMATION,
            amount_minor=order.amount_minor,
            currency=order.currency,
            livemode=False,
            customer=order.customer,
            created_at=self.now(),
            ledger_id=order.ledger_id,
            payment_id=order.payment_id,
        )
        self._intents[intent.id] = intent
        return intent

    def confirm(self, intent_id: str, payment_id: str) -> Intent:
        return replace(self._intents.pop(intent_id), status=IntentStatus.SUCCEEDED)

    def intents(self, ledger_id: str, *, customer: str = "") -> Iterator[Intent]:
        return iter(())

    # Documents, mail, time, chance.
    def receipt(self, receipt: Receipt, *, sandbox: bool) -> bytes:
        return b"%PDF"

    def invoices(
        self, company: Company, details: Iterable[InvoiceDetail], today: date, *, mode: Mode
    ) -> Iterator[bytes]:
        return (b"%PDF" for _ in details)

    def send(self, message: Message, *, seconds: float) -> None: ...

    def now(self) -> datetime:
        return datetime.now(UTC)

    real_now = now

    def new(self) -> str:
        return str(uuid.uuid4())

    # What is timed.
    def plan(self, number: str) -> PaymentPlan:
        plan = quote(Quote(numbers=(number,)), ACTOR, cast(Ports, self)).plan
        assert plan is not None
        return plan

    def pay(self, number: str) -> None:
        paid = pay(Pay(self.plan(number)), ACTOR, cast(Ports, self))
        assert paid.status == "succeeded"

    def claim(self, plan: PaymentPlan) -> None:
        claim(plan, ACTOR, cast(Ports, self))

    def close(self) -> None:
        self._ledger.close()


def main() -> None:
    # Beside us, since the usual temporary folder may be in memory.
    with TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as name:
        path = Path(name) / "ledger.db"
        make_ledger(path)
        alone(Path(name) / "blocks", path)
        together(path)


def make_ledger(path: Path) -> None:
    """A customer with a card, and with enough invoices, for each writer and for `alone`."""
    now = datetime.now(UTC)
    create(path, company=Company("Co"), mode=Mode.SANDBOX, ledger_id=str(uuid.uuid4()), now=now)
    ledger = SqliteLedger(path)
    with ledger.write() as unit:
        unit.contacts.put(Contact(ACTOR.contact_id, ACTOR.email, "Fin", ACTOR.role, (), "active"))
        later, idle = now + timedelta(days=1), 86_400
        unit.sessions.add(
            Session(ACTOR.session_id, "session", ACTOR.contact_id, "hash", now, later, idle, now)
        )
        for writer in range(WRITERS + 1):
            name = f"C-{writer}"
            unit.loading.put_customers([Customer(name, f"Customer {writer}")])
            unit.customers.set_gateway_id(name, f"cus_{writer}")
            method = Method(f"m{writer}", name, MethodType.CARD, "", "Visa", "4242", f"pm_{writer}")
            unit.methods.add(method)
            unit.methods.set_default(method)
            customer = unit.loading.customer(name)
            assert customer is not None
            first, day = unit.loading.next_id("invoices"), 20_700
            unit.loading.add_invoices(
                [
                    InvoiceRow(
                        first + i, number(writer, i), "invoice", customer.id, day, day + 30,
                        "USD", 12_345, 0, 0, "", "", "", 0, None, None, "",
                    )
                    for i in range(PER_TURN * TURNS)
                ]
            )  # fmt: skip
        unit.journal.append("bench", "", "", now, {})
    ledger.close()


def number(writer: int, i: int) -> str:
    return f"INV-{writer}-{i:06d}"


# --- One process ------------------------------------------------------------------------------


def alone(blocks: Path, path: Path) -> None:
    """What a commit costs and what a payment costs, beside the disk's fdatasync."""
    office, unpaid = Office(path), (number(WRITERS, i) for i in count())

    def payments() -> float:
        numbers = list(islice(unpaid, PAYMENTS))
        return per_second(lambda: each(office.pay, numbers), PAYMENTS)

    def claims() -> float:
        plans = list(map(office.plan, islice(unpaid, CLAIMS)))
        return per_second(lambda: each(office.claim, plans), CLAIMS)

    descriptor = os.open(blocks, os.O_RDWR | os.O_CREAT)
    works = {"fdatasync": lambda: fdatasyncs(descriptor), "claims": claims, "payments": payments}
    taken = take_turns(works, ROUNDS)
    os.close(descriptor)
    before = office.commits
    office.pay(next(unpaid))
    commits = office.commits - before
    office.close()
    floor = taken["fdatasync"]
    line("fdatasync of 4 KiB", f"{median(floor):,.0f} /s")
    show("claims, a commit each", taken["claims"], floor, "0.25")
    show(f"payments, {commits} commits each", taken["payments"], floor)
    show("  their commits", [rate * commits for rate in taken["payments"]], floor)


def fdatasyncs(descriptor: int) -> float:
    def work() -> None:
        for i in range(BLOCKS):
            os.pwrite(descriptor, BLOCK, i * len(BLOCK))
            os.fdatasync(descriptor)

    return per_second(work, BLOCKS)


def each(work: Callable[[T], object], things: Iterable[T]) -> None:
    for thing in things:
        work(thing)


def per_second(work: Callable[[], object], things: int) -> float:
    return 1000 / milliseconds(work, things)


def show(name: str, rates: list[float], floor: list[float], target: str = "") -> None:
    line(name, f"{median(rates):,.0f} /s", f"{ratio(rates, floor):.2f} x fdatasync", target)


# --- Several processes ------------------------------------------------------------------------


def together(path: Path) -> None:
    """One process beside several that pay at once, each its own invoices."""
    refused: list[str] = []
    with ProcessPoolExecutor(WRITERS, get_context("spawn")) as pool:
        turn = count()

        def writers(how_many: int) -> float:
            first, start_at = next(turn) * PER_TURN, time.time() + 0.3
            tasks = [
                pool.submit(pay_in_turn, path, writer, first, start_at)
                for writer in range(how_many)
            ]
            done = [task.result() for task in tasks]
            refused.extend(error for _, errors in done for error in errors)
            return sum(paid for paid, _ in done) / SECONDS

        works = {"one": lambda: writers(1), "several": lambda: writers(WRITERS)}
        taken = take_turns(works, WRITER_ROUNDS)
    line("payments, one process", f"{median(taken['one']):,.0f} /s")
    times = f"{ratio(taken['several'], taken['one']):.2f} x one"
    line(f"payments, {WRITERS} processes", f"{median(taken['several']):,.0f} /s", times, "0.9")
    line("  refused, such as 'database is locked'", f"{len(refused)}", "", "0")
    for error in dict.fromkeys(refused):
        print(f"  {error}")


def pay_in_turn(path: Path, writer: int, first: int, start_at: float) -> tuple[int, list[str]]:
    """Pay from `start_at` (the time of day) on: how many were paid, and what was refused."""
    office = Office(path)
    office.plan(number(writer, first))  # the file is open and everything imported
    paid, refused = 0, list[str]()
    time.sleep(max(start_at - time.time(), 0))
    for i in range(first, first + PER_TURN):
        if time.time() >= start_at + SECONDS:
            break
        try:
            office.pay(number(writer, i))
            paid += 1
        except Unreachable as error:
            refused.append(error.message)
    office.close()
    return paid, refused


if __name__ == "__main__":
    main()
