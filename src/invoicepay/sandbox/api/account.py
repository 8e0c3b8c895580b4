"""The one account of a sandbox file."""

from __future__ import annotations

from invoicepay.sandbox.api.route import Params, Route
from invoicepay.sandbox.store import Unit
from invoicepay.sandbox.wire import Doc


def _retrieve(unit: Unit, _: Params, __: str) -> Doc:
    id, created = unit.db.execute("SELECT id, created FROM account").fetchone()
    return {
        "id": id,
        "object": "account",
        "business_profile": {"name": "Sandbox", "support_email": None, "url": None},
        "business_type": "company",
        "capabilities": {
            "card_payments": "active",
            "transfers": "active",
            "us_bank_account_ach_payments": "active",
        },
        "charges_enabled": True,
        "country": "US",
        "created": created,
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }


ROUTES = [
    Route(
        "GET",
        "/v1/account",
        "account",
        _retrieve,
        permission="rak_accounts_kyc_basic_read",
    )
]
