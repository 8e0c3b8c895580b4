"""Bugs in how it is written down: durability, transactions, balances, scopes."""

from __future__ import annotations

from tests.proofs.mutants.edits import always, insert_first, replace, replace_text
from tests.proofs.mutants.mutant import Mutant

_RESTORE = "tests/operations/books/test_restore.py"
_CONTRACT = "tests/contracts/test_ledger.py"
_TRANSACTIONS = "tests/contracts/test_transactions.py"
_PAY = "tests/operations/payments/test_pay.py"
_DELIVER = "tests/operations/mailing/test_deliver.py"


def _scope_forgotten(name: str, where: str) -> Mutant:
    return Mutant(
        f"scope-forgotten-{name}",
        "a customer sees, or pays with, what is another's",
        where,
        insert_first("scope = Scope(None)"),
        "tests/contracts/test_scopes.py",
    )


IN_LEDGER = (
    Mutant(
        "normal-for-full",
        "a power cut loses payments that were acknowledged",
        "file:_connect",
        replace_text("PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"),
        _CONTRACT,
    ),
    Mutant(
        "deferred-begin",
        "what a transaction has read is no longer true when it writes, and it fails",
        "LedgerFile.write",
        replace_text("BEGIN IMMEDIATE", "BEGIN"),
        _TRANSACTIONS,
    ),
    Mutant(
        "half-a-transaction",
        "what failed half-way is kept",
        "LedgerFile.write",
        replace_text("ROLLBACK", "COMMIT"),
        _CONTRACT,
    ),
    Mutant(
        "foreign-keys-off",
        "payments and allocations may point to nothing",
        "file:_connect",
        replace_text("PRAGMA foreign_keys = ON", "PRAGMA foreign_keys = OFF"),
        _TRANSACTIONS,
    ),
    Mutant(
        "compare-and-set-dropped",
        "who comes late overwrites what was decided",
        "Payments.change",
        replace_text(" AND status = :from_status", ""),
        _CONTRACT,
    ),
    Mutant(
        "reserved-more-than-open",
        "the same cent is reserved by two payments",
        "LEDGER",
        replace_text("CHECK (reserved_minor <= abs(open_minor))", "CHECK (1)"),
        _CONTRACT,
    ),
    Mutant(
        "schema-lets-final-change",
        "the file accepts that a paid payment is claimed again",
        "LEDGER",
        replace_text(
            "old.status IN ('succeeded', 'failed', 'canceled') AND new.status <> old.status", "0"
        ),
        _CONTRACT,
    ),
    Mutant(
        "reservation-kept-when-paid",
        "a paid part stays reserved as well",
        "Invoices.apply",
        replace_text("reserved_minor = reserved_minor - :amount, ", ""),
        _PAY,
    ),
    Mutant(
        "reservation-spent-twice",
        "a second payer is charged for what the first is paying",
        "Invoices.reserve",
        replace_text(
            "reserved_minor = reserved_minor + :amount",
            "reserved_minor = max(reserved_minor, 0 * :amount)",
        ),
        _PAY,
    ),
    Mutant(
        "receipt-number-reused",
        "two payments have the same receipt",
        "Payments.next_receipt_number",
        replace("self.highest_receipt() + 1", "self.highest_receipt() or 1"),
        _PAY,
    ),
    Mutant(
        "receipts-go-back",
        "numbers that were given since the backup are given again",
        "Payments.highest_receipt",
        replace_text("coalesce((SELECT max(receipts_from) - 1 FROM restores), 0)", "0"),
        _RESTORE,
    ),
    Mutant(
        "another-log-is-replayed",
        "a ledger and the log of another become one file",
        "check_log",
        always("_fits(path, stamp, salts)"),
        "tests/ledger/test_log.py",
    ),
    Mutant(
        "replaced-while-in-use",
        "somebody goes on in the ledger that was replaced",
        "_exclusive",
        replace_text("locking_mode = EXCLUSIVE", "locking_mode = NORMAL"),
        "tests/ledger/test_replace.py",
    ),
    Mutant(
        "mail-taken-by-two",
        "two processes send the same receipt",
        "Outbox.take",
        replace_text("in_hand_until = :until ", "in_hand_until = :now "),
        _DELIVER,
    ),
    _scope_forgotten("invoice", "Invoices.get"),
    _scope_forgotten("payment", "Payments.get"),
    _scope_forgotten("payment-by-its-beginning", "Payments.starting"),
    _scope_forgotten("receipt", "Payments.with_receipt"),
    _scope_forgotten("under-way", "Payments.unsettled"),
    _scope_forgotten("method", "Methods.get"),
    _scope_forgotten("methods", "Methods.of_customer"),
    _scope_forgotten("outbox", "Outbox.owed"),
    _scope_forgotten("listed-mail", "Outbox.page"),
)
