"""A customer or an invoice by its number, in whatever Unicode spelling that was typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from invoicepay.billing.errors import NotFound, not_found
from invoicepay.billing.spelling import find_spelling, telling_apart

if TYPE_CHECKING:
    from invoicepay.billing.customer import Customer, Scope
    from invoicepay.billing.invoice import Invoice
    from invoicepay.billing.ports import Unit

T = TypeVar("T")


def find_customer(unit: Unit, text: str, scope: Scope) -> Customer:
    """Raises NotFound, the same for a customer who is out of scope."""
    alike = {c.number: c for c in unit.customers.alike(text, scope)}
    found = _found("customer", text, alike)
    if found is None:
        raise not_found("customer", text)
    return found


def find_invoice(unit: Unit, text: str, scope: Scope) -> Invoice:
    """Raises NotFound, which says what may have been meant; the same for an invoice that is out of
    scope."""
    alike = {i.number: i for i in unit.invoices.alike(text, scope)}
    found = _found("invoice", text, alike)
    if found is None:
        raise not_found("invoice", text, unit.invoices.near(text, scope))
    return found


def selected_customer(unit: Unit, text: str | None, scope: Scope) -> str | None:
    """The number of the customer whom a selection names; None where it names nobody. Raises
    NotFound: whoever names a customer who is not there made a mistake, and gets no empty answer."""
    return None if text is None else find_customer(unit, text, scope).number


def _found(what: str, text: str, alike: Mapping[str, T]) -> T | None:
    """The one of `alike` that is `text`; None where there are none. Raises NotFound where they only
    look like it."""
    number = find_spelling(text, alike)
    if number is not None:
        return alike[number]
    if not alike:
        return None
    other = next(iter(alike))
    looks = f"{other} looks like it, but has {telling_apart(other, text)}"
    message = not_found(what, text).message
    raise NotFound("not_found", message, f"{looks}: copy it from here or from a list.")
