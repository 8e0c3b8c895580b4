"""A payment with a real key of Stripe's test mode, for who has one:

    INVOICEPAY_SMOKE_KEY_FILE=key .venv/bin/python -m pytest tests/proofs/smoke

`key` is a file of mode 0600 that holds a key sk_test_…, of an account that one may practise on: a
customer and a payment of 12.34 USD stay there. The practice bank stands in for Stripe in a run of
its own, so that it is known here whether the test itself works.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.proofs.smoke.first_payment import pay_once
from tests.world.program import Desk
from tests.world.stripe_here import practice_bank_as_stripe

KEY_FILE = os.environ.get("INVOICEPAY_SMOKE_KEY_FILE", "")


@pytest.mark.skipif(not KEY_FILE, reason="INVOICEPAY_SMOKE_KEY_FILE names no real test key")
def test_at_stripe(desk: Desk) -> None:
    file = Path(KEY_FILE).resolve()
    assert file.read_text().startswith("sk_test_"), "not a secret key of Stripe's test mode"
    pay_once(replace(desk, variables={"INVOICEPAY_STRIPE_KEY_FILE": str(file)}))


def test_at_the_practice_bank(desk: Desk) -> None:
    key = desk.folder / "key"
    key.write_text("sk_test_practice")
    key.chmod(0o600)
    with practice_bank_as_stripe(desk.folder / "bank") as stripe:
        pay_once(replace(desk, variables={**stripe, "INVOICEPAY_STRIPE_KEY_FILE": str(key)}))
