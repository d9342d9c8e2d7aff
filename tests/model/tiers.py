"""Which tier somebody holds. Up at once; down by one step after a grace, and again after another."""

from dataclasses import dataclass

from tests.model.days import day_of, start_of
from tests.model.rules import Rules


@dataclass(frozen=True)
class Held:
    """The tier, when a step down is due, and when the next look is due."""

    tier: str | None = None
    grace: int | None = None
    look: int | None = None


def earned_tier(rules: Rules, value: int) -> str | None:
    """The highest that this is enough for."""
    return next((tier for tier, least in reversed(rules.tiers) if value >= least), None)


def first_day(rules: Rules, day: int) -> int:
    """The oldest day that counts on this day."""
    return 0 if rules.tier_window is None else day - rules.tier_window + 1


def value_on(rules: Rules, counted: list[tuple[int, int]], day: int) -> int:
    """The sum of (day, amount) in the window of a day."""
    return sum(amount for there, amount in counted if there >= first_day(rules, day))


def look_at(rules: Rules, held: Held, counted: list[tuple[int, int]], now: int) -> Held:
    """The tier after a look at it now; `counted` is (day, amount) of all orders."""
    today = day_of(now, rules.tz)
    earned = earned_tier(rules, value_on(rules, counted, today))
    tier = held.tier if rules.rank(held.tier) else None
    grace = held.grace
    if rules.rank(earned) >= rules.rank(tier):
        tier, grace = earned, None
    else:
        if grace is None:
            grace = _grace_from(rules, now)
        if now >= grace:
            tier = ([None] + [name for name, _ in rules.tiers])[rules.rank(tier) - 1]
            grace = _grace_from(rules, now) if rules.rank(earned) < rules.rank(tier) else None
    return Held(tier, grace, grace if grace is not None else _falls(rules, tier, counted, today))


def _grace_from(rules: Rules, now: int) -> int:
    return start_of(day_of(now, rules.tz) + rules.tier_grace, rules.tz) if rules.tier_grace else now


def _falls(rules: Rules, tier: str | None, counted: list[tuple[int, int]], today: int) -> int | None:
    """The start of the first day on which the window no longer holds enough for the tier."""
    if tier is None or rules.tier_window is None:
        return None
    least = dict(rules.tiers)[tier]
    for day in sorted({there + rules.tier_window for there, _ in counted if there + rules.tier_window > today}):
        if value_on(rules, counted, day) < least:
            return start_of(day, rules.tz)
    return None
