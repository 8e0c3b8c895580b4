"""Money in integer minor units, and the only place where text becomes an amount."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from invoicepay.billing.errors import BadInput, quoted

MAX_MINOR = 2**63 - 1
"""Largest amount kept anywhere: SQLite's and PostgreSQL's signed 64-bit integer."""

# ISO 4217, list one, without what has no decimals there (gold, test codes), and the codes that were
# withdrawn since 2010: old bills stay as they were billed. Three stay as ledgers have had them from
# the beginning: MGA in whole ariary, ISK and UGX with the decimals that ISO gave them before 2008.
_CODES_BY_DECIMALS = {
    0: "BIF BYR CLP DJF GNF JPY KMF KRW MGA PYG RWF UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP "
    "BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EEK EGP ERN ETB EUR "
    "FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR ISK JMD KES KGS KHR "
    "KPW KYD KZT LAK LBP LKR LRD LSL LTL LVL MAD MDL MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MXV "
    "MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK "
    "SGD SHP SLE SLL SOS SRD SSP STD STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH UGX USD "
    "USN UYU UZS VED VEF VES WST XAD XCD XCG YER ZAR ZMK ZMW ZWG ZWL",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
DECIMALS = {code: n for n, codes in _CODES_BY_DECIMALS.items() for code in codes.split()}
"""Currency code → number of decimals that the ledger keeps."""
CURRENCIES = frozenset(DECIMALS)

# ASCII only and bounded before any conversion: int() and Decimal() accept `1_000`, `１２` and
# exponents that take minutes.
_AMOUNT = r"(-?)([0-9]{1,19})(?:\.([0-9]{1,6}))?"


def decimals(currency: str) -> int:
    """Number of decimals of `currency` (ISO code, upper case) in the ledger."""
    return DECIMALS.get(currency, 2)


def check_currency(code: str) -> str:
    """Return `code` in upper case. Raises BadInput for a currency that is not known."""
    upper = code.upper()
    if upper not in CURRENCIES or not code.isascii():  # `ſ` is S in upper case
        raise BadInput(
            "unknown_currency", f"'{code}' is not a currency code", "Use an ISO code such as USD."
        )
    return upper


def bounded(minor_units: int) -> int:
    """Return `minor_units`. Raises BadInput when it does not fit a signed 64-bit integer."""
    if not -MAX_MINOR <= minor_units <= MAX_MINOR:
        raise BadInput(
            "amount_too_large", "the amount does not fit 64 bits", "Check how many digits it has."
        )
    return minor_units


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount: integer `minor_units` of `currency` (ISO code, upper case)."""

    minor_units: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor_units) is not int:
            raise TypeError("minor_units is an int; money is never a float")
        bounded(self.minor_units)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor_units + other.minor_units, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor_units - other.minor_units, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor_units, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor_units < other.minor_units

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor_units <= other.minor_units

    def __str__(self) -> str:
        return f"{grouped_text(self.minor_units, self.currency)} {self.currency}"


def plain_text(minor_units: int, currency: str) -> str:
    """`1842.50`: the amount in major units, for data (JSON, CSV)."""
    places = decimals(currency)
    sign, digits = ("-" if minor_units < 0 else ""), str(abs(minor_units)).zfill(places + 1)
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


def grouped_text(minor_units: int, currency: str) -> str:
    """`1,842.50`: the amount in major units with thousands separated, for people."""
    whole, dot, fraction = plain_text(minor_units, currency).partition(".")
    return f"{int(whole):,}{dot}{fraction}" if whole != "-0" else f"-0{dot}{fraction}"


def parse_minor(text: str, currency: str, *, negative: bool = False) -> int:
    """Minor units of `text` such as `1842.50`, in `currency`.

    Accepts ASCII digits and one point; more decimals than the currency has only where they are
    zero. `negative` allows a leading minus. Raises BadInput; never rounds.
    """
    found = re.fullmatch(_AMOUNT, text, re.ASCII)
    if found is None or (found[1] and not negative):
        raise BadInput(
            "bad_amount",
            f"{quoted(text)} is not an amount",
            "Write it like 1842.50, without commas or signs.",
        )
    places = decimals(currency)
    fraction = (found[3] or "").ljust(places, "0")
    if fraction[places:].strip("0"):
        raise BadInput("bad_amount", f"{text} has more decimals than {currency} ({places})")
    minor = bounded(int(found[2] + fraction[:places]))
    return -minor if found[1] else minor


def split(minor_units: int, weights: Sequence[int]) -> list[int]:
    """Split `minor_units` (≥ 0) in proportion to `weights` (≥ 0, not all 0).

    Largest remainder, ties to the earlier: the parts always sum to the whole.
    """
    whole = sum(weights)
    if minor_units < 0 or whole <= 0 or min(weights) < 0:
        raise ValueError("split needs an amount >= 0 and weights >= 0 that are not all 0")
    parts = [minor_units * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(minor_units * weights[i] % whole))
    for index in by_remainder[: minor_units - sum(parts)]:
        parts[index] += 1
    return parts
