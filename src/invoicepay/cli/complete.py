"""What a shell offers to complete: commands, options, and names of what is in the ledger. Where the
ledger cannot be asked, it offers none of these."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

VARIABLE = "_INVOICEPAY_COMPLETE"
"""How a shell's script says what it wants."""
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+/-]*", re.ASCII)
"""Words that no shell evaluates: their scripts run what they are told."""


def script(shell: str) -> str:
    """The script that makes `shell` ask this program."""
    from typer._completion_shared import get_completion_script

    return str(get_completion_script(prog_name="invoicepay", complete_var=VARIABLE, shell=shell))


def complete(command: Any) -> None:
    """Answer the shell, and end."""
    from typer._completion_classes import completion_init
    from typer.completion import shell_complete

    completion_init()
    sys.exit(shell_complete(command, {}, "invoicepay", VARIABLE, os.environ[VARIABLE]))


def open_invoices(incomplete: str) -> list[str]:
    from invoicepay.billing.invoice import InvoiceState

    return _matching(incomplete, lambda: _invoices(InvoiceState.OPEN))


def all_invoices(incomplete: str) -> list[str]:
    from invoicepay.billing.invoice import InvoiceState

    return _matching(incomplete, lambda: _invoices(InvoiceState.ALL))


def methods(incomplete: str) -> list[str]:
    return _matching(incomplete, _methods)


def methods_and_types(incomplete: str) -> list[str]:
    types = [name for name in ("card", "ach") if name.startswith(incomplete)]
    return types + methods(incomplete)


def customers(incomplete: str) -> list[str]:
    from invoicepay.operations.customers import ListCustomers

    return _matching(incomplete, lambda: (c.number for c in _ask(ListCustomers())))


def payments(incomplete: str) -> list[str]:
    from invoicepay.operations.payments.find import ListPayments

    return _matching(incomplete, lambda: (p.id for p in _ask(ListPayments(limit=100)).items))


def _invoices(state: Any) -> Iterable[str]:
    from invoicepay.billing.invoice import InvoiceFilter
    from invoicepay.operations.invoices import ListInvoices

    found = _ask(ListInvoices(InvoiceFilter(state), totals=False))
    return (invoice.number for invoice in found.page.items)


def _methods() -> Iterable[str]:
    from invoicepay.operations.methods import ListMethods

    return (method.id for method in _ask(ListMethods()).methods)


def _ask(request: Any) -> Any:
    from invoicepay.cli.state import State

    state = State()
    try:
        return state.call(request)
    finally:
        state.close()


def _matching(incomplete: str, names: Callable[[], Iterable[str]]) -> list[str]:
    """Those that begin so; nothing without a login."""
    with suppress(Exception):
        return [n for n in names() if n.startswith(incomplete) and _SAFE.fullmatch(n)]
    return []
