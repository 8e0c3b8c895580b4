"""A company with customers and staff, on a real ledger, with a clock that stands still."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from invoicepay.billing.customer import Company, Contact, Customer, Role
from invoicepay.billing.errors import InvoicepayError
from invoicepay.billing.identity import Mode
from invoicepay.credentials.ids import RandomIds
from invoicepay.credentials.passwords import Argon2Passwords
from invoicepay.documents import PdfDocuments
from invoicepay.ledger.file import create
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.app import App, Request
from invoicepay.operations.identity.login import LogIn
from tests.world.clock import START, StandingClock
from tests.world.told import told

R = TypeVar("R")
PASSWORD = "kettle-orbit-plum"


class CountedPasswords(Argon2Passwords):
    """Cheap, and keeps what it was asked; `during` runs while one is being computed."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[tuple[str, str]] = []
        self.hashed = 0
        self.during: Any = None

    def verify(self, password_hash: str, password: str) -> bool:
        self.verified.append((password_hash, password))
        if self.during:
            act, self.during = self.during, None
            act()
        return super().verify(password_hash, password)

    def hash(self, password: str) -> str:
        self.hashed += 1
        return super().hash(password)


@dataclass
class World:
    """Ports, with only what these operations use; each `as_…` is an App of somebody."""

    path: Path
    ledger: SqliteLedger
    clock: StandingClock = field(
        default_factory=lambda: StandingClock(real_ahead=timedelta(days=-1))
    )
    passwords: CountedPasswords = field(default_factory=CountedPasswords)
    ids: RandomIds = field(default_factory=RandomIds)
    gateway: Any = None
    documents: Any = field(default_factory=PdfDocuments)
    mailer: Any = None

    def app(self, secret: str = "") -> App:
        return App(self, lambda: secret)

    def call(self, request: Request[R], secret: str = "") -> R:
        return self.app(secret).call(request)

    def log_in(self, email: str, password: str = PASSWORD) -> str:
        return self.call(LogIn(email, password)).token

    def error(self, request: Request[Any], secret: str = "") -> InvoicepayError:
        with pytest.raises(InvoicepayError) as caught:
            self.call(request, secret)
        assert "\n" not in caught.value.message
        return caught.value

    def code(self, request: Request[Any], secret: str = "") -> str:
        return self.error(request, secret).code

    def contact(self, email: str) -> Contact:
        with self.ledger.read() as unit:
            found = unit.contacts.by_email(email)
        assert found is not None
        return found

    def journal(self) -> list[tuple[str, str, dict[str, Any]]]:
        with closing(sqlite3.connect(self.path)) as db:
            rows = db.execute("SELECT kind, actor, data FROM journal ORDER BY seq").fetchall()
        return [(kind, actor, json.loads(data)) for kind, actor, data in rows]

    def holds(self, secret: str) -> bool:
        """Whether the ledger's files hold the text, in whatever table."""
        files = self.path.parent.glob(f"{self.path.name}*")
        return any(secret.encode() in file.read_bytes() for file in files)


def make_world(folder: Path) -> World:
    path = folder / "ledger.db"
    create(
        path,
        company=Company("Acme Tools", email="billing@acme.example"),
        mode=Mode.SANDBOX,
        ledger_id="ledger-1",
        now=START,
    )
    world = World(path, SqliteLedger(path))
    people = [
        ("admin@acme.example", Role.ADMIN, ()),
        ("second@acme.example", Role.ADMIN, ()),
        ("finance@acme.example", Role.FINANCE, ()),
        ("bob@one.example", Role.CUSTOMER, ("C-1",)),
        ("eve@two.example", Role.CUSTOMER, ("C-2", "C-3")),
    ]
    password_hash = world.passwords.hash(PASSWORD)
    with world.ledger.write() as unit:
        unit.loading.put_customers(
            [Customer(f"C-{i}", f"Customer {i}", currency="USD") for i in (1, 2, 3)]
        )
        for email, role, customers in people:
            unit.contacts.put(
                Contact(email, email, email.split("@")[0], role, customers, "active", password_hash)
            )
        told(unit)
    world.passwords.hashed = 0
    return world
