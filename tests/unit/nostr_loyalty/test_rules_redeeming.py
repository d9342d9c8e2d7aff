"""Rewards: who may have which, and what a voucher costs in the end."""

from dataclasses import replace

import pytest

from nostr_loyalty.rules import redeeming
from nostr_loyalty.rules.program import Cost, Period, ProgramRules, Reward, RewardType, Tier
from nostr_loyalty.rules.redeeming import RedeemFacts, Redemption, charge, period_of, redeem
from nostr_loyalty.rules.refusal import CODES, Refusal
from tests.unit.nostr_loyalty.rule_sets import NOON, moment, program

COFFEE = Reward("coffee", "Free coffee", 100, "item", "a coffee", hold_s=3_600)
FACTS = RedeemFacts(spendable=100, tier=None, frozen=False, stock_taken=0, slots=frozenset(), now=NOON)
RULES = program(rewards=(COFFEE,), tiers=(Tier("silver", "Silver", 10), Tier("gold", "Gold", 20)))


def ask(reward: Reward, facts: RedeemFacts = FACTS) -> Redemption | Refusal:
    """Ask for a reward in a program that has this one only."""
    return redeem(replace(RULES, rewards=(reward,)), reward.id, facts)


def code(decided: Redemption | Refusal) -> str | None:
    """The code of a refusal, None for a voucher."""
    return decided.code if isinstance(decided, Refusal) else None


@pytest.mark.parametrize(("spendable", "refused"), [(99, True), (100, False), (101, False), (-40, True), (0, True)])
def test_points_must_be_there(spendable: int, refused: bool) -> None:
    """Bug 54: exactly the cost is enough, one less is not, and what is missing is said."""
    decided = ask(COFFEE, FACTS._replace(spendable=spendable))
    expected = Refusal("points-missing", f"You have {max(0, spendable)} of 100 points")
    assert decided == (expected if refused else Redemption(COFFEE, None, NOON + 3_600, 0))


def test_a_refusal_as_it_is_said() -> None:
    """A guest reads a sentence and the numbers behind it."""
    decided = ask(COFFEE, FACTS._replace(spendable=80))
    assert isinstance(decided, Refusal)
    assert decided.sentence == "There are not enough points for this reward. (You have 80 of 100 points)"


def test_only_rewards_of_the_program() -> None:
    """A reward that the program has not, or no longer, is refused; a changed price is the new voucher's price."""
    assert redeem(RULES, "tea", FACTS) == Refusal("reward-unknown", "'tea'")
    assert code(ask(replace(COFFEE, cost=101))) == "points-missing"


@pytest.mark.parametrize(
    ("now", "refused"),
    [(NOON - 1, "reward-not-yet"), (NOON, None), (NOON + 59, None), (NOON + 60, "reward-no-longer")],
)
def test_a_reward_has_its_time(now: int, refused: str | None) -> None:
    """Bug 36: from the first moment up to the last one before the end; without dates always."""
    timed = replace(COFFEE, valid_from=NOON, valid_until=NOON + 60)
    assert code(ask(timed, FACTS._replace(now=now))) == refused
    assert code(ask(COFFEE, FACTS._replace(now=now))) is None


@pytest.mark.parametrize(("tier", "refused"), [(None, True), ("silver", True), ("gold", False), ("platinum", True)])
def test_a_reward_for_a_tier(tier: str | None, refused: bool) -> None:
    """A minimum tier admits that tier and those above it, and says which one it is."""
    decided = ask(replace(COFFEE, min_tier="gold"), FACTS._replace(tier=tier))
    assert (decided == Refusal("reward-needs-tier", "Gold or higher")) is refused
    assert code(ask(replace(COFFEE, min_tier="silver"), FACTS._replace(tier="gold"))) is None


@pytest.mark.parametrize(("taken", "refused"), [(0, None), (4, None), (5, "reward-sold-out"), (6, "reward-sold-out")])
def test_stock(taken: int, refused: str | None) -> None:
    """Bug 28: the fifth of five is the last; without a stock there is no end."""
    assert code(ask(replace(COFFEE, stock=5), FACTS._replace(stock_taken=taken))) == refused
    assert code(ask(COFFEE, FACTS._replace(stock_taken=taken))) is None


