"""Have the gateway refuse a charge for good, before anything that it holds is released."""

from __future__ import annotations

from invoicepay.billing.ports import Intent, Ports, Rejected


def cancel(intent: Intent, ports: Ports) -> Intent:
    """`intent` as it is after that: canceled, or as it has moved on meanwhile. Raises NoAnswer,
    Rejected."""
    try:
        return ports.gateway.cancel(intent.id)
    except Rejected:  # it has moved on
        return ports.gateway.retrieve(intent.id)
