"""Bugs in whose account, customer and key it is."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_ACCOUNT = "operations/payments/protocol/account.py"
_CUSTOMER = "operations/payments/protocol/gateway_customer.py"
_KEY = "credentials/gateway_key.py"
_TEST_ACCOUNT = "tests/operations/payments/test_account.py"
_TEST_CUSTOMER = "tests/operations/payments/test_customer_at_gateway.py"

IN_ACCOUNT = (
    Mutant(
        "account-not-compared",
        "another company's gateway answers for this ledger",
        _ACCOUNT,
        "if bound and account != bound:",
        "if False:",
        _TEST_ACCOUNT,
    ),
    Mutant(
        "customer-not-looked-for",
        "each lost answer and each restore leaves another customer, with charges of its own",
        _CUSTOMER,
        "    if found:\n",
        "    if False:\n",
        _TEST_CUSTOMER,
    ),
    Mutant(
        "customer-not-looked-for-again",
        "two copies that make a customer at once do not see each other's charges afterwards",
        _CUSTOMER,
        "    return _oldest(again, customer, ledger_id, ports) or made.id\n",
        "    return made.id\n",
        _TEST_CUSTOMER,
    ),
    Mutant(
        "newest-customer",
        "whoever looks later takes another customer than who looked first",
        _CUSTOMER,
        "in reversed(ours):",
        "in ours:",
        _TEST_CUSTOMER,
    ),
    Mutant(
        "customer-of-another-ledger",
        "two ledgers on one account charge each other's customers",
        _CUSTOMER,
        "if (c.ledger_id, c.number) == (ledger_id, customer.number)]",
        "if c.number == customer.number]",
        _TEST_CUSTOMER,
    ),
    Mutant(
        "method-on-an-unused-customer",
        "a card is attached where the ledger does not look for charges",
        _CUSTOMER,
        "    return current.gateway_id\n",
        "    return found\n",
        _TEST_CUSTOMER,
    ),
    Mutant(
        "old-failure-repeated",
        "one failure of the gateway locks a customer out for a day",
        _CUSTOMER,
        "ports.ids.new())",
        "f'{ledger_id}:{customer.number}')",
        _TEST_CUSTOMER,
    ),
    Mutant(
        "restricted-key-of-any-account",
        "another account's restricted key finds no charges, and says that all is well",
        _ACCOUNT,
        "    if not ports.gateway.has(ours):\n",
        "    if False:\n",
        _TEST_ACCOUNT,
    ),
    Mutant(
        "account-taken-from-words",
        "what the text of a refusal speaks of binds a ledger for good",
        _ACCOUNT,
        "        elif not bound:\n            raise _unknown(hidden) from hidden\n",
        "        elif not bound:\n            return hidden.named\n",
        _TEST_ACCOUNT,
    ),
    Mutant(
        "live-key-on-a-test-ledger",
        "who tries it out charges real cards",
        _KEY,
        "    key = _kept(folder, ledger_id, environ, keyring)\n"
        "    if not key.startswith(BEGINNINGS[mode]):\n",
        "    key = _kept(folder, ledger_id, environ, keyring)\n    if False:\n",
        "tests/adapters/credentials/test_gateway_key.py",
    ),
)
