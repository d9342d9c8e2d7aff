"""Tiers: up at once, down one step at a time after a time of grace, by the venue's days."""

from dataclasses import replace

import pytest

from nostr_loyalty.rules.calendar import day_of, start_of_day
from nostr_loyalty.rules.program import Tier, TierBasis
from nostr_loyalty.rules.tiering import (
    TierChange,
    TierState,
    at_least,
    progress,
    review,
    value_of,
    window_from,
)
from tests.unit.nostr_loyalty.rule_sets import LORD_HOWE, MADRID, NEW_YORK, NOON, moment, program

BRONZE, SILVER, GOLD = Tier("bronze", "Bronze", 10), Tier("silver", "Silver", 100), Tier("gold", "Gold", 1_000)
LIFETIME = program(tiers=(BRONZE, SILVER, GOLD))
GRACE = replace(LIFETIME, tier_basis=TierBasis(grace_days=30))
ROLLING = replace(LIFETIME, tier_basis=TierBasis("visits", window_days=90, grace_days=30))
TODAY = day_of(NOON, MADRID)


def held(tier: str | None, value: int) -> str | None:
    """The tier after a review, of somebody who holds `tier` and has `value`."""
    return review(LIFETIME, TierState(tier), value=value, now=NOON).state.tier


@pytest.mark.parametrize(
    ("value", "tier"),
    [
        (-5, None), (0, None), (9, None), (10, "bronze"), (11, "bronze"), (99, "bronze"), (100, "silver"),
        (101, "silver"), (999, "silver"), (1_000, "gold"), (1_001, "gold"), (10**12, "gold"),
    ],
)  # fmt: skip
def test_thresholds(value: int, tier: str | None) -> None:
    """Bug 38: one below a threshold is below it, the threshold itself and one above have the tier; several steps up are
    one step.
    """
    assert held(None, value) == tier


def test_up_at_once() -> None:
    """A tier that is reached is told, is held at once, and ends a time of grace."""
    assert review(GRACE, TierState("bronze"), value=100, now=NOON) == TierChange(TierState("silver"), "reached")
    at_risk = TierState("bronze", NOON + 9, NOON + 9)
    assert review(GRACE, at_risk, value=100, now=NOON) == TierChange(TierState("silver"), "reached")


def test_nothing_to_tell() -> None:
    """Somebody who holds what was earned is told nothing, with a tier and without one."""
    assert review(GRACE, TierState("silver"), value=100, now=NOON) == TierChange(TierState("silver"), None)
    assert review(GRACE, TierState(), value=9, now=NOON) == TierChange(TierState(), None)


def test_down_without_grace_is_one_step_for_each_look() -> None:
    """Without grace a tier is lost at once, but one step at a time; the next look is due at the same moment."""
    first = review(LIFETIME, TierState("gold"), value=0, now=NOON)
    assert first == TierChange(TierState("silver", NOON, NOON), "lost")
    second = review(LIFETIME, first.state, value=0, now=NOON)
    assert second == TierChange(TierState("bronze", NOON, NOON), "lost")
    third = review(LIFETIME, second.state, value=0, now=NOON)
    assert third == TierChange(TierState(), "lost")
    assert review(LIFETIME, third.state, value=0, now=NOON) == TierChange(TierState(), None)


def test_down_after_grace_and_grace_again() -> None:
    """Too little counts: a warning once, the tier until the grace is over, one step down, and grace again."""
    end = start_of_day(TODAY + 30, MADRID)
    warned = review(GRACE, TierState("gold"), value=50, now=NOON)
    assert warned == TierChange(TierState("gold", end, end), "at_risk")
    assert review(GRACE, warned.state, value=40, now=end - 1) == TierChange(TierState("gold", end, end), None)
    later = start_of_day(TODAY + 60, MADRID)
    lost = review(GRACE, warned.state, value=50, now=end)
    assert lost == TierChange(TierState("silver", later, later), "lost")
    assert review(GRACE, lost.state, value=50, now=later - 1).event is None
    assert review(GRACE, lost.state, value=50, now=later) == TierChange(TierState("bronze"), "lost")


def test_back_in_time() -> None:
    """Who has enough again before grace is over keeps the tier, is told so, and gets a whole new grace next time."""
    end = start_of_day(TODAY + 30, MADRID)
    safe = review(GRACE, TierState("gold", end, end), value=1_000, now=end - 1)
    assert safe == TierChange(TierState("gold"), "safe")
    lowest = review(GRACE, TierState("bronze", end, end), value=10, now=end - 1)
    assert lowest == TierChange(TierState("bronze"), "safe")
    again = review(GRACE, safe.state, value=999, now=end).state
    assert again.grace_until == start_of_day(TODAY + 60, MADRID)


