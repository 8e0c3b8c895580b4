"""A small company on a real ledger file, with a gateway to script and a clock that stands still."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from invoicepay.billing.customer import Company, Contact, Role, Scope, Session
from invoicepay.billing.errors import Refused
from invoicepay.billing.identity import Mode
from invoicepay.billing.invoice import Invoice, InvoiceDetail
from invoicepay.billing.payment import Payment
from invoicepay.billing.ports import Document, Receipt
from invoicepay.ledger.file import create
from invoicepay.ledger.sqlite_ledger import SqliteLedger
from invoicepay.operations.app import App, Request
from invoicepay.operations.identity.secret_hash import secret_hash
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.mailing.deliver import SendMail
from invoicepay.operations.methods import AttachTestMethod
from invoicepay.operations.payments.acknowledgements import AcknowledgePayments
from invoicepay.operations.payments.pay import Pay
from invoicepay.operations.payments.quote import Quote
from tests.world.clock import START, StandingClock
from tests.world.ids import PlainIds
from tests.world.mailer import KeptMail
from tests.world.scripted_gateway import ScriptedGateway
from tests.world.told import told

R = TypeVar("R")
EVERYTHING = Scope(None)
CUSTOMER, OTHER = "C-1", "C-2"
_INVOICES = """\
number,customer,issued_on,due_on,currency,total
INV-1,C-1,2026-10-01,2026-10-31,USD,100.00
INV-2,C-1,2026-10-10,2026-11-09,USD,250.50
INV-3,C-1,2026-10-20,2026-11-19,USD,75.25
INV-4,C-1,2026-10-20,2026-11-19,EUR,60.00
INV-9,C-2,2026-10-20,2026-11-19,USD,500.00
"""


class NoDocuments:
    """Stands in for PDFs, which have tests of their own."""

    def invoices(
        self, company: Company, details: Iterable[InvoiceDetail], today: date, *, mode: Mode
    ) -> Iterator[Document]:
        return (Document(b"%PDF", "") for _ in details)

    def logo(self, content: bytes) -> bytes:
        return content

    def receipt(self, receipt: Receipt, *, mode: Mode) -> Document:
        return Document(b"%PDF", "")


@dataclass
class SmallCompany:
    """Implements billing.ports.Ports. `payer` is the contact of C-1, `finance` sees all."""

    ledger: SqliteLedger
    gateway: Any
    clock: StandingClock = field(default_factory=StandingClock)
    ids: PlainIds = field(default_factory=PlainIds)
    documents: NoDocuments = field(default_factory=NoDocuments)
    mailer: KeptMail = field(default_factory=KeptMail)
    passwords: Any = None

    def contact(self, name: str) -> App:
        return App(self, lambda: name)

    @property
    def payer(self) -> App:
        return self.contact("payer")

    @property
    def stranger(self) -> App:
        return self.contact("stranger")

    @property
    def finance(self) -> App:
        return self.contact("finance")

    def call(self, request: Request[R]) -> R:
        return self.payer.call(request)

    def pay(self, *numbers: str, **more: Any) -> Payment:
        """Quote and pay as C-1's contact, who is shown what comes of it."""
        quoted = self.call(Quote(numbers=numbers, **more))
        payment = quoted.existing or self.call(Pay(quoted.plan))  # type: ignore[arg-type]
        self.show(payment)
        return payment

    def show(self, payment: Payment) -> None:
        """What the command does once it has written how the payment stands."""
        self.call(AcknowledgePayments((payment.id,)))
        self.call(SendMail(payment.id))

    def invoice(self, number: str) -> Invoice:
        with self.ledger.read() as unit:
            invoice = unit.invoices.get(number, EVERYTHING)
        assert invoice is not None
        return invoice

    def payment(self, payment_id: str) -> Payment:
        with self.ledger.read() as unit:
            payment = unit.payments.get(payment_id, EVERYTHING)
        assert payment is not None
        return payment

    def assert_books_balance(self) -> None:
        assert self.ledger.integrity() == []
        with self.ledger.read() as unit:
            assert unit.books.differences() == []
            assert unit.journal.verify().differences == ()

    def another_process(self) -> SmallCompany:
        """The same ledger, gateway and clock through a connection of its own."""
        return SmallCompany(
            SqliteLedger(self.ledger.path), self.gateway, self.clock, mailer=self.mailer
        )


def pay_knowingly(app: App, quote: Quote) -> Payment:
    """As somebody who reads each refusal that tells of an earlier charge, and pays all the same."""
    told: set[str] = set()
    while True:
        try:
            quoted = app.call(quote)
            payment = quoted.existing or app.call(Pay(quoted.plan))  # type: ignore[arg-type]
        except Refused as refusal:
            if refusal.code != "not_acknowledged" or refusal.payment in told:
                raise
            told.add(refusal.payment)
            app.call(AcknowledgePayments((refusal.payment,)))
        else:
            app.call(AcknowledgePayments((payment.id,)))
            return payment


def make_template(folder: Path, mode: Mode = Mode.SANDBOX) -> Path:
    """A ledger with customers, invoices and contacts, for tests to copy."""
    path = folder / "template.db"
    create(
        path,
        company=Company("Tidewheel Supply Co.", time_zone="America/New_York"),
        mode=mode,
        ledger_id=str(uuid.UUID(int=7)),
        now=START,
    )
    company = SmallCompany(SqliteLedger(path), None)
    customers = folder / "customers.csv"
    customers.write_text("number,name\nC-1,Harbor Finch\nC-2,Nettle Hill\n")
    invoices = folder / "invoices.csv"
    invoices.write_text(_INVOICES)
    add_contact(company, "finance", Role.FINANCE)
    company.finance.call(ImportRecords("customers", str(customers)))
    company.finance.call(ImportRecords("invoices", str(invoices)))
    add_contact(company, "payer", Role.CUSTOMER, CUSTOMER)
    add_contact(company, "stranger", Role.CUSTOMER, OTHER)
    company.ledger.close()
    return path


def open_copy(
    template: Path, folder: Path, gateway: Callable[[StandingClock], Any] | None = None
) -> SmallCompany:
    """A company of the test's own. C-1 has methods: a good card (default), one that declines,
    and a bank account (default of its type)."""
    path = folder / "ledger.db"
    shutil.copy(template, path)
    clock = StandingClock()
    made = gateway(clock) if gateway else ScriptedGateway(now=clock.now)
    company = SmallCompany(SqliteLedger(path), made, clock)
    for token in ("pm_usBankAccount_success", "pm_card_visa", "pm_card_chargeCustomerFail"):
        company.call(AttachTestMethod(CUSTOMER, token))
    if isinstance(made, ScriptedGateway):
        made.calls.clear()
    return company


def add_contact(company: SmallCompany, name: str, role: Role, *customers: str) -> None:
    contact = Contact(name, f"{name}@example.com", name, role, customers, "active")
    far = START + timedelta(days=3650)
    session = Session(f"session-{name}", "token", name, secret_hash(name), START, far, 10**9, START)
    with company.ledger.write() as unit:
        unit.contacts.put(contact)
        told(unit)
        unit.sessions.add(session)
