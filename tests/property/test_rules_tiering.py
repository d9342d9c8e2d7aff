"""Laws of tiers, of the end of points, and of what points buy."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from nostr_loyalty.rules.calendar import day_of, start_of_day
from nostr_loyalty.rules.expiring import expires_at, limit_for_change
from nostr_loyalty.rules.program import Cost, Period, ProgramRules, Reward, SpendRule, Tier, TierBasis
from nostr_loyalty.rules.redeeming import RedeemFacts, Redemption, charge, nearest, redeem
from nostr_loyalty.rules.refusal import Refusal
from nostr_loyalty.rules.tiering import TierState, review, value_of, window_from
from tests.property.programs import MOMENTS, ZONES

ZONE = st.sampled_from(ZONES)
VALUES = st.integers(-10, 400)
THRESHOLDS = st.lists(st.integers(1, 300), min_size=1, max_size=5, unique=True).map(sorted)


@st.composite
def tiered(draw: st.DrawFn, windowed: bool = False) -> ProgramRules:
    """A program with some tiers, with or without grace."""
    tiers = tuple(Tier(f"t{n}", f"T{n}", threshold) for n, threshold in enumerate(draw(THRESHOLDS)))
    window = draw(st.integers(1, 100)) if windowed else None
    basis = TierBasis("points", window, draw(st.sampled_from([0, 1, 30])))
    return ProgramRules((SpendRule(1, 100, "EUR"),), "floor", draw(ZONE), tiers=tiers, tier_basis=basis)


def rank(rules: ProgramRules, tier: str | None) -> int:
    """-1 for no tier, 0 for the lowest, and so on."""
    return next((at for at, each in enumerate(rules.tiers) if each.id == tier), -1)


@given(tiered(), st.data(), VALUES, VALUES, MOMENTS)
def test_more_never_means_a_lower_tier(
    rules: ProgramRules, data: st.DataObject, one: int, other: int, now: int
) -> None:
    """Bug 38: of two values the higher one never ends in the lower tier, from any state."""
    held = data.draw(st.sampled_from([None, *(tier.id for tier in rules.tiers)]))
    state = TierState(held, data.draw(st.none() | st.sampled_from([now - 1, now, now + 1])) if held else None)
    ranks = [rank(rules, review(rules, state, value=value, now=now).state.tier) for value in sorted((one, other))]
    assert ranks[0] <= ranks[1]


@given(tiered(), st.lists(st.tuples(VALUES, st.integers(0, 4_000_000)), max_size=20), MOMENTS)
def test_a_tier_s_life(rules: ProgramRules, steps: list[tuple[int, int]], now: int) -> None:
    """A tier is never below what was earned, goes down one step at a time and only when grace is over, and each change
    is told by its name.
    """
    state = TierState()
    for value, later in steps:
        now += later
        before, change = state, review(rules, state, value=value, now=now)
        state = change.state
        held, was = rank(rules, state.tier), rank(rules, before.tier)
        earned = sum(tier.threshold <= value for tier in rules.tiers) - 1
        assert held >= earned
        assert held >= was - 1
        assert (state.grace_until is not None) == (held > earned)
        assert state.review_at == state.grace_until
        if held < was:
            assert change.event == "lost"
            assert not rules.tier_basis.grace_days or (before.grace_until is not None and now >= before.grace_until)
        elif held > was:
            assert change.event == "reached"
            assert held == earned
        else:
            assert change.event == (
                ("at_risk" if before.grace_until is None else None) if held > earned
                else ("safe" if before.grace_until is not None else None)
            )  # fmt: skip


@given(tiered(), VALUES, MOMENTS)
def test_looking_again_when_told_to_ends(rules: ProgramRules, value: int, now: int) -> None:
    """Reviews at every `review_at` end with the tier that was earned, after at most a warning and a step per tier."""
    state, looks = TierState(rules.tiers[-1].id, None, now), 0
    while state.review_at is not None:
        state = review(rules, state, value=value, now=max(now, state.review_at)).state
        looks += 1
        assert looks <= 2 * len(rules.tiers) + 1
    assert rank(rules, state.tier) == sum(tier.threshold <= value for tier in rules.tiers) - 1


@given(tiered(windowed=True), st.lists(st.tuples(st.integers(0, 99), st.integers(1, 100)), max_size=20), MOMENTS)
def test_a_window_is_looked_at_on_the_right_day(rules: ProgramRules, amounts: list[tuple[int, int]], now: int) -> None:
    """Bug 34: up to the second before `review_at` the window holds enough for the tier, from then on it does not."""
    today = day_of(now, rules.tz)
    days = sorted((today - ago, amount) for ago, amount in amounts)

    def value(at: int) -> int:
        first = window_from(rules, day_of(at, rules.tz))
        assert first is not None
        counted = [(day, amount) for day, amount in days if day >= first]
        return value_of(rules, earned_points=0, spent_minor=0, visits=0, window=counted)

    first = window_from(rules, today) or 0
    counted = [(day, amount) for day, amount in days if day >= first]
    state = review(rules, TierState(), value=value(now), window=counted, now=now).state
    tier = rules.tier(state.tier)
    assert (state.review_at is None) == (tier is None)
    if tier is not None and state.review_at is not None:
        assert value(max(now, state.review_at - 1)) >= tier.threshold > value(state.review_at)


@given(MOMENTS, st.integers(1, 1_000), ZONE)
def test_points_live_for_so_many_days(now: int, ttl: int, tz: ZoneInfo) -> None:
    """Bug 35: points are good on the day of the credit and so many local days more, to the last second, not longer."""
    rules = ProgramRules((), "floor", tz, ttl_days=ttl)
    end = expires_at(rules, now)
    assert end is not None
    assert end == start_of_day(day_of(now, tz) + ttl + 1, tz)
    assert day_of(end - 1, tz) <= day_of(now, tz) + ttl < day_of(end, tz)
    on_the_wall = [datetime.fromtimestamp(unix, tz).replace(tzinfo=None) for unix in (now, end)]
    assert on_the_wall[1] - on_the_wall[0] > timedelta(days=ttl)


@given(MOMENTS, MOMENTS, st.none() | st.integers(1, 500), st.none() | st.integers(1, 500), ZONE)
def test_a_change_never_ends_points_early(one: int, other: int, old: int | None, new: int | None, tz: ZoneInfo) -> None:
    """Bug 37: what a change ends, ends a whole new ttl after it, never earlier than by the new rule from the start."""
    credited, changed = sorted((one, other))
    limit = limit_for_change(old, new, changed, tz)
    if limit is None:
        assert new is None or (old is not None and old <= new)
    else:
        assert new is not None
        assert limit == expires_at(ProgramRules((), "floor", tz, ttl_days=new), changed)
        assert limit >= (expires_at(ProgramRules((), "floor", tz, ttl_days=new), credited) or 0)


@given(
    st.integers(1, 200), st.integers(-50, 400), st.none() | st.integers(0, 5), st.integers(0, 6),
    st.none() | st.integers(1, 4), st.frozensets(st.integers(1, 6)), st.sampled_from([None, "day", "week", "month"]),
    MOMENTS,
)  # fmt: skip
def test_a_voucher_keeps_every_promise(
    cost: int, spendable: int, stock: int | None, taken: int, limit: int | None, slots: frozenset[int],
    period: Period | None, now: int,
) -> None:  # fmt: skip
    """Bug 27, 28: a voucher is issued exactly when points, stock and limit allow one more, and its slot was free."""
    reward = Reward("x", "X", cost, "item", "x", stock=stock, limit=limit, limit_period=period)
    rules = ProgramRules((), "floor", ZONES[0], rewards=(reward,))
    decided = redeem(rules, "x", RedeemFacts(spendable, None, False, taken, slots, now))
    free = None if limit is None else [slot for slot in range(1, limit + 1) if slot not in slots]
    room = limit is None or len(slots) < limit  # of cards that were put together some lie beyond the limit
    allowed = spendable >= cost and (stock is None or taken < stock) and free != [] and room
    assert isinstance(decided, Redemption) == allowed
    if isinstance(decided, Redemption):
        assert decided.slot == (free[0] if free else None)


@given(st.integers(1, 10**6), st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 10**6))
def test_a_discount_is_never_overcharged(cost: int, off: int, bill: int, more: int) -> None:
    """Bug 42: points per money taken off are never more than the reward's own price; a larger bill never costs less."""
    charged = charge("discount_amount", cost, Cost(off, "EUR"), Cost(bill, "EUR"))
    larger = charge("discount_amount", cost, Cost(off, "EUR"), Cost(bill + more, "EUR"))
    assert not isinstance(charged, Refusal)
    assert not isinstance(larger, Refusal)
    assert 0 <= charged <= larger <= cost
    assert charged * off <= cost * min(bill, off) < (charged + 1) * off
    assert charged == cost or bill < off


@given(st.lists(st.integers(1, 100), max_size=6), st.integers(-20, 120))
def test_the_nearest_reward_is_the_nearest(costs: list[int], balance: int) -> None:
    """Nothing is missing exactly when something can be had, and then nothing dearer can; else nothing is cheaper."""
    rewards = tuple(Reward(f"r{n}", "R", cost, "item", "r") for n, cost in enumerate(costs))
    free = RedeemFacts(balance, None, False, 0, frozenset(), 0)
    found = nearest(replace(ProgramRules((), "floor", ZONES[0]), rewards=rewards), balance, lambda _: free)
    if not costs:
        assert found is None
        return
    assert found is not None
    affordable = [cost for cost in costs if cost <= balance]
    assert found[0].cost == (max(affordable) if affordable else min(costs))
    assert found[1] == (0 if affordable else min(costs) - balance)