@pytest.mark.parametrize(
    ("slots", "slot"), [(set(), 1), ({1}, 2), ({2}, 1), ({1, 3}, 2), ({1, 2, 3}, None), ({1, 2, 3, 4}, None), ({9}, 1)]
)
def test_a_limit_gives_the_lowest_free_slot(slots: set[int], slot: int | None) -> None:
    """Bug 27: each of the three that the limit allows has a number, and one that was given back is free again."""
    limited = replace(COFFEE, limit=3)
    decided = ask(limited, FACTS._replace(slots=frozenset(slots)))
    if slot is None:
        assert decided == Refusal("reward-limit-reached", "3")
    else:
        assert decided == Redemption(limited, slot, NOON + 3_600, 0)


@pytest.mark.parametrize(
    ("period", "today", "later"), [("day", "2026-11-04", "2026-11-05"), ("week", "2026-11-08", "2026-11-09"),
                                   ("month", "2026-11-30", "2026-12-01"), (None, "2026-11-03", "2031-01-01")],
)  # fmt: skip
def test_a_limit_s_period(period: Period | None, today: str, later: str) -> None:
    """Bug 35: a limit begins anew at the venue's midnight of the next day, Monday or first; without a period never."""
    limited = replace(COFFEE, limit=1, limit_period=period)
    last, first = moment(f"{today} 23:59:59"), moment(f"{later} 00:00")
    before, after = period_of(RULES, limited, last), period_of(RULES, limited, first)
    assert (before == after) is (period is None)
    assert period_of(RULES, limited, moment(f"{today} 00:00")) == before
    decided = ask(limited, FACTS._replace(now=last))
    assert isinstance(decided, Redemption)
    assert (decided.period, decided.slot) == (before, 1)
    per = f"1 per {period}" if period else "1"
    assert ask(limited, FACTS._replace(slots=frozenset({1}))) == Refusal("reward-limit-reached", per)
    assert period_of(RULES, replace(COFFEE, limit_period=period), last) == 0


def test_the_first_refusal_is_given() -> None:
    """Where everything is wrong the refusals come in the order of the closed list, one after another."""
    reward = replace(COFFEE, valid_from=NOON + 9, valid_until=NOON - 9, min_tier="gold", stock=1, limit=1, cost=10**6)
    facts = RedeemFacts(0, None, True, 1, frozenset({1}), NOON)
    met = [code(ask(reward, facts))]
    facts = facts._replace(frozen=False)
    met.append(code(ask(reward, facts)))
    for better in ({"valid_from": None}, {"valid_until": None}, {"min_tier": None}, {"stock": 2}, {"limit": 2}):
        reward = replace(reward, **better)
        met.append(code(ask(reward, facts)))
    assert met == [
        "customer-frozen", "reward-not-yet", "reward-no-longer", "reward-needs-tier", "reward-sold-out",
        "reward-limit-reached", "points-missing",
    ]  # fmt: skip
    order = list(CODES)
    assert met == sorted(met, key=lambda each: order.index(each or ""))


def test_a_paused_program_still_lets_spend() -> None:
    """Bug 23: points that were earned stay good when no new ones can be earned."""
    for status in ("paused", "ended"):
        assert code(redeem(replace(RULES, status=status), "coffee", FACTS)) is None


@pytest.mark.parametrize(
    ("bill", "charged"),
    [
        (Cost(2_000, "EUR"), 2), (Cost(29_999, "EUR"), 29), (Cost(30_000, "EUR"), 30), (Cost(99_999, "EUR"), 30),
        (Cost(0, "EUR"), 0), (Cost(1, "EUR"), 0), (None, 30),
    ],
)  # fmt: skip
def test_a_discount_costs_what_it_took_off(bill: Cost | None, charged: int) -> None:
    """Bug 42: 30 points for 300 EUR off, used on a bill of 20 EUR, cost 2 points; on one of 300 EUR or more all 30."""
    assert charge("discount_amount", 30, Cost(30_000, "EUR"), bill) == charged


