"""Charges, what they did to the balance, and disputes: all made by payments, only read here."""

from __future__ import annotations

from invoicepay.sandbox.api.route import listing, retrieve

_OF_PAYMENT = {"payment_intent": "payment_intent", "charge": "charge"}

ROUTES = [
    retrieve("/v1/charges/:id", "charge"),
    listing(
        "/v1/charges",
        "charge",
        {"payment_intent": "payment_intent", "customer": "customer"},
    ),
    retrieve("/v1/balance_transactions/:id", "balance_transaction"),
    listing(
        "/v1/balance_transactions",
        "balance_transaction",
        {"source": "source", "type": "type", "currency": "currency"},
    ),
    retrieve("/v1/disputes/:id", "dispute"),
    listing("/v1/disputes", "dispute", _OF_PAYMENT),
]
