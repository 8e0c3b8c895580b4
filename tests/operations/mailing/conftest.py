"""A ledger with payments that e-mail is owed for, and a mailer that does as it is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from invoicepay.billing.customer import EVERYTHING, Company, Contact, Customer, Role
from invoicepay.billing.identity import Mode
from invoicepay.billing.method import MethodType
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus
from invoicepay.billing.ports import (
    Document,
    Mailer,
    MailKind,
    OutboxMail,
    PaymentChange,
    Receipt,
)
from invoicepay.ledger.file import create
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from tests.world.clock import START, StandingClock
from tests.world.mailer import KeptMail
from tests.world.told import told

LATER = timedelta(days=5000)
"""The real time, which is for how long things take; mail is due by the business's clock."""


@dataclass
class Pages:
    """Documents that are not: only what they were asked for."""

    asked: list[tuple[Receipt, Mode]] = field(default_factory=list)
    error: Exception | None = None

    def receipt(self, receipt: Receipt, *, mode: Mode) -> Document:
        if self.error:
            raise self.error
        self.asked.append((receipt, mode))
        return Document(b"%PDF " + receipt.payment.id.encode(), "")


@dataclass
class World:
    path: Path
    ledger: SqliteLedger
    mailer: Mailer
    post: KeptMail
    documents: Any = field(default_factory=Pages)
    clock: StandingClock = field(default_factory=lambda: StandingClock(real_ahead=LATER))
    gateway: Any = None
    passwords: Any = None
    ids: Any = None

    def pay(self, name: str, status: PaymentStatus, **changes: Any) -> Payment:
        """A payment for INV-1 and INV-2, or as `changes` say, in `status`."""
        now = self.clock.now()
        payment = Payment(
            id=name,
            status=PaymentStatus.CLAIMED,
            customer="C-1",
            currency="USD",
            amount_minor=184_250,
            method_type=MethodType.ACH,
            method_label="Test Bank ending 6789",
            created_at=now,
            initiated_by="bob@one.example",
            livemode=False,
            allocations=(Allocation("INV-1", 100_000), Allocation("INV-2", 84_250)),
        )
        payment = replace(payment, **changes)
        with self.ledger.write() as unit:
            unit.payments.add(payment)
            unit.invoices.reserve(payment.allocations)
            assert unit.payments.change(
                payment, PaymentChange(PaymentStatus.SUBMITTED, gateway_id=f"pi_{name}")
            )
            payment = replace(payment, status=PaymentStatus.SUBMITTED)
            failed = status is PaymentStatus.FAILED
            number = None if failed else unit.payments.next_receipt_number()
            change = PaymentChange(status, receipt_number=number)
            if status is PaymentStatus.SUCCEEDED:
                change = replace(change, settled_at=now, effective_on=now.date())
                unit.invoices.apply(payment.allocations, now.date())
            elif status is PaymentStatus.FAILED:
                change = replace(change, settled_at=now, failure_message="Insufficient funds.")
                unit.invoices.release(payment.allocations)
            assert unit.payments.change(payment, change)
            told(unit)
            found = unit.payments.get(name, EVERYTHING)
        assert found is not None
        return found

    def owe(self, payment: Payment, kind: MailKind, to: str = "bob@one.example") -> str:
        message_id = f"{payment.id}.{kind}@ledger-1.invoicepay"
        with self.ledger.write() as unit:
            unit.outbox.add(
                OutboxMail(message_id, kind, payment.id, to, created_at=self.clock.now())
            )
        return message_id

    def waiting(self) -> list[OutboxMail]:
        with self.ledger.read() as unit:
            return unit.outbox.owed(EVERYTHING)


def made(path: Path, mode: Mode = Mode.SANDBOX) -> World:
    create(
        path,
        company=Company("Acme Tools", email="billing@acme.example", phone="+1 555 0100"),
        mode=mode,
        ledger_id="ledger-1",
        now=START,
    )
    ledger, post = SqliteLedger(path), KeptMail(needs_sender=True)
    with ledger.write() as unit:
        unit.loading.put_customers([Customer("C-1", "One Inc.", currency="USD")])
        unit.contacts.put(
            Contact("c", "bob@one.example", "Bob", Role.CUSTOMER, ("C-1",), "active", "")
        )
        told(unit)
    with closing(sqlite3.connect(path)) as db:
        for number, total in (("INV-1", 100_000), ("INV-2", 90_000)):
            db.execute(
                "INSERT INTO invoices (number, kind, customer_id, issued_day, due_day, currency, "
                "total_minor) VALUES (?, 'invoice', 1, 20000, 20030, 'USD', ?)",
                (number, total),
            )
        db.commit()
    return World(path, ledger, post, post)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[Mode], World]]:
    worlds: list[World] = []

    def make(mode: Mode) -> World:
        worlds.append(made(tmp_path / f"{mode}.db", mode))
        return worlds[-1]

    yield make
    for world in worlds:
        world.ledger.close()


@pytest.fixture
def world(make: Callable[[Mode], World]) -> World:
    return make(Mode.SANDBOX)
