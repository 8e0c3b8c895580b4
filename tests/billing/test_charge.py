"""What the gateway charges, beside the ledger's own table and that of the practice bank."""

from __future__ import annotations

import pytest

from invoicepay.billing.charge import CHARGED, charge_limits
from invoicepay.billing.money import CURRENCIES, decimals
from invoicepay.sandbox import currencies as stripes

# https://docs.stripe.com/currencies, "Zero-decimal currencies" and "Three-decimal currencies".
ZERO_DECIMAL = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()
THREE_DECIMAL = "BHD JOD KWD OMR TND".split()


def test_the_practice_bank_charges_the_same_currencies() -> None:
    assert {code.upper() for code in stripes.SUPPORTED} == CHARGED
    assert CHARGED < CURRENCIES


@pytest.mark.parametrize("currency", sorted(CHARGED))
def test_an_amount_is_sent_as_the_ledger_has_it(currency: str) -> None:
    theirs = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2

    assert decimals(currency) == theirs


@pytest.mark.parametrize("currency", sorted(CHARGED))
def test_its_limits_can_be_charged(currency: str) -> None:
    limits = charge_limits(currency)

    assert limits.step == stripes.step(currency.lower())
    assert limits.minimum % limits.step == 0
    assert limits.minimum <= limits.maximum == 99_999_999
