"""A selection that names a customer who is not there is a mistake, not an empty answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoicepay.billing.errors import not_found

if TYPE_CHECKING:
    from invoicepay.billing.customer import Scope
    from invoicepay.billing.ports import Unit


def check_customer(unit: Unit, number: str | None, scope: Scope) -> None:
    """Raises NotFound, the same for a customer who is out of scope. None names nobody."""
    if number is not None and unit.customers.get(number, scope) is None:
        raise not_found("customer", number)
