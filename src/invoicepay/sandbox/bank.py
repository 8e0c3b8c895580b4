"""The test methods, named as Stripe names them, and what becomes of a payment with each."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

from invoicepay.sandbox.store import Unit, new_id
from invoicepay.sandbox.wire import Doc, StripeError

CARD = "card"
BANK_ACCOUNT = "us_bank_account"


@dataclass(frozen=True)
class Decline:
    """Why a bank says no. `decline_code`: a card issuer's reason, and nobody else's; `reason`: what
    the charge's outcome says instead; `blocks`: it voids the bank account for further debits, and
    why."""

    code: str
    message: str
    decline_code: str | None = None
    network_code: str | None = None
    reason: str | None = None
    blocks: str | None = None


@dataclass(frozen=True)
class TestMethod:
    """One test token. Without anything set, payments with it succeed."""

    type: str
    last4: str
    brand: str = ""
    attach: Decline | None = None  # refused when it is attached to a customer
    charge: Decline | None = None  # refused when it is charged
    authentication: bool = False  # the cardholder must take part
    verified: bool = True  # False: its micro-deposits have not arrived, and will not
    settles: bool = True  # False: stays `processing` for good
    disputed: bool = False  # succeeds, and is disputed days later


GENERIC = Decline("card_declined", "Your card was declined.", "generic_decline")
NO_FUNDS = Decline("card_declined", "Your card has insufficient funds.", "insufficient_funds")
AUTHENTICATION = Decline(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
)
NOT_HANDLED = Decline(
    "authentication_required",
    "This payment required an authentication action to complete, but `error_on_requires_action` "
    "was set.",
    "authentication_not_handled",
)
UNVERIFIED = Decline(
    "payment_intent_action_required",
    "The provided payment method requires customer actions to complete: the bank account has not "
    "been verified.",
)
MICRODEPOSITS = Decline(
    "payment_method_microdeposit_failed",
    "Microdeposit transfers failed. Please check the account, institution and transit numbers "
    "provided.",
)

# `reason` follows Stripe's table of network codes, `code` the values of last_payment_error.
BANK_NO_FUNDS = Decline(
    "insufficient_funds",
    "The customer's account has insufficient funds to cover this payment.",
    network_code="R01",
    reason="insufficient_funds",
)
CLOSED = Decline(
    "account_closed",
    "The customer's bank account has been closed.",
    network_code="R02",
    reason="bank_account_closed",
    blocks="bank_account_closed",
)
NO_ACCOUNT = Decline(
    "no_account",
    "The customer's bank account could not be located.",
    network_code="R03",
    reason="bank_account_invalid_details",
    blocks="bank_account_invalid_details",
)
NOT_AUTHORIZED = Decline(
    "debit_not_authorized",
    "The customer has notified their bank that this payment was unauthorized.",
    network_code="R10",
    reason="debit_not_authorized",
    blocks="debit_not_authorized",
)

_VISA = TestMethod(CARD, "4242", "visa")
_BANK = TestMethod(BANK_ACCOUNT, "6789")

# As at Stripe, the cards that decline everything cannot be attached either; the one to attach and
# then see declined is pm_card_chargeCustomerFail.
TOKENS = {
    "pm_card_visa": _VISA,
    "pm_card_mastercard": TestMethod(CARD, "4444", "mastercard"),
    "pm_card_visa_chargeDeclined": replace(_VISA, last4="0002", attach=GENERIC, charge=GENERIC),
    "pm_card_visa_chargeDeclinedInsufficientFunds": replace(
        _VISA, last4="9995", attach=NO_FUNDS, charge=NO_FUNDS
    ),
    "pm_card_chargeCustomerFail": replace(_VISA, last4="0341", charge=GENERIC),
    "pm_card_authenticationRequired": replace(_VISA, last4="3184", authentication=True),
    "pm_usBankAccount_success": _BANK,
    "pm_usBankAccount_accountClosed": replace(_BANK, last4="1113", charge=CLOSED),
    "pm_usBankAccount_noAccount": replace(_BANK, last4="1116", charge=NO_ACCOUNT),
    "pm_usBankAccount_insufficientFunds": replace(_BANK, last4="2227", charge=BANK_NO_FUNDS),
    "pm_usBankAccount_debitNotAuthorized": replace(_BANK, last4="3335", charge=NOT_AUTHORIZED),
    "pm_usBankAccount_dispute": replace(_BANK, last4="5559", disputed=True),
    "pm_usBankAccount_failMicrodeposits": replace(_BANK, last4="6661", verified=False),
    "pm_usBankAccount_processing": replace(_BANK, last4="0009", settles=False),
}


def behaviour(method: Doc) -> TestMethod:
    return TOKENS[method["_token"]]


def payment_method(token: str, at: int, id: str | None = None) -> Doc:
    """A payment method as the token describes it, attached to nobody."""
    test = TOKENS[token]
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {
        "id": id or new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": address,
            "email": None,
            "name": "Jenny Rosen" if test.type == BANK_ACCOUNT else None,
            "phone": None,
            "tax_id": None,
        },
        test.type: _card(test, at) if test.type == CARD else _bank_account(test),
        "created": at,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": test.type,
        "_token": token,
    }


def _card(test: TestMethod, at: int) -> Doc:
    return {
        "brand": test.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "US",
        "display_brand": test.brand,
        "exp_month": 12,
        "exp_year": time.gmtime(at).tm_year + 3,
        "fingerprint": f"card{test.last4}sandbox0",
        "funding": "credit",
        "generated_from": None,
        "last4": test.last4,
        "networks": {"available": [test.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _bank_account(test: TestMethod) -> Doc:
    return {
        "account_holder_type": "company",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": f"bank{test.last4}sandbox0",
        "last4": test.last4,
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": "110000000",
        "status_details": {},
    }


def block(unit: Unit, method: Doc, decline: Decline) -> None:
    """After this return the bank account takes no further debits."""
    method[BANK_ACCOUNT]["status_details"] = {
        "blocked": {"network_code": decline.network_code, "reason": decline.blocks}
    }
    unit.update(method)


def is_blocked(method: Doc) -> bool:
    return method["type"] == BANK_ACCOUNT and "blocked" in method[BANK_ACCOUNT]["status_details"]


def card_error(decline: Decline, **more: Any) -> StripeError:
    """The 402 for a decline. What was recorded of the attempt stands."""
    return StripeError(
        402,
        decline.message,
        kind="card_error",
        code=decline.code,
        decline_code=decline.decline_code,
        stands=True,
        **more,
    )
