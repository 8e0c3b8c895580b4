"""What we write on an intent, so that the gateway's record explains the payment by itself."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from invoicepay.billing.payment import Allocation
from invoicepay.billing.ports import ChargeOrder

LEDGER, PAYMENT = "invoicepay_ledger", "invoicepay_payment"
CUSTOMER, METHOD = "invoicepay_customer", "invoicepay_method"
_ALLOCATIONS = "invoicepay_allocations_"
# Stripe, "Metadata": 50 keys, values of at most 500 characters.
_VALUE_LENGTH = 500
_PARTS = 44


def written(order: ChargeOrder) -> dict[str, str]:
    """The metadata of an order. Allocations beyond what fits (some 1,000) are left out: a payment
    taken in from it would have them as unapplied credit."""
    metadata = {
        LEDGER: order.ledger_id,
        PAYMENT: order.payment_id,
        CUSTOMER: order.customer_number,
        METHOD: order.method_type,
    }
    part, count = "", 0
    for allocation in order.allocations:
        text = f"{_escaped(allocation.invoice)}={allocation.amount_minor}"
        if part and len(part) + 1 + len(text) > _VALUE_LENGTH:
            metadata[f"{_ALLOCATIONS}{count}"], part, count = part, "", count + 1
        if count == _PARTS:
            return metadata
        part = f"{part} {text}".strip()
    metadata[f"{_ALLOCATIONS}{count}"] = part
    return metadata


def allocations_in(metadata: Mapping[str, str]) -> tuple[Allocation, ...]:
    """The allocations written on an intent; what cannot be read is left out."""
    found = []
    for count in range(_PARTS):
        for text in metadata.get(f"{_ALLOCATIONS}{count}", "").split(" "):
            invoice, _, amount = text.rpartition("=")
            if invoice and amount.isascii() and amount.isdigit() and len(amount) < 19:
                found.append(Allocation(unquote(invoice), int(amount)))
    return tuple(found)


def _escaped(number: str) -> str:
    """Only what separates is escaped: 64 characters of any script stay far below a value's 500."""
    return number.replace("%", "%25").replace(" ", "%20").replace("=", "%3D")
