"""Bugs around the protocol: amounts, keys, rights, imports, sync."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_MONEY = "billing/money.py"
_QUOTE = "operations/payments/quote.py"
_PLAN = "billing/plan.py"
_LEFT_OUT = "operations/payments/left_out.py"
_NOT_CHARGEABLE = "tests/operations/payments/test_not_chargeable.py"
_SYNC = "operations/payments/sync.py"
_AUTHENTICATE = "operations/identity/authenticate.py"
_JOB = "operations/imports/job.py"
_INVOICES = "operations/imports/invoice_batch.py"
_PAYMENTS = "operations/imports/payments.py"
_SPELLINGS = "operations/imports/spellings.py"
_TEST_MONEY = "tests/billing/test_money.py"
_TEST_PAY = "tests/operations/payments/test_pay.py"
_TEST_KEYS = "tests/operations/payments/test_keys.py"
_TEST_RESTORED = "tests/operations/payments/test_restored.py"
_IDENTITY = "tests/operations/identity"
_IMPORTS = "tests/operations/imports"

IN_OPERATIONS = (
    # --- Amounts ---
    Mutant(
        "every-currency-is-charged",
        "a payment is claimed in a currency that the gateway does not have",
        _PLAN,
        "    if currency not in CHARGED:\n",
        "    if not currency:\n",
        _NOT_CHARGEABLE,
    ),
    Mutant(
        "every-decimal-is-charged",
        "a payment is claimed with a third decimal that the gateway refuses",
        _PLAN,
        "    if total_minor % limits.step:\n",
        "    if total_minor % 1:\n",
        _NOT_CHARGEABLE,
    ),
    Mutant(
        "a-filter-pays-what-cannot-be-charged",
        "one invoice in another currency stops everybody who pays all that is open",
        _LEFT_OUT,
        "        if invoice.currency not in CHARGED:\n",
        "        if not invoice.currency:\n",
        _NOT_CHARGEABLE,
    ),
    Mutant(
        "float-in-the-parser",
        "19.99 becomes 1998 cents",
        _MONEY,
        "minor = bounded(int(found[2] + fraction[:places]))",
        'minor = bounded(int(float(found[2] + "." + (fraction[:places] or "0")) * 10**places))',
        _TEST_MONEY,
    ),
    Mutant(
        "split-rounds",
        "the parts of an amount do not add up to it",
        _MONEY,
        "parts = [minor_units * weight // whole for weight in weights]",
        "parts = [round(minor_units * weight / whole) for weight in weights]",
        _TEST_MONEY,
    ),
    Mutant(
        "decimals-cut",
        "1.239 is read as 1.23",
        _MONEY,
        'if fraction[places:].strip("0"):',
        "if False:",
        _TEST_MONEY,
    ),
    # --- Keys ---
    Mutant(
        "key-ignored",
        "a script that tries again pays again",
        _QUOTE,
        "    if request.key:\n        attempt",
        "    if False:\n        attempt",
        _TEST_KEYS,
    ),
    Mutant(
        "key-for-anything",
        "a key that was used answers for a payment of something else",
        _QUOTE,
        "if payment.request_digest not in same:",
        "if False:",
        _TEST_KEYS,
    ),
    Mutant(
        "key-of-one-machine",
        "a key pays again for what a copy of the ledger has charged under it",
        _QUOTE,
        "attempts = {p.id: p for p in unit.payments.with_key(key_id, actor.scope)}",
        "attempts: dict[str, Payment] = {}",
        "tests/operations/payments/test_restored.py",
    ),
    Mutant(
        "key-of-everybody",
        "one customer's key answers with another's payment",
        _QUOTE,
        r'name = f"{customer}\n{request.key}"',
        r'name = f"{request.key}"',
        _TEST_KEYS,
    ),
    Mutant(
        "key-of-the-contact",
        "payer and finance with one key pay twice",
        _QUOTE,
        r'name = f"{customer}\n{request.key}"',
        r'name = f"{actor.contact_id}\n{request.key}"',
        _TEST_KEYS,
    ),
    Mutant(
        "declined-key-tries-again",
        "a key whose payment somebody canceled pays after all",
        "billing/payment.py",
        "return self.status is PaymentStatus.CANCELED and self.failure_code == GIVEN_UP",
        "return self.status is PaymentStatus.CANCELED",
        _TEST_KEYS,
    ),
    Mutant(
        "canceled-key-is-dead",
        "after an outage the same key never pays",
        "billing/payment.py",
        "return self.status is PaymentStatus.CANCELED and self.failure_code == GIVEN_UP",
        "return False",
        _TEST_KEYS,
    ),
    Mutant(
        "max-total-ignored",
        "a script is charged more than it allowed",
        _QUOTE,
        "if most < total:",
        "if False:",
        _TEST_PAY,
    ),
    # --- Who may ---
    Mutant(
        "revoked-session-works",
        "logging out, or revoking a leaked token, does nothing",
        _AUTHENTICATE,
        'if not session.live_at(now) or contact.status != "active":',
        'if contact.status != "active":',
        _IDENTITY,
    ),
    Mutant(
        "disabled-contact-works",
        "who was disabled goes on",
        _AUTHENTICATE,
        'if not session.live_at(now) or contact.status != "active":',
        "if not session.live_at(now):",
        f"{_IDENTITY}/test_sessions.py",
    ),
    Mutant(
        "role-ignored",
        "a customer's contact imports invoices and invites administrators",
        "operations/app.py",
        "if actor.role not in roles:",
        "if False:",
        _IDENTITY,
    ),
    # --- Sync ---
    Mutant(
        "sync-forgets-what-failed",
        "a charge that could not be adopted is never looked at again",
        _SYNC,
        "            left.append(intent)\n",
        "            pass\n",
        "tests/operations/payments/test_slow_copies.py",
    ),
    # --- Imports ---
    Mutant(
        "look-alikes-taken",
        "one invoice under two numbers that nobody can tell apart is paid twice",
        _SPELLINGS,
        "            raise looks_like(field, text, alike[0])",
        "            return normalized(text)",
        f"{_IMPORTS}/test_spellings.py",
    ),
    Mutant(
        "each-spelling-a-number",
        "an invoice is one as Windows spells it and another as macOS does",
        _SPELLINGS,
        "            return normalized(text)\n        found",
        "            return text\n        found",
        f"{_IMPORTS}/test_spellings.py",
    ),
    Mutant(
        "one-address-told",
        "of a customer's addresses only the last hears of payments",
        "operations/payments/protocol/notify.py",
        'which = f"-{number}" if number > 1 else ""',
        'which = ""',
        "tests/operations/payments/test_news.py",
    ),
    Mutant(
        "import-ignores-reservations",
        "a cheque pays what a card is paying at this moment",
        _PAYMENTS,
        "payable = invoice.total_minor - invoice.paid_minor - invoice.reserved_minor",
        "payable = invoice.total_minor - invoice.paid_minor",
        f"{_IMPORTS}/test_payments.py",
    ),
    Mutant(
        "import-counts-twice",
        "the same cheque in the next file is money again",
        _JOB,
        "return str(uuid.uuid5(uuid.UUID(self.identity.id),",
        "return str(uuid.uuid4()) or str(uuid.uuid5(uuid.UUID(self.identity.id),",
        f"{_IMPORTS}/test_payments.py",
    ),
    Mutant(
        "one-file-pays-twice",
        "two cheques of one file pay the same invoice in full",
        _PAYMENTS,
        "paid = invoices[invoice.number].paid_minor + amount",
        "paid = invoices[invoice.number].paid_minor",
        f"{_IMPORTS}/test_payments.py",
    ),
    Mutant(
        "settled-by-file-while-paid",
        "a file books as paid what a card is paying at this moment",
        _INVOICES,
        "if known is None and old.reserved_minor:",
        "if False:",
        f"{_IMPORTS}/test_settled.py",
    ),
    Mutant(
        "void-while-reserved",
        "an invoice is void while it is being charged",
        _INVOICES,
        "held = old.paid_minor + old.reserved_minor",
        "held = old.paid_minor",
        f"{_IMPORTS}/test_invoices.py",
    ),
)
