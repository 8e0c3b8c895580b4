"""The records that money leaves: charges and balance transactions."""

from __future__ import annotations

from invoicepay.sandbox.bank import BANK_ACCOUNT, CARD, Decline
from invoicepay.sandbox.store import Unit, new_id
from invoicepay.sandbox.wire import Doc

# What a charge repeats of its method.
_SHOWN = {
    CARD: "brand checks country exp_month exp_year fingerprint funding last4 wallet".split(),
    BANK_ACCOUNT: "account_holder_type account_type bank_name fingerprint last4 "
    "routing_number".split(),
}


def fee(type: str, amount: int) -> int:
    """Stripe's fee in minor units: 2.9% + 30 for a card; 0.8%, at most 500, for a debit."""
    if type == CARD:
        return (amount * 29 + 500) // 1000 + 30
    return min(500, (amount * 8 + 500) // 1000)


def new_charge(
    unit: Unit, intent: Doc, method: Doc, status: str, mandate: str | None = None
) -> Doc:
    """A new charge of the intent's full amount."""
    type = method["type"]
    details = {name: method[type][name] for name in _SHOWN[type]}
    if type == CARD:
        details |= {"network": method[CARD]["brand"], "three_d_secure": None}
    elif mandate:
        details["mandate"] = mandate
    charge = {
        "id": new_id("ch" if type == CARD else "py"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "INVOICEPAY SANDBOX" if type == CARD else None,
        "captured": True,
        "created": unit.at,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete." if status == "succeeded" else None,
            "type": "authorized",
        },
        "paid": status == "succeeded",
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {type: details, "type": type},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": status,
        "transfer_data": None,
        "transfer_group": None,
    }
    return unit.insert(charge)


def mark_failed(charge: Doc, decline: Decline) -> None:
    charge |= {
        "status": "failed",
        "paid": False,
        "captured": False,
        "amount_captured": 0,
        "failure_code": decline.code,
        "failure_message": decline.message,
    }
    charge["outcome"] = {
        "network_status": "declined_by_network",
        "network_decline_code": decline.network_code,
        "reason": decline.decline_code or decline.reason,
        "risk_level": "normal",
        "seller_message": "The bank returned the decline code "
        f"`{decline.network_code or decline.decline_code}`.",
        "type": "issuer_declined",
    }


def book_charge(unit: Unit, charge: Doc, type: str, available_on: int) -> None:
    amount = charge["amount"]
    booked = book(
        unit,
        charge["id"],
        charge["currency"],
        amount,
        fee(type, amount),
        "charge" if type == CARD else "payment",
        available_on,
        charge["description"],
    )
    charge["balance_transaction"] = booked["id"]


def book(
    unit: Unit,
    source: str,
    currency: str,
    amount: int,
    fee: int,
    type: str,
    available_on: int,
    description: str | None = None,
) -> Doc:
    return unit.insert(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": available_on,
            "balance_type": "payments",
            "created": unit.at,
            "currency": currency,
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [
                {
                    "amount": fee,
                    "application": None,
                    "currency": currency,
                    "description": "Dispute fee"
                    if type == "adjustment"
                    else "Stripe processing fees",
                    "type": "stripe_fee",
                }
            ],
            "net": amount - fee,
            "reporting_category": "dispute" if type == "adjustment" else "charge",
            "source": source,
            # Shown as available later on without being written again: view.py
            "status": "available" if available_on <= unit.at else "pending",
            "type": type,
        }
    )
