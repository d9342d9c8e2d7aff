"""What one order earns, worked out in fractions and rounded once."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from tests.model.days import local
from tests.model.rules import Rules


@dataclass(frozen=True)
class Bill:
    """What the till says: all money in `minor` of `currency`; `items` are (id, how many, what all of it cost)."""

    minor: int
    currency: str
    paid_at: int
    lines: tuple[tuple[str, int], ...] = ()
    items: tuple[tuple[str, Fraction, int], ...] = ()
    payment: str | None = None


@dataclass(frozen=True)
class Earned:
    """`points` in all, cut by the caps; `fixed` of them stay at a refund of a part."""

    points: int
    fixed: int
    stamped: bool
    basis: int
    stamp: int
    bonus: int


def basis(rules: Rules, bill: Bill) -> int:
    """The part of the bill that counts."""
    not_counted = sum(minor for type_, minor in bill.lines if type_ == "points_discount" or type_ in rules.exclude)
    not_counted += sum(minor for item, _, minor in bill.items if f"item:{item}" in rules.exclude)
    return max(0, bill.minor - not_counted)


def gap_is_kept(rules: Rules, paid_at: int, stamps: Iterable[int]) -> bool:
    """Whether every other stamp is far enough away."""
    return rules.visit is None or all(abs(paid_at - at) >= rules.visit.gap for at in stamps)


def times(rules: Rules, bill: Bill, tier: str | None) -> Fraction:
    """How many times everything counts."""
    fitting = [happy.factor for happy in rules.multipliers if happy.fits(local(bill.paid_at, rules.tz))]
    return max(fitting, default=Fraction(1)) * rules.tier_factors.get(tier or "", Fraction(1))


def rounded(rules: Rules, points: Fraction) -> int:
    """Once, at the end."""
    if rules.rounding == "floor":
        return floor(points)
    return ceil(points) if rules.rounding == "ceil" else floor(points + Fraction(1, 2))


def earn(
    rules: Rules, bill: Bill, *, tier: str | None = None, stamps: Iterable[int] = (), first: bool = False,
    room: int | None = None,
) -> Earned | str:  # fmt: skip
    """What it earns, or the code of the refusal. `first`: the welcome is due; `room`: what the caps leave."""
    if rules.status != "active":
        return f"program-{rules.status}"
    if rules.spend and bill.currency not in rules.spend:
        return "amount-without-rule"
    counted = basis(rules, bill)
    spent, of_items, stamped, bonus = Fraction(0), Fraction(0), False, 0
    if counted > 0:  # of an order that nothing counts of, nothing earns: neither its money nor that somebody was there
        if bill.currency in rules.spend:
            points, per = rules.spend[bill.currency]
            spent = Fraction(points * counted, per)
        for item, many, _ in bill.items:
            of_items += rules.items.get(item, 0) * many if f"item:{item}" not in rules.exclude else 0
        bonus = rules.payments.get(bill.payment or "", 0)
        stamped = _is_a_visit(rules, bill, counted, stamps)
    often = times(rules, bill, tier)
    stamp = (rules.visit.points if rules.visit is not None and stamped else 0) * often
    bonus += rules.welcome if first else 0
    total = rounded(rules, (spent + of_items) * often + stamp) + bonus
    if room is not None:
        total = min(total, room)
    return Earned(total, min(total, floor(stamp) + bonus), stamped, counted, floor(stamp), bonus)


def _is_a_visit(rules: Rules, bill: Bill, counted: int, stamps: Iterable[int]) -> bool:
    if rules.visit is None or not gap_is_kept(rules, bill.paid_at, stamps):
        return False
    least = rules.visit.minimum
    return least is None or (least[1] == bill.currency and counted >= least[0])


def back_in_all(earned: int, fixed: int, refunded: int, minor: int) -> int:
    """What refunds of `refunded` out of `minor` take back together."""
    return earned if refunded == minor else (earned - fixed) * refunded // minor
