"""What points buy: who may redeem which reward, and what a voucher costs in the end.

Points are taken when a voucher is issued. Limits and stock are decided here on what was read, and hold in the ledger's
schema whatever is decided (Bug 27, 28). A discount larger than the bill costs only what it took off (Bug 42). A program
that is paused or has ended still lets its customers spend.
"""

from collections.abc import Callable
from typing import NamedTuple

from ledger.units import unit_shown
from nostr_loyalty.rules.calendar import day_of, period_key, start_of_day
from nostr_loyalty.rules.program import DAY_S, Cost, Period, ProgramRules, Reward, RewardType
from nostr_loyalty.rules.refusal import Day, Points, Refusal
from nostr_loyalty.rules.tiering import at_least


class RedeemFacts(NamedTuple):
    """What is known when somebody asks for a reward: the points that can be spent now, how many of the reward are out,
    and which of the customer's slots of this period are taken. `owed`: how far the balance is below 0.
    """

    spendable: int
    tier: str | None
    frozen: bool
    stock_taken: int
    slots: frozenset[int]
    now: int
    owed: int = 0


class Redemption(NamedTuple):
    """A voucher to issue. `slot` (from 1): which of the rewards that the limit allows in `period` it is, or None."""

    reward: Reward
    slot: int | None
    hold_until: int
    period: int


def redeem(rules: ProgramRules, reward_id: str, facts: RedeemFacts) -> Redemption | Refusal:
    """Issue a voucher for a reward, or say why not."""
    if facts.frozen:
        return Refusal("customer-frozen")
    reward = rules.reward(reward_id)
    if reward is None:
        return Refusal("reward-unknown", repr(reward_id[:40]))
    slot = _free_slot(rules, reward, facts)
    if isinstance(slot, Refusal):
        return slot
    if facts.spendable < reward.cost:
        return Refusal.saying(
            "points-missing",
            "You have {have} of {cost}",
            have=max(0, facts.spendable) - facts.owed,
            cost=Points(reward.cost),
        )
    return Redemption(reward, slot, held_until(rules, reward, facts.now), period_of(rules, reward, facts.now))


def _free_slot(rules: ProgramRules, reward: Reward, facts: RedeemFacts) -> int | Refusal | None:
    """Which slot of its limit a reward would take (None: it has none), or why it is not to be had for any points."""
    if reward.valid_from is not None and facts.now < reward.valid_from:
        return Refusal.saying("reward-not-yet", "from {day} on", day=Day(day_of(reward.valid_from, rules.tz)))
    if reward.valid_until is not None and facts.now >= reward.valid_until:
        return Refusal.saying("reward-no-longer", "up to {day}", day=Day(day_of(reward.valid_until - 1, rules.tz)))
    if reward.min_tier is not None and not at_least(rules, facts.tier, reward.min_tier):
        tier = rules.tier(reward.min_tier)
        return Refusal.saying(
            "reward-needs-tier", "{tier} or higher", tier=reward.min_tier if tier is None else tier.title
        )
    if reward.stock is not None and facts.stock_taken >= reward.stock:
        return Refusal("reward-sold-out")
    if reward.limit is None:
        return None
    free = [each for each in range(1, reward.limit + 1) if each not in facts.slots]
    if not free or len(facts.slots) >= reward.limit:  # of cards that were put together some lie beyond the limit
        return _limit_reached(reward.limit, reward.limit_period)
    return free[0]


def held_until(rules: ProgramRules, reward: Reward, now: int) -> int:
    """The first moment at which a voucher that is issued now is good no more: a hold of whole days ends with the local
    day, as points do.
    """
    days, rest = divmod(reward.hold_s, DAY_S)
    return now + reward.hold_s if rest else start_of_day(day_of(now, rules.tz) + days + 1, rules.tz)


def _limit_reached(limit: int, period: Period | None) -> Refusal:
    match period:
        case "day":
            return Refusal.saying("reward-limit-reached", "{limit} per day", limit=limit)
        case "week":
            return Refusal.saying("reward-limit-reached", "{limit} per week", limit=limit)
        case "month":
            return Refusal.saying("reward-limit-reached", "{limit} per month", limit=limit)
        case None:
            return Refusal("reward-limit-reached", str(limit))


def period_of(rules: ProgramRules, reward: Reward, now: int) -> int:
    """The period in which the reward's limit is counted, as a number; 0 where the limit knows no period."""
    if reward.limit is None or reward.limit_period is None:
        return 0
    return period_key(day_of(now, rules.tz), reward.limit_period)


def charge(reward_type: RewardType, cost: int, off: Cost | None, bill: Cost | None) -> int | Refusal:
    """What a voucher costs when it is used on a bill: its cost, or of a discount that exceeds the bill its share.

    `off`: what the voucher takes off a bill; without it, without a bill, and for any other type the whole cost is due.
    """
    if reward_type != "discount_amount" or off is None or bill is None:
        return cost
    if bill.currency != off.currency:
        return Refusal.saying(
            "bill-other-unit",
            "bill in {bill}, discount in {off}",
            bill=unit_shown(bill.currency),
            off=unit_shown(off.currency),
        )
    return cost * bill.minor // off.minor if bill.minor < off.minor else cost


def nearest(rules: ProgramRules, balance: int, have: Callable[[Reward], RedeemFacts]) -> tuple[Reward, int] | None:
    """The reward that the fewest points are missing for, and how many: 0 and the dearest of those that can be had.

    `have`: what is known of the customer who would ask for it. Rewards that no points would buy now are left out: for a
    higher tier, sold out, out of season, had as often as one may. Of rewards that cost the same the first in the
    program is named.
    """
    had: Reward | None = None
    closest: Reward | None = None
    for reward in rules.rewards:
        better = reward.cost > balance and (closest is None or reward.cost < closest.cost)
        better = better or (reward.cost <= balance and (had is None or reward.cost > had.cost))
        if not better or (reward.is_limited and isinstance(_free_slot(rules, reward, have(reward)), Refusal)):
            continue
        if reward.cost > balance:
            closest = reward
        else:
            had = reward
    if had is not None:
        return had, 0
    return None if closest is None else (closest, closest.cost - balance)
