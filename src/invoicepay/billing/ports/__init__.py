"""What operations need from the world. Adapters implement these; operations see nothing else.

Port calls are the only points where another process can get in between, and the only
places where time, chance or the network enter.
"""

from __future__ import annotations

from typing import Protocol

from invoicepay.billing.mail import OWED, Attachment, MailKind, MailStatus, Message, OutboxMail
from invoicepay.billing.ports.books import (
    BooksStore,
    ChargedPayment,
    ComparisonStore,
    JournalStore,
    OpenRestore,
    RestoreStore,
)
from invoicepay.billing.ports.bulk import (
    AllocationRow,
    InvoiceRow,
    LineRow,
    LoadedCustomer,
    LoadedInvoice,
    LoadingStore,
    PaymentRow,
)
from invoicepay.billing.ports.gateway import (
    AccountHidden,
    AttachedMethod,
    ChargeOrder,
    Gateway,
    GatewayCustomer,
    Intent,
    IntentStatus,
    NoAnswer,
    Rejected,
    Unreadable,
    UnreadableIntent,
)
from invoicepay.billing.ports.ledger import (
    CompanyStore,
    ContactStore,
    CustomerStore,
    InvoiceStore,
    KnownPayment,
    Ledger,
    MethodStore,
    OutboxStore,
    PaymentChange,
    PaymentFilter,
    PaymentStore,
    SessionStore,
    Unit,
)
from invoicepay.billing.ports.machine import (
    Clock,
    Document,
    Documents,
    Ids,
    Mailer,
    MailNotSent,
    Passwords,
    Receipt,
)

__all__ = [
    "OWED",
    "AccountHidden",
    "AllocationRow",
    "AttachedMethod",
    "Attachment",
    "BooksStore",
    "ChargeOrder",
    "ChargedPayment",
    "Clock",
    "CompanyStore",
    "ComparisonStore",
    "ContactStore",
    "CustomerStore",
    "Document",
    "Documents",
    "Gateway",
    "GatewayCustomer",
    "Ids",
    "Intent",
    "IntentStatus",
    "InvoiceRow",
    "InvoiceStore",
    "JournalStore",
    "KnownPayment",
    "Ledger",
    "LineRow",
    "LoadedCustomer",
    "LoadedInvoice",
    "LoadingStore",
    "MailKind",
    "MailNotSent",
    "MailStatus",
    "Mailer",
    "Message",
    "MethodStore",
    "NoAnswer",
    "OpenRestore",
    "OutboxMail",
    "OutboxStore",
    "Passwords",
    "PaymentChange",
    "PaymentFilter",
    "PaymentRow",
    "PaymentStore",
    "Ports",
    "Receipt",
    "Rejected",
    "RestoreStore",
    "SessionStore",
    "Unit",
    "Unreadable",
    "UnreadableIntent",
]


class Ports(Protocol):
    """Everything an operation may use. Adapters are made when first asked for."""

    @property
    def ledger(self) -> Ledger: ...
    @property
    def gateway(self) -> Gateway: ...
    @property
    def documents(self) -> Documents: ...
    @property
    def mailer(self) -> Mailer: ...
    @property
    def passwords(self) -> Passwords: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
