"""Have the gateway refuse a charge for good, before anything that it holds is released."""

from __future__ import annotations

from invoicepay.billing.ports import Intent, Ports, Rejected


def cancel(intent: Intent, ports: Ports, *, on_request: bool = False) -> Intent:
    """`intent` as it is after that: canceled, or as it has moved on meanwhile. `on_request`:
    somebody wants it canceled; else it is given up. Raises NoAnswer, Rejected."""
    try:
        return ports.gateway.cancel(intent.id, on_request=on_request)
    except Rejected:  # it has moved on
        return ports.gateway.retrieve(intent.id)
