"""Every request, who may make it, and what it can name: the rights as a portal will have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from invoicepay.billing.customer import Role
from invoicepay.billing.invoice import InvoiceFilter, InvoiceState
from invoicepay.operations.app import Request
from invoicepay.operations.books.backup import BackUp
from invoicepay.operations.books.health import CheckHealth
from invoicepay.operations.books.journal import ListJournal, ShowJournalHead, VerifyJournal
from invoicepay.operations.books.repair import Repair
from invoicepay.operations.books.restore import ConfirmRestore, Restore, ShowRestore
from invoicepay.operations.company import BindAccount, SetCompany, ShowCompany
from invoicepay.operations.customers import ListCustomers, ShowCustomer
from invoicepay.operations.identity.contacts import DisableContact, InviteContact, ListContacts
from invoicepay.operations.identity.invites import AcceptInvite, CheckInvite
from invoicepay.operations.identity.login import LogIn, LogOut, WhoAmI
from invoicepay.operations.identity.password import ChangePassword
from invoicepay.operations.identity.tokens import CreateToken, ListTokens, RevokeToken
from invoicepay.operations.imports.import_records import ImportRecords
from invoicepay.operations.invoices import ListInvoices, RenderInvoices, ShowInvoice
from invoicepay.operations.mailing.deliver import SendMail
from invoicepay.operations.mailing.outbox import ALL, DiscardMail, ListMail
from invoicepay.operations.methods import (
    AttachTestMethod,
    ListMethods,
    RemoveMethod,
    SetDefaultMethod,
)
from invoicepay.operations.payments.acknowledgements import AcknowledgePayments
from invoicepay.operations.payments.cancel import CancelPayment
from invoicepay.operations.payments.find import ListPayments, ShowPayment
from invoicepay.operations.payments.pay import Pay, StopPayment
from invoicepay.operations.payments.quote import Quote
from invoicepay.operations.payments.receipt import RenderReceipt
from invoicepay.operations.payments.sync import Sync

PASSWORD, NEW_PASSWORD = "kettle-orbit-plum", "violet ladder 42 comet"
Names = Mapping[str, Any]
"""What a request is made of, by kind; `folder`, and `plan`: one of the asker's own."""

PUBLIC: frozenset[Role] = frozenset()
EVERYONE = frozenset({Role.CUSTOMER, Role.FINANCE, Role.ADMIN})
STAFF = frozenset({Role.FINANCE, Role.ADMIN})
ADMIN = frozenset({Role.ADMIN})
PERSONAL = {"token", "login", "code"}


@dataclass(frozen=True)
class Asked:
    """A request for each of `kinds` that it names: what is another's reads as absent."""

    type: type[Request[Any]]
    roles: frozenset[Role]
    make: Callable[[Names], Request[Any]]
    kinds: tuple[str, ...] = ()
    """None where everything is one's own or everybody's."""

    def __str__(self) -> str:
        return f"{self.type.__name__}({', '.join(self.kinds)})"


def _plan_with(names: Names) -> Pay:
    plan = names["plan"]
    line = plan.lines[0]
    invoice = replace(line.invoice, number=names["invoice"])
    method = replace(plan.method, id=names["method"])
    lines = (replace(line, invoice=invoice),)
    return Pay(replace(plan, customer=names["customer"], method=method, lines=lines))


