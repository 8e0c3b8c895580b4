"""Who may do what: one table, role × request.

Which customers' objects a role may see is the actor's Scope, on every read. On one machine
these are guard rails: whoever can read the ledger's file is trusted.
"""

from __future__ import annotations

from invoicepay.billing.customer import Role

PUBLIC: frozenset[Role] = frozenset()
"""Needs no session."""
EVERYONE = frozenset(Role)
STAFF = frozenset({Role.FINANCE, Role.ADMIN})
ADMIN = frozenset({Role.ADMIN})

RIGHTS: dict[str, frozenset[Role]] = {
    # Who am I
    "LogIn": PUBLIC,
    "CheckInvite": PUBLIC,
    "AcceptInvite": PUBLIC,
    "LogOut": EVERYONE,
    "WhoAmI": EVERYONE,
    "ChangePassword": EVERYONE,
    "CreateToken": EVERYONE,
    "ListTokens": EVERYONE,
    "RevokeToken": EVERYONE,
    # Who else
    "InviteContact": STAFF,
    "ListContacts": STAFF,
    "DisableContact": STAFF,
    "ListCustomers": EVERYONE,
    "ShowCustomer": EVERYONE,
    # Invoices
    "ListInvoices": EVERYONE,
    "ShowInvoice": EVERYONE,
    "RenderInvoices": EVERYONE,
    "ImportRecords": STAFF,
    # Payments
    "ListMethods": EVERYONE,
    "SetDefaultMethod": EVERYONE,
    "RemoveMethod": EVERYONE,
    "AttachTestMethod": EVERYONE,
    "Quote": EVERYONE,
    "Pay": EVERYONE,
    "StopPayment": EVERYONE,
    "AcknowledgePayments": EVERYONE,
    "ListPayments": EVERYONE,
    "ShowPayment": EVERYONE,
    "RenderReceipt": EVERYONE,
    "CancelPayment": EVERYONE,
    "Sync": EVERYONE,
    # E-mail
    "ListMail": EVERYONE,
    "SendMail": EVERYONE,
    "DiscardMail": STAFF,
    # The company
    "ShowCompany": EVERYONE,
    "SetCompany": ADMIN,
    "BindAccount": STAFF,
    "CheckHealth": STAFF,
    "BackUp": STAFF,
    "Restore": STAFF,
    "ShowRestore": STAFF,
    "ConfirmRestore": STAFF,
    "Repair": STAFF,
    "ListJournal": STAFF,
    "ShowJournalHead": STAFF,
    "VerifyJournal": STAFF,
}
