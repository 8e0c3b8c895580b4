"""What Stripe's table of currencies says about amounts."""

from __future__ import annotations

SUPPORTED = frozenset(
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bhd bif bmd bnd bob brl bsd bwp byn "
    "bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd "
    "gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak "
    "lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd "
    "omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std "
    "szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar "
    "zmw".split()
)

_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# Sent with two decimals that must be zero, for the sake of old clients.
_ZERO_CENTS = frozenset({"isk", "ugx"})

# The smallest charge where it is not 50 minor units.
_MINIMUM = {
    "aed": 200,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "thb": 1000,
}


def minimum(currency: str) -> int:
    """The smallest charge, in minor units."""
    return _MINIMUM.get(currency, 500 if currency in _THREE_DECIMALS else 50)


def step(currency: str) -> int:
    """An amount in minor units must be a multiple of this."""
    if currency in _THREE_DECIMALS:
        return 10
    return 100 if currency in _ZERO_CENTS else 1
