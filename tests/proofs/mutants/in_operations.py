"""Bugs around the protocol: amounts, keys, rights, imports, sync."""

from __future__ import annotations

from tests.proofs.mutants.edits import never, remove, replace
from tests.proofs.mutants.mutant import Mutant

_NOT_CHARGEABLE = "tests/operations/payments/test_not_chargeable.py"
_TEST_MONEY = "tests/billing/test_money.py"
_TEST_PAY = "tests/operations/payments/test_pay.py"
_TEST_KEYS = "tests/operations/payments/test_keys.py"
_IDENTITY = "tests/operations/identity"
_IMPORTS = "tests/operations/imports"

IN_OPERATIONS = (
    # --- Amounts ---
    Mutant(
        "every-currency-is-charged",
        "a payment is claimed in a currency that the gateway does not have",
        "check_limits",
        replace("currency not in CHARGED", "not currency"),
        _NOT_CHARGEABLE,
    ),
    Mutant(
        "every-decimal-is-charged",
        "a payment is claimed with a third decimal that the gateway refuses",
        "check_limits",
        never("total_minor % limits.step"),
        _NOT_CHARGEABLE,
    ),
    Mutant(
        "a-filter-pays-what-cannot-be-charged",
        "one invoice in another currency stops everybody who pays all that is open",
        "leave_out",
        replace("invoice.currency not in CHARGED", "not invoice.currency"),
        _NOT_CHARGEABLE,
    ),
    Mutant(
        "float-in-the-parser",
        "19.99 becomes 1998 cents",
        "parse_minor",
        replace(
            "found[2] + fraction[:places]",
            "float(found[2] + '.' + (fraction[:places] or '0')) * 10 ** places",
        ),
        _TEST_MONEY,
    ),
    Mutant(
        "split-rounds",
        "the parts of an amount do not add up to it",
        "split",
        replace("minor_units * weight // whole", "round(minor_units * weight / whole)"),
        _TEST_MONEY,
    ),
    Mutant(
        "decimals-cut",
        "1.239 is read as 1.23",
        "parse_minor",
        never("fraction[places:].strip('0')"),
        _TEST_MONEY,
    ),
    # --- Keys ---
    Mutant(
        "key-ignored",
        "a script that tries again pays again",
        "quote",
        never("request.key"),
        _TEST_KEYS,
    ),
    Mutant(
        "key-for-anything",
        "a key that was used answers for a payment of something else",
        "_attempt",
        never("payment.request_digest not in same"),
        _TEST_KEYS,
    ),
    Mutant(
        "key-of-one-machine",
        "a key pays again for what a copy of the ledger has charged under it",
        "_attempt",
        replace(
            "attempts = {p.id: p for p in unit.payments.with_key(key_id, actor.scope)}",
            "attempts: dict[str, Payment] = {}",
        ),
        "tests/operations/payments/protocol/test_restored.py",
    ),
    Mutant(
        "key-of-everybody",
        "one customer's key answers with another's payment",
        "_attempt",
        replace(r"f'{customer}\n{request.key}'", "f'{request.key}'"),
        _TEST_KEYS,
    ),
    Mutant(
        "key-of-the-contact",
        "payer and finance with one key pay twice",
        "_attempt",
        replace(r"f'{customer}\n{request.key}'", r"f'{actor.contact_id}\n{request.key}'"),
        _TEST_KEYS,
    ),
    Mutant(
        "declined-key-tries-again",
        "a key whose payment somebody canceled pays after all",
        "Payment.given_up",
        replace(
            "self.status is PaymentStatus.CANCELED and self.failure_code == GIVEN_UP",
            "self.status is PaymentStatus.CANCELED",
        ),
        _TEST_KEYS,
    ),
    Mutant(
        "canceled-key-is-dead",
        "after an outage the same key never pays",
        "Payment.given_up",
        replace("self.status is PaymentStatus.CANCELED and self.failure_code == GIVEN_UP", "False"),
        _TEST_KEYS,
    ),
    Mutant(
        "max-total-ignored",
        "a script is charged more than it allowed",
        "_check_total",
        never("most < total"),
        _TEST_PAY,
    ),
    # --- Who may ---
    Mutant(
        "revoked-session-works",
        "logging out, or revoking a leaked token, does nothing",
        "authenticate",
        replace(
            "not session.live_at(now) or contact.status != 'active'", "contact.status != 'active'"
        ),
        _IDENTITY,
    ),
    Mutant(
        "disabled-contact-works",
        "who was disabled goes on",
        "authenticate",
        replace(
            "not session.live_at(now) or contact.status != 'active'", "not session.live_at(now)"
        ),
        f"{_IDENTITY}/test_sessions.py",
    ),
    Mutant(
        "role-ignored",
        "a customer's contact imports invoices and invites administrators",
        "App.check",
        never("actor.role not in roles"),
        _IDENTITY,
    ),
    # --- Sync ---
    Mutant(
        "sync-forgets-what-failed",
        "a charge that could not be adopted is never looked at again",
        "_reconcile",
        remove("left.append(intent)"),
        "tests/operations/payments/protocol/test_slow_copies.py",
    ),
    # --- Imports ---
    Mutant(
        "look-alikes-taken",
        "one invoice under two numbers that nobody can tell apart is paid twice",
        "Spellings.find",
        replace("raise looks_like(field, text, alike[0])", "return normalized(text)"),
        f"{_IMPORTS}/test_spellings.py",
    ),
    Mutant(
        "each-spelling-a-number",
        "an invoice is one as Windows spells it and another as macOS does",
        "Spellings.find",
        replace("normalized(text)", "text"),
        f"{_IMPORTS}/test_spellings.py",
    ),
    Mutant(
        "one-address-told",
        "of a customer's addresses only the last hears of payments",
        "queue_mail",
        replace("f'-{number}' if number > 1 else ''", "''"),
        "tests/operations/payments/protocol/test_news.py",
    ),
    Mutant(
        "import-ignores-reservations",
        "a cheque pays what a card is paying at this moment",
        "_allocations",
        replace(
            "invoice.total_minor - invoice.paid_minor - invoice.reserved_minor",
            "invoice.total_minor - invoice.paid_minor",
        ),
        f"{_IMPORTS}/test_payments.py",
    ),
    Mutant(
        "import-counts-twice",
        "the same cheque in the next file is money again",
        "Job.payment_id",
        replace("str(uuid.uuid5(...))", "str(uuid.uuid4())"),
        f"{_IMPORTS}/test_payments.py",
    ),
    Mutant(
        "one-file-pays-twice",
        "two cheques of one file pay the same invoice in full",
        "_allocations",
        replace(
            "invoices[invoice.number].paid_minor + amount", "invoices[invoice.number].paid_minor"
        ),
        f"{_IMPORTS}/test_payments.py",
    ),
    Mutant(
        "settled-by-file-while-paid",
        "a file books as paid what a card is paying at this moment",
        "InvoiceWriter._settle_one",
        never("known is None and old.reserved_minor"),
        f"{_IMPORTS}/test_settled.py",
    ),
    Mutant(
        "void-while-reserved",
        "an invoice is void while it is being charged",
        "InvoiceWriter._check_change",
        replace("old.paid_minor + old.reserved_minor", "old.paid_minor"),
        f"{_IMPORTS}/test_invoices.py",
    ),
)
