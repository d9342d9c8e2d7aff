"""How many points a paid order is worth (protocol §3, `earn`).

The basis is what the customer paid with money: the order's amount less the part that was paid with points
(`["line", "points_discount", …]`), so that points never earn points. Rounding happens once, at the end.
"""

from dataclasses import dataclass
from typing import Final

from nostr_loyalty.rules.program import ProgramRules, divide
from nostr_loyalty.rules.refusal import Refusal

POINTS_MAX: Final = 10**12
"""Points of one order; far above any use, far below what an integer column holds."""


@dataclass(frozen=True, slots=True)
class PaidAmount:
    """What was paid, in the smallest unit of `currency`; `by_points_minor` is the part of it that points paid."""

    minor: int
    currency: str
    by_points_minor: int = 0


def earn(rules: ProgramRules, paid: PaidAmount) -> int | Refusal:
    """Points for one order, 0 or more, or why there are none to decide on."""
    if rules.status == "ended":
        return Refusal("program-ended")
    if rules.status == "paused":
        return Refusal("program-paused")
    rule = rules.spend_rule(paid.currency)
    if rule is None:
        return Refusal("amount-without-rule", f"unit {paid.currency}")
    basis = max(0, paid.minor - paid.by_points_minor)
    points = divide(basis * rule.points, rule.per_minor, rules.rounding)
    return points if points <= POINTS_MAX else Refusal("points-beyond-limit", f"{points} points")
