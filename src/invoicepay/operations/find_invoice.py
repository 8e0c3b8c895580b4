"""An invoice by its number, as commands take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoicepay.billing.customer import Scope
from invoicepay.billing.errors import NotFound, not_found
from invoicepay.billing.invoice import Invoice

if TYPE_CHECKING:
    from invoicepay.billing.ports import Unit


def find_invoice(unit: Unit, number: str, scope: Scope) -> Invoice:
    """Raises NotFound, which says what may have been meant."""
    invoice = unit.invoices.get(number, scope)
    if invoice is None:
        raise no_invoice(unit, number, scope)
    return invoice


def no_invoice(unit: Unit, number: str, scope: Scope) -> NotFound:
    return not_found("invoice", number, unit.invoices.near(number, scope))