REQUESTS: tuple[Asked, ...] = (
    # Who am I
    Asked(LogIn, PUBLIC, lambda n: LogIn(n["login"], PASSWORD), ("login",)),
    Asked(CheckInvite, PUBLIC, lambda n: CheckInvite(n["code"]), ("code",)),
    Asked(AcceptInvite, PUBLIC, lambda n: AcceptInvite(n["code"], NEW_PASSWORD), ("code",)),
    Asked(LogOut, EVERYONE, lambda n: LogOut()),
    Asked(WhoAmI, EVERYONE, lambda n: WhoAmI()),
    Asked(ChangePassword, EVERYONE, lambda n: ChangePassword(PASSWORD, NEW_PASSWORD)),
    Asked(CreateToken, EVERYONE, lambda n: CreateToken("nightly")),
    Asked(ListTokens, EVERYONE, lambda n: ListTokens()),
    Asked(RevokeToken, EVERYONE, lambda n: RevokeToken(n["token"]), ("token",)),
    Asked(RevokeToken, EVERYONE, lambda n: RevokeToken(n["token"][:8]), ("token",)),
    # Who else
    Asked(
        InviteContact,
        STAFF,
        lambda n: InviteContact(n["email"], (n["customer"],)),
        ("email", "customer"),
    ),
    Asked(ListContacts, STAFF, lambda n: ListContacts(n["customer"]), ("customer",)),
    Asked(DisableContact, STAFF, lambda n: DisableContact(n["email"]), ("email",)),
    Asked(ListCustomers, EVERYONE, lambda n: ListCustomers()),
    Asked(ShowCustomer, EVERYONE, lambda n: ShowCustomer(n["customer"]), ("customer",)),
    # Invoices
    Asked(
        ListInvoices,
        EVERYONE,
        lambda n: ListInvoices(InvoiceFilter(customer=n["customer"])),
        ("customer",),
    ),
    Asked(ShowInvoice, EVERYONE, lambda n: ShowInvoice(n["invoice"]), ("invoice",)),
    Asked(
        RenderInvoices, EVERYONE, lambda n: RenderInvoices(("INV-2", n["invoice"])), ("invoice",)
    ),
    Asked(
        RenderInvoices,
        EVERYONE,
        lambda n: RenderInvoices(selection=InvoiceFilter(customer=n["customer"])),
        ("customer",),
    ),
    Asked(
        ImportRecords,
        STAFF,
        lambda n: ImportRecords("customers", str(n["folder"] / "customers.csv")),
    ),
    # Payments
    Asked(ListMethods, EVERYONE, lambda n: ListMethods(n["customer"]), ("customer",)),
    Asked(SetDefaultMethod, EVERYONE, lambda n: SetDefaultMethod(n["method"]), ("method",)),
    Asked(RemoveMethod, EVERYONE, lambda n: RemoveMethod(n["method"]), ("method",)),
    Asked(
        AttachTestMethod,
        EVERYONE,
        lambda n: AttachTestMethod(n["customer"], "pm_card_visa"),
        ("customer",),
    ),
    Asked(
        Quote,
        EVERYONE,
        lambda n: Quote(
            numbers=(n["invoice"],), customer=n["customer"], method=n["method"], key="k"
        ),
        ("invoice", "customer", "method"),
    ),
    Asked(Quote, EVERYONE, lambda n: Quote(numbers=("INV-2", n["invoice"])), ("invoice",)),
    Asked(
        Quote,
        EVERYONE,
        lambda n: Quote(numbers=(n["invoice"],), amounts=((n["invoice"], "1.00"),)),
        ("invoice",),
    ),
    Asked(
        Quote,
        EVERYONE,
        lambda n: Quote(state=InvoiceState.OPEN, customer=n["customer"], currency="USD"),
        ("customer",),
    ),
    Asked(Pay, EVERYONE, _plan_with, ("invoice", "customer", "method")),
    Asked(ListPayments, EVERYONE, lambda n: ListPayments(customer=n["customer"]), ("customer",)),
    Asked(
        ListPayments,
        EVERYONE,
        lambda n: ListPayments(date(2026, 11, 1), customer=n["customer"]),
        ("customer",),
    ),
    *(
        Asked(type_, EVERYONE, lambda n, type_=type_, kind=kind: type_(n[kind]), (kind,))  # type: ignore[misc]
        for type_ in (ShowPayment, RenderReceipt)
        for kind in ("payment", "beginning", "receipt")
    ),
    Asked(ShowPayment, EVERYONE, lambda n: ShowPayment(n["held"], settle_first=True), ("held",)),
    Asked(CancelPayment, EVERYONE, lambda n: CancelPayment(n["held"]), ("held",)),
    Asked(CancelPayment, EVERYONE, lambda n: CancelPayment(n["held"][:8]), ("held",)),
    Asked(StopPayment, EVERYONE, lambda n: StopPayment(n["payment"]), ("payment",)),
    Asked(
        AcknowledgePayments, EVERYONE, lambda n: AcknowledgePayments((n["payment"],)), ("payment",)
    ),
    Asked(Sync, EVERYONE, lambda n: Sync()),
    # E-mail
    Asked(ListMail, EVERYONE, lambda n: ListMail()),
    *(
        asked
        for kind in ("payment", "beginning", "receipt")
        for asked in (
            Asked(ListMail, EVERYONE, lambda n, k=kind: ListMail(ALL, n[k]), (kind,)),  # type: ignore[misc]
            Asked(SendMail, EVERYONE, lambda n, k=kind: SendMail(n[k]), (kind,)),  # type: ignore[misc]
            Asked(SendMail, EVERYONE, lambda n, k=kind: SendMail(mails=(n[k],)), (kind,)),  # type: ignore[misc]
            Asked(DiscardMail, STAFF, lambda n, k=kind: DiscardMail((n[k],)), (kind,)),  # type: ignore[misc]
        )
    ),
    Asked(SendMail, EVERYONE, lambda n: SendMail(mails=(f"{n['payment']}@x",)), ("payment",)),
    Asked(SendMail, EVERYONE, lambda n: SendMail(now=True)),
    # The company
    Asked(ShowCompany, EVERYONE, lambda n: ShowCompany()),
    Asked(BindAccount, STAFF, lambda n: BindAccount("acct_scripted")),
    Asked(SetCompany, ADMIN, lambda n: SetCompany(phone="555")),
    Asked(CheckHealth, STAFF, lambda n: CheckHealth()),
    Asked(CheckHealth, STAFF, lambda n: CheckHealth(everything=True)),
    Asked(Repair, STAFF, lambda n: Repair()),
    Asked(ListJournal, STAFF, lambda n: ListJournal()),
    Asked(ShowJournalHead, STAFF, lambda n: ShowJournalHead()),
    Asked(VerifyJournal, STAFF, lambda n: VerifyJournal()),
    Asked(BackUp, STAFF, lambda n: BackUp(Path(n["folder"]) / "copy.db")),
    Asked(Restore, STAFF, lambda n: Restore(Path(n["folder"]) / "saved.db")),
    Asked(ShowRestore, STAFF, lambda n: ShowRestore()),
    Asked(ConfirmRestore, STAFF, lambda n: ConfirmRestore()),
)

