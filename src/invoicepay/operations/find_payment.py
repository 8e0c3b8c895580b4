"""A payment by its id, by the beginning of it, as git takes commits, or by its receipt number."""

from __future__ import annotations

import re

from invoicepay.billing.customer import Scope
from invoicepay.billing.errors import Usage, not_found
from invoicepay.billing.payment import Payment
from invoicepay.billing.ports import Unit

_BEGINNING = re.compile(r"[0-9a-f-]{4,36}", re.ASCII)


def find_payment(unit: Unit, text: str, scope: Scope) -> Payment:
    """The payment with the id or receipt number `text`, or the only one whose id starts so (4
    characters or more). Raises NotFound, and Usage where several do."""
    payment = unit.payments.get(unit.payments.with_receipt(text, scope) or text, scope)
    if payment is None and _BEGINNING.fullmatch(text):
        found = unit.payments.starting(text, scope)
        if len(found) > 1:
            raise Usage(
                "ambiguous_selection", f"several payments start with {text}", "Say more of it."
            )
        if found:
            payment = unit.payments.get(found[0], scope)
    if payment is None:
        raise not_found("payment", text)
    return payment
