"""Bugs in whose account, customer and key it is."""

from __future__ import annotations

from tests.proofs.mutants.edits import never, replace
from tests.proofs.mutants.mutant import Mutant

_TEST_ACCOUNT = "tests/operations/payments/protocol/test_account.py"
_TEST_CUSTOMER = "tests/operations/payments/protocol/test_customer_at_gateway.py"

IN_ACCOUNT = (
    Mutant(
        "account-not-compared",
        "another company's gateway answers for this ledger",
        "check_account",
        never("bound and account != bound"),
        _TEST_ACCOUNT,
    ),
    Mutant(
        "customer-not-looked-for",
        "each lost answer and each restore leaves another customer, with charges of its own",
        "_find_or_create",
        never("found"),
        _TEST_CUSTOMER,
    ),
    Mutant(
        "customer-not-looked-for-again",
        "two copies that make a customer at once do not see each other's charges afterwards",
        "_find_or_create",
        replace("_oldest(again, customer, ledger_id, ports) or made.id", "made.id"),
        _TEST_CUSTOMER,
    ),
    Mutant(
        "newest-customer",
        "whoever looks later takes another customer than who looked first",
        "_oldest",
        replace("reversed(ours)", "ours"),
        _TEST_CUSTOMER,
    ),
    Mutant(
        "customer-of-another-ledger",
        "two ledgers on one account charge each other's customers",
        "_oldest",
        replace(
            "(c.ledger_id, c.number) == (ledger_id, customer.number)", "c.number == customer.number"
        ),
        _TEST_CUSTOMER,
    ),
    Mutant(
        "method-on-an-unused-customer",
        "a card is attached where the ledger does not look for charges",
        "customer_at_gateway",
        replace("current.gateway_id", "found"),
        _TEST_CUSTOMER,
    ),
    Mutant(
        "old-failure-repeated",
        "one failure of the gateway locks a customer out for a day",
        "_find_or_create",
        replace("ports.ids.new()", "f'{ledger_id}:{customer.number}'"),
        _TEST_CUSTOMER,
    ),
    Mutant(
        "restricted-key-of-any-account",
        "another account's restricted key finds no charges, and says that all is well",
        "_check_has",
        never("not ports.gateway.has(ours)"),
        _TEST_ACCOUNT,
    ),
    Mutant(
        "account-taken-from-words",
        "what the text of a refusal speaks of binds a ledger for good",
        "check_account",
        replace("raise _unknown(hidden) from hidden", "return hidden.named"),
        _TEST_ACCOUNT,
    ),
    Mutant(
        "live-key-on-a-test-ledger",
        "who tries it out charges real cards",
        "gateway_key",
        never("not key.startswith(BEGINNINGS[mode])"),
        "tests/credentials/test_gateway_key.py",
    ),
)