NAMES_NOTHING: Mapping[type[Request[Any]], set[str]] = {
    LogIn: {"password"},
    CheckInvite: {"email"},
    AcceptInvite: {"password", "email"},
    ChangePassword: {"current", "new"},
    CreateToken: {"label", "days"},
    ListTokens: {"ended"},
    InviteContact: {"role", "name", "mail"},
    ListInvoices: {"limit", "totals"},
    ImportRecords: {"kind", "path", "mapping", "preset", "dry_run", "update"},
    AttachTestMethod: {"token", "label"},
    Quote: {
        *{"state", "currency", "memo", "expect_total", "max_total", "settle_first", "key"},
        "allow_pending",
        "include_disputed",
    },
    ListPayments: {"since", "status", "limit"},
    ShowPayment: {"settle_first"},
    ListMail: {"statuses", "limit"},
    SendMail: {"now"},
    SetCompany: {
        *{"name", "address", "email", "phone", "website", "tax_id", "time_zone", "currency"},
        *{"terms", "remit_to", "logo"},
    },
    BackUp: {"target"},
    Restore: {"backup", "other_ledger", "receipts_from"},
    BindAccount: {"account"},
    CheckHealth: {"everything"},
    ListJournal: {"since", "kind", "subject", "limit"},
    VerifyJournal: {"head"},
}
"""Fields that name nothing that is somebody's. Every other varies in REQUESTS."""
