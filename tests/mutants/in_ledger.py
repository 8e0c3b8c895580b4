"""Bugs in how it is written down: durability, transactions, balances, scopes."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_FILE = "ledger/file.py"
_SCHEMA = "ledger/schema.py"
_INVOICES = "ledger/stores/invoices.py"
_PAYMENTS = "ledger/stores/payments.py"
_METHODS = "ledger/stores/methods.py"
_OUTBOX = "ledger/stores/outbox.py"
_LOG = "ledger/log.py"
_REPLACE = "ledger/replace.py"
_RESTORE = "tests/operations/payments/test_restore.py"
_CONTRACT = "tests/contracts/test_ledger.py"
_TRANSACTIONS = "tests/contracts/test_transactions.py"
_PAY = "tests/operations/payments/test_pay.py"
_DELIVER = "tests/operations/delivery/test_deliver.py"


def _scope_forgotten(name: str, file: str, signature: str) -> Mutant:
    """The query sees everybody's. `signature` is the line that begins it."""
    return Mutant(
        f"scope-forgotten-{name}",
        "a customer sees, or pays with, what is another's",
        file,
        signature,
        f"{signature}        scope = Scope(None)\n",
        "tests/contracts/test_scopes.py",
    )


IN_LEDGER = (
    Mutant(
        "normal-for-full",
        "a power cut loses payments that were acknowledged",
        _FILE,
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = NORMAL",
        _CONTRACT,
    ),
    Mutant(
        "deferred-begin",
        "what a transaction has read is no longer true when it writes, and it fails",
        _FILE,
        'connection.execute("BEGIN IMMEDIATE")\n            try:\n                self.',
        'connection.execute("BEGIN")\n            try:\n                self.',
        _TRANSACTIONS,
    ),
    Mutant(
        "half-a-transaction",
        "what failed half-way is kept",
        _FILE,
        '                    connection.execute("ROLLBACK")\n',
        '                    connection.execute("COMMIT")\n',
        _CONTRACT,
    ),
    Mutant(
        "foreign-keys-off",
        "payments and allocations may point to nothing",
        _FILE,
        "PRAGMA foreign_keys = ON",
        "PRAGMA foreign_keys = OFF",
        _TRANSACTIONS,
    ),
    Mutant(
        "compare-and-set-dropped",
        "who comes late overwrites what was decided",
        _PAYMENTS,
        'WHERE id = :id AND status = :from_status"',
        'WHERE id = :id"',
        _CONTRACT,
    ),
    Mutant(
        "reserved-more-than-open",
        "the same cent is reserved by two payments",
        _SCHEMA,
        "    CHECK (reserved_minor <= abs(open_minor))\n",
        "    CHECK (1)\n",
        _CONTRACT,
    ),
    Mutant(
        "schema-lets-final-change",
        "the file accepts that a paid payment is claimed again",
        _SCHEMA,
        "WHEN old.status IN ('succeeded', 'failed', 'canceled') AND new.status <> old.status",
        "WHEN 0",
        _CONTRACT,
    ),
    Mutant(
        "reservation-kept-when-paid",
        "a paid part stays reserved as well",
        _INVOICES,
        '"reserved_minor = reserved_minor - :amount, paid_minor = paid_minor + :amount, "',
        '"paid_minor = paid_minor + :amount, "',
        _PAY,
    ),
    Mutant(
        "reservation-spent-twice",
        "a second payer is charged for what the first is paying",
        _INVOICES,
        '"reserved_minor = reserved_minor + :amount"',
        '"reserved_minor = max(reserved_minor, 0 * :amount)"',
        _PAY,
    ),
    Mutant(
        "receipt-number-reused",
        "two payments have the same receipt",
        _PAYMENTS,
        "_receipt_number(self.highest_receipt() + 1)",
        "_receipt_number(self.highest_receipt() or 1)",
        _PAY,
    ),
    Mutant(
        "receipts-go-back",
        "numbers that were given since the backup are given again",
        _PAYMENTS,
        '"coalesce((SELECT max(receipts_from) - 1 FROM restores), 0))"',
        '"0)"',
        _RESTORE,
    ),
    Mutant(
        "another-log-is-replayed",
        "a ledger and the log of another become one file",
        _LOG,
        "        if _fits(path, stamp, salts):\n",
        "        if True:\n",
        "tests/adapters/ledger/test_log.py",
    ),
    Mutant(
        "replaced-while-in-use",
        "somebody goes on in the ledger that was replaced",
        _REPLACE,
        "PRAGMA locking_mode = EXCLUSIVE",
        "PRAGMA locking_mode = NORMAL",
        "tests/adapters/ledger/test_replace.py",
    ),
    Mutant(
        "mail-taken-by-two",
        "two processes send the same receipt",
        _OUTBOX,
        "attempts = attempts + 1, in_hand_until = :until ",
        "attempts = attempts + 1, in_hand_until = :now ",
        _DELIVER,
    ),
    _scope_forgotten(
        "invoice", _INVOICES, "    def get(self, number: str, scope: Scope) -> Invoice | None:\n"
    ),
    _scope_forgotten(
        "payment",
        _PAYMENTS,
        "    def get(self, payment_id: str, scope: Scope) -> Payment | None:\n",
    ),
    _scope_forgotten(
        "payment-by-its-beginning",
        _PAYMENTS,
        "    def starting(self, beginning: str, scope: Scope) -> list[str]:\n",
    ),
    _scope_forgotten(
        "receipt",
        _PAYMENTS,
        "    def with_receipt(self, number: str, scope: Scope) -> str | None:\n",
    ),
    _scope_forgotten(
        "under-way",
        _PAYMENTS,
        "    def unsettled(self, scope: Scope, invoices: Sequence[str] | None = None) "
        "-> list[Payment]:\n",
    ),
    _scope_forgotten(
        "method", _METHODS, "    def get(self, method_id: str, scope: Scope) -> Method | None:\n"
    ),
    _scope_forgotten(
        "methods",
        _METHODS,
        "    def of_customer(self, customer: str, scope: Scope) -> list[Method]:\n",
    ),
    _scope_forgotten(
        "outbox",
        _OUTBOX,
        '        self, scope: Scope, payment_id: str = "", due: datetime | None = None\n'
        "    ) -> list[OutboxMail]:\n",
    ),
    _scope_forgotten(
        "listed-mail",
        _OUTBOX,
        "        limit: int | None = None,\n    ) -> Page[OutboxMail]:\n",
    ),
)
