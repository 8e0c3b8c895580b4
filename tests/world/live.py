"""A live ledger that somebody can pay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.world.told import change


def add_an_invoice_and_a_card(ledger: Path, run: Callable[[str], object]) -> None:
    """A-1 of C-1, 10.00 USD, and a card without a name at any gateway. `run`: a command line of
    the program in the ledger's folder."""
    files = {
        "customers": "number,name\nC-1,One\n",
        "invoices": "number,customer,issued_on,total,currency\nA-1,C-1,2026-10-01,10.00,USD\n",
    }
    for kind, content in files.items():
        ledger.with_name(f"{kind}.csv").write_text(content)
        run(f"import {kind} {kind}.csv")
    change(
        ledger,
        "UPDATE customers SET gateway_id = 'cus_1'",
        "INSERT INTO methods (id, customer_id, type, label, brand, last4, gateway_id,"
        " verified, is_default, is_preferred)"
        " VALUES ('card-1', 1, 'card', 'Card', 'Visa', '4242', 'pm_1', 1, 1, 1)",
    )
