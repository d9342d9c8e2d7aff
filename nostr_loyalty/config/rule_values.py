"""The small grammars of a program's rules: spans of time, decimals, dates, what is excluded, what a point is worth.

As in `values`: each function takes what the operator wrote, or raises `ValueError` with a sentence that does not repeat
it.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from ledger.errors import AmountInvalid
from ledger.units import MSAT, Money, parse_money
from nostr_loyalty.config.values import Price, one_line, price
from nostr_loyalty.rules.program import DAY_S, Factor
from nostr_loyalty.rules.schedule import Schedule, parse_schedule

SPAN_DAYS_MAX: Final = 36_500
SPAN_S_MAX: Final = SPAN_DAYS_MAX * DAY_S
FACTOR_MAX: Final = 1_000
ITEM_CHARACTERS_MAX: Final = 128
URL_CHARACTERS_MAX: Final = 512
SCHEDULE_CHARACTERS_MAX: Final = 300
YEARS: Final = (2000, 2999)
EXCLUDABLE: Final = ("tip", "gift_card", "service", "delivery")

_SPAN = re.compile(r"(0|[1-9][0-9]{0,8})(min|h|d|w)")
_UNIT_S: Final = {"min": 60, "h": 3_600, "d": DAY_S, "w": 7 * DAY_S}
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,3})(?:\.([0-9]{1,4}))?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WORTH = re.compile(r"((?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,8})?) (\S+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class PointValue:
    """What a point is worth in reports: `minor` smallest units of `currency` for each, as an exact fraction."""

    minor: Factor
    currency: str

    def worth(self, points: int) -> Money:
        """So many points (0 or more) in money, rounded half up to the smallest unit."""
        assert points >= 0, points
        numerator, denominator = self.minor
        return Money((2 * points * numerator + denominator) // (2 * denominator), self.currency)


def span(text: str) -> int:
    """A span of time in seconds, 0 or more: a whole number and min, h, d or w."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError('not a span of time; write a whole number and "min", "h", "d" or "w", for example "90d"')
    seconds = int(found[1]) * _UNIT_S[found[2]]
    if seconds > SPAN_S_MAX:
        raise ValueError(f'too long; write at most "{SPAN_DAYS_MAX}d"')
    return seconds


def some_span(text: str) -> int:
    """The same, above 0."""
    return _above_0(span(text))


def days(text: str) -> int:
    """A span in whole local days, 0 or more: a whole number and d or w."""
    found = _SPAN.fullmatch(text)
    if found is None or found[2] not in ("d", "w"):
        raise ValueError('not a span of days; write a whole number and "d" or "w", for example "90d"')
    return span(text) // DAY_S


def some_days(text: str) -> int:
    """The same, above 0."""
    return _above_0(days(text))


def factor(text: str) -> Factor:
    """A decimal above 0, in quotes, as the fraction that it is: "1.5" is 15/10."""
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise ValueError('not a plain decimal number of at most 4 decimals; write it like "1.5"')
    decimals = found[2] or ""
    value = Factor(int(found[1] + decimals), 10 ** len(decimals))
    if value.numerator == 0:
        raise ValueError('must be above 0; write it like "1.5"')
    if value.numerator > FACTOR_MAX * value.denominator:
        raise ValueError(f"must be at most {FACTOR_MAX}")
    return value


def percent(text: str) -> Factor:
    """A percentage above 0 and at most 100, without a sign, as a factor of 1: "15" is 15/100."""
    value = factor(text)
    if value.numerator > 100 * value.denominator:
        raise ValueError("more than everything; write a percentage of at most 100")
    return Factor(value.numerator, value.denominator * 100)


def local_date(text: str) -> date:
    """A day of the venue's calendar: year-month-day."""
    example = 'write it like "2026-12-31"'
    if _DATE.fullmatch(text) is None:
        raise ValueError(f"not a date; {example}")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"no day of the calendar; {example}") from None
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise ValueError(f"not between the years {YEARS[0]} and {YEARS[1]}; {example}")
    return day


def schedule(text: str) -> Schedule:
    """When a multiplier applies: `rules.schedule` has the grammar and the sentences."""
    if len(text) > SCHEDULE_CHARACTERS_MAX:
        raise ValueError(f"longer than {SCHEDULE_CHARACTERS_MAX} characters; write several multipliers instead")
    return parse_schedule(text)


def excluded(text: str) -> str:
    """A type of line that no rule counts, or "item:" and an item's id."""
    kind, colon, item = text.partition(":")
    if text in EXCLUDABLE:
        return text
    if kind != "item" or not colon:
        raise ValueError(f'write {", ".join(map(_quoted, EXCLUDABLE))}, or "item:" and an item\'s id')
    return f"item:{item_id(item)}"


def item_id(text: str) -> str:
    """An item's id as the order system gives it."""
    if not 1 <= len(text) <= ITEM_CHARACTERS_MAX:
        raise ValueError(f"an item's id has 1 to {ITEM_CHARACTERS_MAX} characters")
    return one_line(text)


def currency(text: str) -> str:
    """A unit's currency, as money is kept: "msat" for sat and msat, or an ISO 4217 code."""
    try:
        return parse_money("1", text).currency
    except AmountInvalid as error:
        raise ValueError('unknown unit; write "sat" or an ISO 4217 code such as "EUR"') from error


def sats(text: str) -> Price:
    """An amount of bitcoin."""
    amount = price(text)
    if amount.money.currency != MSAT:
        raise ValueError('not an amount of bitcoin; write it like "1000 sat"')
    return amount


def point_value(text: str) -> PointValue:
    """What a point is worth: a decimal above 0 (finer than the unit if need be), a blank and a unit."""
    example = 'write an amount and a unit, for example "0.01 EUR"'
    found = _WORTH.fullmatch(text)
    if found is None:
        raise ValueError(f"not an amount of at most 8 decimals; {example}")
    try:
        unit = parse_money("1", found[2])
    except AmountInvalid as error:
        raise ValueError(f'unknown unit "{found[2]}"; {example}') from error
    whole, _, decimals = found[1].partition(".")
    numerator = int(whole + decimals) * unit.minor
    if numerator == 0:
        raise ValueError(f"must be above 0; {example}")
    return PointValue(Factor(numerator, 10 ** len(decimals)), unit.currency)


def web_address(text: str) -> str:
    """A page's https address, to which "#" and more is added."""
    example = 'write it like "https://example.com/claim"'
    plain = len(text) <= URL_CHARACTERS_MAX and text.isascii() and text.isprintable() and not set(text) & set(' "<>#')
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError(f"not a URL; {example}") from error
    if not plain or parts.scheme != "https" or not parts.hostname:
        raise ValueError(f"not an https URL without a #fragment; {example}")
    return text


def threshold(value: object) -> int | Price:
    """What a tier takes: a whole number above 0, or money as a price."""
    if isinstance(value, str):
        return price(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError('not a threshold; write a whole number, or for tiers by spend money like "500 EUR"')
    if not 1 <= value <= 10**12:
        raise ValueError("must be at least 1 and at most 1000000000000")
    return value


def _above_0(length: int) -> int:
    if length == 0:
        raise ValueError('must be above 0; write for example "90d"')
    return length


def _quoted(text: str) -> str:
    return f'"{text}"'
