"""The rules of one program, ready to be evaluated (protocol §3).

A value of this module is made from the configuration once at start; the definition published as 37411 is made from the
same configuration, so that what is published is what is applied.
"""

from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

Rounding = Literal["floor", "half_up", "ceil"]
Status = Literal["active", "paused", "ended"]


@dataclass(frozen=True, slots=True)
class SpendRule:
    """`points` (above 0) for every full `per_minor` (above 0) of `currency`, in its smallest unit (msat, cents)."""

    points: int
    per_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class ProgramRules:
    """What the deciding code needs to know of a program: at most one spend rule for each currency."""

    spend: tuple[SpendRule, ...]
    rounding: Rounding
    tz: ZoneInfo
    status: Status = "active"

    def spend_rule(self, currency: str) -> SpendRule | None:
        """The rule for a currency ("msat" or an ISO 4217 code), or None where the program has none."""
        return next((rule for rule in self.spend if rule.currency == currency), None)


def divide(numerator: int, denominator: int, rounding: Rounding) -> int:
    """A quotient of two integers, numerator >= 0 and denominator > 0, rounded once; no float is involved."""
    assert numerator >= 0, numerator
    assert denominator > 0, denominator
    quotient, remainder = divmod(numerator, denominator)
    match rounding:
        case "floor":
            return quotient
        case "half_up":
            return quotient + (2 * remainder >= denominator)
        case "ceil":
            return quotient + (remainder > 0)