def test_a_bill_in_another_unit() -> None:
    """Bug 41: a discount in euros on a bill in dollars is refused, not converted."""
    refused = charge("discount_amount", 30, Cost(30_000, "EUR"), Cost(1, "USD"))
    assert refused == Refusal("bill-other-unit", "bill in USD, discount in EUR")


@pytest.mark.parametrize("reward_type", ["item", "discount_percent", "coupon", "donation", "sats"])
def test_other_vouchers_cost_the_same_on_any_bill(reward_type: RewardType) -> None:
    """Only an amount off can be larger than a bill."""
    for bill in (Cost(1, "EUR"), Cost(1, "USD"), None):
        assert charge(reward_type, 30, None, bill) == 30


def test_the_nearest_reward() -> None:
    """The dearest that can be had; else the one that the fewest points are missing for; none for a higher tier."""
    cake = Reward("cake", "Cake", 150, "item", "a cake")
    tea = Reward("tea", "Tea", 100, "item", "a tea")
    dinner = Reward("dinner", "Dinner", 120, "item", "a dinner", min_tier="gold")
    rules = replace(RULES, rewards=(cake, COFFEE, tea, dinner))

    def nearest(rules: ProgramRules, balance: int, tier: str | None) -> tuple[Reward, int] | None:
        return redeeming.nearest(rules, balance, lambda _: FACTS._replace(spendable=balance, tier=tier))

    assert nearest(rules, 0, None) == (COFFEE, 100)
    assert nearest(rules, 99, None) == (COFFEE, 1)
    assert nearest(rules, -20, None) == (COFFEE, 120)
    cheap = replace(tea, cost=50)
    assert nearest(replace(RULES, rewards=(cheap, COFFEE)), 100, None) == (COFFEE, 0)
    assert nearest(rules, 100, None) == (COFFEE, 0)
    assert nearest(rules, 149, None) == (COFFEE, 0)
    assert nearest(rules, 149, "gold") == (dinner, 0)
    assert nearest(rules, 1_000, "gold") == (cake, 0)
    assert nearest(replace(RULES, rewards=(dinner,)), 1_000, "silver") is None
    assert nearest(program(), 1_000, None) is None


@pytest.mark.parametrize("balance", [0, 99, 100, 5_000])
@pytest.mark.parametrize(
    ("reward", "facts", "nevertheless"),
    [
        (replace(COFFEE, stock=2), FACTS._replace(stock_taken=2), False), (replace(COFFEE, stock=2), FACTS, True),
        (replace(COFFEE, valid_from=NOON + 1), FACTS, False), (replace(COFFEE, valid_from=NOON), FACTS, True),
        (replace(COFFEE, valid_until=NOON), FACTS, False), (replace(COFFEE, valid_until=NOON + 1), FACTS, True),
        (replace(COFFEE, limit=2), FACTS._replace(slots=frozenset({1, 2})), False),
        (replace(COFFEE, limit=2), FACTS._replace(slots=frozenset({1, 3})), False),
        (replace(COFFEE, limit=2), FACTS._replace(slots=frozenset({2})), True),
        (replace(COFFEE, min_tier="gold"), FACTS._replace(tier="silver"), False),
        (replace(COFFEE, min_tier="gold"), FACTS._replace(tier="gold"), True),
    ],
)  # fmt: skip
def test_what_no_points_buy_is_not_near(reward: Reward, facts: RedeemFacts, nevertheless: bool, balance: int) -> None:
    """Sold out, out of season, had as often as one may, for a higher tier: another one is named, or none."""
    dear = Reward("dear", "Dear", 9_000, "item", "dear")
    facts = facts._replace(spendable=balance)
    rules = replace(RULES, rewards=(dear, reward))
    found = redeeming.nearest(rules, balance, lambda _: facts)
    assert found == ((reward, max(0, 100 - balance)) if nevertheless else (dear, 9_000 - balance))
    assert redeeming.nearest(replace(RULES, rewards=(reward,)), balance, lambda _: facts) == (
        found if nevertheless else None
    )
