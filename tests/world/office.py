"""A ledger in a folder, and a way to import texts into it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from invoicepay.billing.customer import EVERYTHING, Actor, Company, Contact, Role, Session
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import Invoice, InvoiceDetail, InvoiceFilter, InvoiceState
from invoicepay.billing.method import MethodType
from invoicepay.billing.payment import Allocation, Payment, PaymentStatus
from invoicepay.billing.ports import PaymentFilter, Ports
from invoicepay.ledger.file import create
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.imports.import_records import Imported, ImportRecords, import_records
from invoicepay.operations.imports.problems import BadRows, Problem
from tests.world.clock import StandingClock
from tests.world.ids import PlainIds
from tests.world.told import told

LEDGER = "ledger.db"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CUSTOMERS = "number,name,currency,terms_days\nC1,One Ltd,USD,30\nC2,Two GmbH,EUR,14\n"


@dataclass
class Office:
    """Imports files, and reads back what the ledger has then."""

    folder: Path
    ledger: SqliteLedger
    actor: Actor

    clock: StandingClock = field(default_factory=lambda: StandingClock(NOW))
    ids: PlainIds = field(default_factory=PlainIds)

    def file(self, content: str | bytes, name: str = "file.csv") -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def run(self, request: ImportRecords, actor: Actor | None = None) -> Imported:
        return import_records(request, actor or self.actor, cast(Ports, self))

    def take(
        self,
        kind: str,
        content: str | bytes,
        *,
        mapping: str = "",
        name: str = "file.csv",
        **options: bool,
    ) -> Imported:
        """Import `content` as a file of `name`."""
        toml = self.file(mapping, "mapping.toml") if mapping else ""
        return self.run(ImportRecords(kind, self.file(content, name), toml, **cast(Any, options)))

    def admin(self) -> Actor:
        """An admin who is logged in."""
        admin = Contact("k2", "adm@example.com", "Adm", Role.ADMIN, status="active")
        with self.ledger.write() as unit:
            unit.contacts.put(admin)
            told(unit)
            unit.sessions.add(_session("s2", admin.id))
        return Actor(admin.id, admin.email, admin.role, EVERYTHING, "s2")

    def reserve(self, invoice: str, amount: int) -> None:
        """As a payment of C1 under way does: claimed, with its allocation."""
        payment = Payment(
            id="p1",
            status=PaymentStatus.CLAIMED,
            customer="C1",
            currency="USD",
            amount_minor=amount,
            method_type=MethodType.CARD,
            method_label="Visa",
            created_at=NOW,
            initiated_by="x",
            livemode=False,
            allocations=(Allocation(invoice, amount),),
        )
        with self.ledger.write() as unit:
            unit.payments.add(payment)
            unit.invoices.reserve(payment.allocations)
            told(unit)

    def json(self, kind: str, *records: Mapping[str, object], **options: bool) -> Imported:
        text = "".join(json.dumps(record) + "\n" for record in records)
        return self.take(kind, text, name="file.jsonl", **cast(Any, options))

    def problems(self, kind: str, content: str | bytes, **options: Any) -> Sequence[Problem]:
        """What is wrong with `content`; nothing of it may be in the ledger then."""
        before = self.everything()
        with pytest.raises(BadRows) as caught:
            self.take(kind, content, **options)
        assert self.everything() == before
        return caught.value.problems

    def everything(self) -> list[str]:
        """All rows of the ledger, as SQL; its books tie out."""
        with self.ledger.read() as unit:
            assert unit.books.differences() == []
            assert unit.journal.verify().differences == ()
            return list(unit._connection.iterdump())

    def invoice(self, number: str) -> Invoice:
        with self.ledger.read() as unit:
            found = unit.invoices.get(number, EVERYTHING)
        assert found is not None
        return found

    def detail(self, number: str) -> InvoiceDetail:
        with self.ledger.read() as unit:
            found = unit.invoices.detail(number, EVERYTHING)
        assert found is not None
        return found

    def invoices(self) -> tuple[Invoice, ...]:
        with self.ledger.read() as unit:
            every = InvoiceFilter(state=InvoiceState.ALL)
            return unit.invoices.page(every, EVERYTHING, NOW.date()).items

    def payments(self) -> tuple[Payment, ...]:
        """Oldest first."""
        with self.ledger.read() as unit:
            return unit.payments.page(PaymentFilter(), EVERYTHING).items[::-1]

    def journal(self) -> list[tuple[str, str, dict[str, Any]]]:
        with self.ledger.read() as unit:
            rows = unit._connection.execute("SELECT kind, subject, data FROM journal ORDER BY seq")
            return [(kind, subject, json.loads(data)) for kind, subject, data in rows]


def _session(session_id: str, contact_id: str) -> Session:
    later = NOW + timedelta(days=1)
    return Session(session_id, "session", contact_id, session_id, NOW, later, 3600, NOW)


def set_up_office(folder: Path) -> Office:
    """An office with a new ledger in `folder`, without customers."""
    path = folder / LEDGER
    create(path, company=Company("Co"), mode=Mode.SANDBOX, ledger_id=str(uuid.UUID(int=7)), now=NOW)
    office = open_office(folder)
    contact = Contact("k1", "fin@example.com", "Fin", Role.FINANCE, status="active")
    with office.ledger.write() as unit:
        unit.contacts.put(contact)
        told(unit)
        unit.sessions.add(_session("s1", contact.id))
    return office


def open_office(folder: Path) -> Office:
    """The office whose ledger is in `folder`."""
    actor = Actor("k1", "fin@example.com", Role.FINANCE, EVERYTHING, "s1")
    return Office(folder, SqliteLedger(folder / LEDGER), actor)