@pytest.mark.parametrize("tz", [MADRID, NEW_YORK, LORD_HOWE])
def test_grace_ends_with_a_local_day(tz: object) -> None:
    """Bug 35: grace ends at the venue's midnight, also when the clock changes on the way."""
    assert tz in (MADRID, NEW_YORK, LORD_HOWE)
    rules = replace(GRACE, tz=tz)
    for began in ("2026-03-01 23:59", "2026-10-20 00:00", "2026-03-20 12:00"):
        now = moment(began, rules.tz)
        state = review(rules, TierState("gold"), value=0, now=now).state
        assert state.grace_until == start_of_day(day_of(now, rules.tz) + 30, rules.tz)
        assert day_of((state.grace_until or 0) - 1, rules.tz) == day_of(now, rules.tz) + 29


def test_a_window_moves_on() -> None:
    """With a window somebody is looked at on the day on which too little is left in it, and not before."""
    window = [(TODAY - 80, 50), (TODAY - 40, 40), (TODAY - 10, 5), (TODAY, 10)]
    change = review(ROLLING, TierState(), value=105, window=window, now=NOON)
    assert change == TierChange(TierState("silver", None, start_of_day(TODAY - 80 + 90, MADRID)), "reached")
    bronze = review(ROLLING, TierState(), value=55, window=window[1:], now=NOON)
    assert bronze.state == TierState("bronze", None, start_of_day(TODAY + 90, MADRID))
    assert review(ROLLING, TierState(), value=9, window=[(TODAY, 9)], now=NOON).state == TierState()


def test_at_the_review_the_window_has_moved_on() -> None:
    """Bug 34: at `review_at` the window holds too little, a second before it held enough."""
    window = [(TODAY - 89, 60), (TODAY - 3, 45)]
    review_at = review(ROLLING, TierState("silver"), value=105, window=window, now=NOON).state.review_at
    assert review_at is not None

    def value(now: int) -> int:
        first = window_from(ROLLING, day_of(now, MADRID))
        assert first is not None
        return sum(amount for day, amount in window if day >= first)

    assert (value(review_at - 1), value(review_at)) == (105, 45)
    assert review(ROLLING, TierState("silver"), value=45, window=window[1:], now=review_at).event == "at_risk"


def test_what_counts() -> None:
    """Bug 60: points earned (never the balance), money or visits count, of a whole life or of a window's days."""

    def value(basis: TierBasis, window: list[tuple[int, int]]) -> int:
        rules = replace(LIFETIME, tier_basis=basis)
        return value_of(rules, earned_points=7, spent_minor=900, visits=3, window=window)

    assert value(TierBasis("points"), []) == 7
    assert value(TierBasis("spend"), []) == 900
    assert value(TierBasis("visits"), []) == 3
    assert value(TierBasis("visits", window_days=2), [(1, 4), (2, 6)]) == 10
    assert value(TierBasis("points", window_days=2), []) == 0


def test_the_window_s_first_day() -> None:
    """A window of 90 days is today and the 89 days before; without a window no day is asked for."""
    assert window_from(ROLLING, TODAY) == TODAY - 89
    assert window_from(replace(ROLLING, tier_basis=TierBasis(window_days=1)), TODAY) == TODAY
    assert window_from(LIFETIME, TODAY) is None


def test_progress() -> None:
    """What is reached of the next tier, from the tier that is held; at the top and without tiers there is none."""
    assert progress(LIFETIME, None, 4) == (4, 10, "bronze")
    assert progress(LIFETIME, "silver", 40) == (40, 1_000, "gold")
    assert progress(LIFETIME, "bronze", -3) == (0, 100, "silver")
    assert progress(LIFETIME, "gold", 5_000) is None
    assert progress(program(), None, 5) is None


def test_a_tier_that_is_gone() -> None:
    """A tier that the program no longer has is held by nobody: what was earned counts, quietly where that is none."""
    gone = TierState("platinum", NOON - 1, NOON - 1)
    assert review(LIFETIME, gone, value=0, now=NOON) == TierChange(TierState(), None)
    assert review(LIFETIME, gone, value=100, now=NOON) == TierChange(TierState("silver"), "reached")
    assert review(program(), TierState("gold"), value=10**6, now=NOON) == TierChange(TierState(), None)


def test_at_least() -> None:
    """A tier is at least itself and all below it; nobody is at least a tier that is not in the program."""
    tiers = (None, "bronze", "silver", "gold", "platinum")
    assert [at_least(LIFETIME, each, "silver") for each in tiers] == [False, False, True, True, False]
    assert not any(at_least(LIFETIME, each, "platinum") for each in tiers)
