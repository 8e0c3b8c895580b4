"""What we write on an intent, so that the gateway's record explains the payment by itself."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from invoicepay.billing.payment import Allocation
from invoicepay.billing.ports import ChargeOrder

LEDGER, PAYMENT = "invoicepay_ledger", "invoicepay_payment"
CUSTOMER, METHOD = "invoicepay_customer", "invoicepay_method"
REQUEST = "invoicepay_request"
_ALLOCATIONS = "invoicepay_allocations_"
# Stripe, "Metadata": 50 keys, values of at most 500 characters.
_VALUE_LENGTH = 500
_PARTS = 44


def written(order: ChargeOrder) -> dict[str, str]:
    """The metadata of an order. Allocations beyond what fits (some 1,000) are left out: a payment
    adopted from it would have them as unapplied credit."""
    metadata = {
        LEDGER: order.ledger_id,
        PAYMENT: order.payment_id,
        CUSTOMER: order.customer_number,
        METHOD: order.method_type,
    }
    if order.request_digest:
        metadata[REQUEST] = order.request_digest
    part, count = "", 0
    for allocation in order.allocations:
        text = f"{_escaped(allocation.invoice)}={allocation.amount_minor}"
        if len(part) + 1 + len(text) > _VALUE_LENGTH:
            metadata[f"{_ALLOCATIONS}{count}"], part, count = part, "", count + 1
        if count == _PARTS:
            return metadata
        part = f"{part} {text}".removeprefix(" ")
    metadata[f"{_ALLOCATIONS}{count}"] = part
    return metadata


def allocations_in(metadata: Mapping[str, str]) -> tuple[Allocation, ...]:
    """The allocations written on an intent; what cannot be read is left out."""
    found = []
    for count in range(_PARTS):
        for text in metadata.get(f"{_ALLOCATIONS}{count}", "").split(" "):
            allocation = _allocation(text)
            if allocation is not None:
                found.append(allocation)
    return tuple(found)


def all_invoices_in(metadata: Mapping[str, str], amount_minor: int | None) -> frozenset[str] | None:
    """The invoices that a charge (of this amount, where that is known) is for; None where some may
    not be written on it, or cannot be read."""
    names = [f"{_ALLOCATIONS}{number}" for number in range(_PARTS)]
    count = sum(name in metadata for name in names)
    if not 0 < count < _PARTS:
        return None
    parts = [metadata.get(name, "") for name in names[:count]]
    found = [_allocation(text) for part in parts for text in part.split(" ")]
    allocations = [allocation for allocation in found if allocation is not None]
    if len(allocations) < len(found):
        return None
    if amount_minor is not None and sum(a.amount_minor for a in allocations) < amount_minor:
        return None
    return frozenset(allocation.invoice for allocation in allocations)


def _allocation(text: str) -> Allocation | None:
    invoice, _, amount = text.rpartition("=")
    if invoice and amount.isascii() and amount.isdigit() and len(amount) < 19:
        return Allocation(unquote(invoice), int(amount))
    return None


def _escaped(number: str) -> str:
    """Only what separates is escaped: 64 characters of any script stay far below a value's 500."""
    return number.replace("%", "%25").replace(" ", "%20").replace("=", "%3D")
