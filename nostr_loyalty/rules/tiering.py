"""Tiers: up at once, down one step at a time and only after a time of grace.

A tier is reached at its threshold (one less is below, Bug 38). The order that crosses a threshold still earns at the
rate of the tier held before it: the caller earns first and reviews afterwards. What counts is the basis (points earned,
money spent, visits), of the whole life or of the last `window_days` local days, today included; never the balance, so
that spending points costs nobody a tier (Bug 60).
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from nostr_loyalty.rules.calendar import day_of, start_of_day
from nostr_loyalty.rules.program import ProgramRules


class TierState(NamedTuple):
    """What a customer holds: the tier (None: none yet), until when it is kept although too little counts (None: enough
    does), and when to look again without an order (None: nothing can change).
    """

    tier: str | None = None
    grace_until: int | None = None
    review_at: int | None = None


class TierChange(NamedTuple):
    """The state after a review, and what there is to tell: a tier was reached, is at risk, was lost, is safe again."""

    state: TierState
    event: Literal["reached", "at_risk", "lost", "safe"] | None


def review(
    rules: ProgramRules, state: TierState, *, value: int, window: Sequence[tuple[int, int]] = (), now: int
) -> TierChange:
    """Look at a customer's tier after something changed, or at `review_at`: at most one step down.

    `value` as `value_of` gives it. `window`: (day, amount) by day, with a rolling window only; it tells when what
    counts will fall below the threshold. A tier that is no longer in the program is held by nobody.
    """
    tiers = rules.tiers
    held = earned = -1
    for at, tier in enumerate(tiers):
        if tier.id == state.tier:
            held = at
        if tier.threshold <= value:
            earned = at
    if earned > held:
        return TierChange(_settled(rules, earned, value, window), "reached")
    if earned == held:
        at_risk = state.grace_until is not None and held >= 0
        return TierChange(_settled(rules, held, value, window), "safe" if at_risk else None)
    grace_until = state.grace_until
    if grace_until is None:
        grace_until = _grace(rules, now)
    if now < grace_until:
        event: Literal["at_risk"] | None = "at_risk" if state.grace_until is None else None
        return TierChange(TierState(tiers[held].id, grace_until, grace_until), event)
    held -= 1
    if held == earned:
        return TierChange(_settled(rules, held, value, window), "lost")
    grace_until = _grace(rules, now)
    return TierChange(TierState(tiers[held].id, grace_until, grace_until), "lost")


def value_of(
    rules: ProgramRules, *, earned_points: int, spent_minor: int, visits: int, window: Sequence[tuple[int, int]] = ()
) -> int:
    """What counts towards a tier: one of the sums of a whole life, or with a rolling window the sum of its amounts."""
    if rules.tier_basis.window_days is not None:
        return sum(amount for _, amount in window)
    match rules.tier_basis.basis:
        case "points":
            return earned_points
        case "spend":
            return spent_minor
        case "visits":
            return visits


def window_from(rules: ProgramRules, today: int) -> int | None:
    """The first local day that counts today, or None: the whole life does."""
    days = rules.tier_basis.window_days
    return None if days is None else today - days + 1


def progress(rules: ProgramRules, tier: str | None, value: int) -> tuple[int, int, str] | None:
    """(reached, needed, id) of the tier above the one that is held, or None at the top or without tiers."""
    held = next((at for at, each in enumerate(rules.tiers) if each.id == tier), -1)
    if held + 1 >= len(rules.tiers):
        return None
    above = rules.tiers[held + 1]
    return max(0, value), above.threshold, above.id


def at_least(rules: ProgramRules, tier: str | None, wanted: str) -> bool:
    """Whether a tier is `wanted` or above it; nobody holds a tier that is not in the program."""
    reached = False
    for each in rules.tiers:
        reached = reached or each.id == wanted
        if each.id == tier:
            return reached
    return False


def _grace(rules: ProgramRules, now: int) -> int:
    days = rules.tier_basis.grace_days
    return start_of_day(day_of(now, rules.tz) + days, rules.tz) if days else now


def _settled(rules: ProgramRules, held: int, value: int, window: Sequence[tuple[int, int]]) -> TierState:
    """The state of somebody who holds what was earned: to be looked at when the window has moved on too far."""
    if held < 0:
        return TierState()
    tier, days = rules.tiers[held], rules.tier_basis.window_days
    if days is None:
        return TierState(tier.id)
    for day, amount in window:
        value -= amount
        if value < tier.threshold:
            return TierState(tier.id, None, start_of_day(day + days, rules.tz))
    return TierState(tier.id)
