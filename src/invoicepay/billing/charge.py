"""What the gateway takes in one charge. The ledger has more currencies and finer amounts than it.

Stripe, "Supported currencies" (https://docs.stripe.com/currencies), with its "Special cases" and
"Minimum and maximum charge amounts".
"""

from __future__ import annotations

from dataclasses import dataclass

CHARGED = frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BWP BYN "
    "BZD CAD CDF CHF CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD "
    "GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK "
    "LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD "
    "OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD STD "
    "SZL THB TJS TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XOF XPF YER ZAR "
    "ZMW".split()
)
"""Currencies that it charges; an amount of them in minor units is the same there as here."""

# The last digit of a third decimal is 0; of these two, both decimals are.
_STEP = dict.fromkeys("BHD JOD KWD OMR TND".split(), 10) | dict.fromkeys("ISK UGX".split(), 100)

# 0.50 USD or its equivalent, at most eight digits. For currencies not in Stripe's table the minimum
# is one step; the gateway has the last word.
_MAXIMUM = 99_999_999
_MINIMUM = {
    "USD": 50, "AED": 200, "AUD": 50, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500,
    "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50,
    "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200, "RON": 200, "SEK": 300,
    "SGD": 50, "THB": 1000,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChargeLimits:
    """What one charge may be, in minor units: from `minimum` to `maximum`, both inclusive, and a
    multiple of `step`."""

    minimum: int
    maximum: int
    step: int


def charge_limits(currency: str) -> ChargeLimits:
    """Limits of one charge in `currency`, which is one of `CHARGED`."""
    step = _STEP.get(currency, 1)
    return ChargeLimits(_MINIMUM.get(currency, step), _MAXIMUM, step)
