"""Money as an integer of its unit's smallest part. Pure.

`sat` and `msat` are both kept in msat; a currency is kept in its minor unit as ISO 4217 gives it (cents; JPY has
none, KWD has thousandths). An amount is written as a plain decimal number: digits, and after a point at most as many
decimals as its unit has. No sign, no exponent, no white space, no leading zeros. Whether 0 is meaningful is for the
caller to say.

>>> parse_money("12.5", "EUR"), parse_money("21", "sat"), parse_money("1000", "JPY")
(Money(minor=1250, currency='EUR'), Money(minor=21000, currency='msat'), Money(minor=1000, currency='JPY'))
>>> format_money(Money(1250, "EUR")), format_money(Money(21000, "msat")), format_money(Money(21001, "msat"))
(('12.50', 'EUR'), ('21', 'sat'), ('21001', 'msat'))
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ledger.errors import AmountInvalid

MINOR_MAX: Final = 21_000_000 * 100_000_000 * 1_000  # all bitcoin in msat; below 2**63
MSAT: Final = "msat"
MSAT_PER_SAT_DECIMALS: Final = 3

_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,18})(?:\.([0-9]{1,18}))?", re.ASCII)


def _codes(*lines: str) -> frozenset[str]:
    return frozenset(code for line in lines for code in line.split())


# ISO 4217, list one: the codes in use, by their number of decimals.
_TWO_DECIMALS: Final = _codes(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY",
    "COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS",
    "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR",
    "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD",
    "SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
)
_NO_DECIMALS: Final = _codes("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF")
_THREE_DECIMALS: Final = _codes("BHD IQD JOD KWD LYD OMR TND")


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` of the smallest unit of `currency`: "msat", or an ISO 4217 code."""

    minor: int
    currency: str


def decimals_of(currency: str) -> int | None:
    """How many decimals the currency's own amounts have (0 for msat), None for a currency that is not known."""
    if currency in _TWO_DECIMALS:
        return 2
    if currency in _NO_DECIMALS or currency == MSAT:
        return 0
    return 3 if currency in _THREE_DECIMALS else None


def parse_money(decimal: str, unit: str) -> Money:
    """Reads an amount. Raises AmountInvalid: unit-unknown, amount-malformed, amount-too-fine, amount-too-large."""
    currency, decimals = (MSAT, MSAT_PER_SAT_DECIMALS) if unit == "sat" else (unit, decimals_of(unit))
    if decimals is None:
        raise AmountInvalid("unit-unknown", repr(unit[:20]))
    matched = _DECIMAL.fullmatch(decimal)
    if matched is None:
        raise AmountInvalid("amount-malformed", repr(decimal[:40]))
    whole, fraction = matched[1], matched[2] or ""
    if len(fraction) > decimals:
        raise AmountInvalid("amount-too-fine", f"{decimal!r}, {unit} has {decimals} decimals")
    minor = int(whole + fraction.ljust(decimals, "0"))
    if minor > MINOR_MAX:
        raise AmountInvalid("amount-too-large", f"{decimal!r} {unit}")
    return Money(minor, currency)


def format_money(money: Money) -> tuple[str, str]:
    """(amount, unit) as `parse_money` reads it: whole sats as sat, other amounts of bitcoin as msat."""
    if money.currency == MSAT:
        sats, rest = divmod(money.minor, 1_000)
        return (str(money.minor), MSAT) if rest else (str(sats), "sat")
    decimals = decimals_of(money.currency)
    assert decimals is not None, "money is made by parse_money"
    if not decimals:
        return str(money.minor), money.currency
    digits = str(money.minor).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}", money.currency


def unit_shown(currency: str) -> str:
    """A currency as people write it: bitcoin is kept in msat, and spoken of in sat."""
    return "sat" if currency == MSAT else currency
