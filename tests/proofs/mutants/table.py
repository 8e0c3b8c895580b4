"""All planted bugs."""

from __future__ import annotations

from tests.proofs.mutants.in_access import IN_ACCESS
from tests.proofs.mutants.in_account import IN_ACCOUNT
from tests.proofs.mutants.in_gateway import IN_GATEWAY
from tests.proofs.mutants.in_ledger import IN_LEDGER
from tests.proofs.mutants.in_operations import IN_OPERATIONS
from tests.proofs.mutants.in_protocol import IN_PROTOCOL

MUTANTS = (*IN_PROTOCOL, *IN_ACCOUNT, *IN_GATEWAY, *IN_LEDGER, *IN_OPERATIONS, *IN_ACCESS)
