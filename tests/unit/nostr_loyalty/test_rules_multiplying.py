"""Multipliers, the rate of a tier, and the caps that cut at the end."""

from dataclasses import replace

import pytest

from nostr_loyalty.rules.earning import ANYBODY, CustomerFacts, Earned, explain
from nostr_loyalty.rules.program import Cap, Factor, ItemRule, PaymentRule, Perk, ProgramRules, Tier, VisitRule
from nostr_loyalty.rules.tiering import TierState, review
from tests.unit.nostr_loyalty.rule_sets import NEW_YORK, NOON, earned, moment, paid, points, program, times

TIERS = (Tier("silver", "Silver", 100), Tier("gold", "Gold", 200))
PERKS = (
    Perk("silver", "multiplier", "1.5", Factor(15, 10)),
    Perk("gold", "multiplier", "2", Factor(2, 1)),
    Perk("gold", "item", "a biscuit"),
)


def holder(tier: str | None) -> CustomerFacts:
    """Somebody who is no longer new and holds this tier."""
    return CustomerFacts(tier, welcomed=True)


def test_a_multiplier_applies_in_its_hours() -> None:
    """Bug 35: the time of payment decides, to the minute and in the venue's zone."""
    rules = program(multipliers=(times("2", "tue 15:00-18:00"),))
    said = [points(rules, paid(paid_at=moment(f"2026-11-03 {at}"))) for at in ("14:59", "15:00", "17:59", "18:00")]
    assert said == [10, 20, 20, 10]
    half = program(multipliers=(times("2", "15:30-16:45"),))
    said = [points(half, paid(paid_at=moment(f"2026-11-03 {at}"))) for at in ("15:29", "15:30", "16:44", "16:45")]
    assert said == [10, 20, 20, 10]
    there = replace(rules, tz=NEW_YORK)
    assert points(there, paid(paid_at=moment("2026-11-03 15:00"))) == 10
    assert points(there, paid(paid_at=moment("2026-11-03 15:00", NEW_YORK))) == 20


def test_only_the_best_multiplier_applies() -> None:
    """Of several that fit the best one applies, wherever it stands in the list; two never multiply each other."""
    best, low, other = times("3", "tue"), times("1.5", "always"), times("10", "wed")
    for order in ((best, low, other), (low, other, best), (other, low, best)):
        assert points(program(multipliers=order), paid()) == 30
        assert points(program(multipliers=order), paid(paid_at=NOON + 86_400)) == 100
        assert points(program(multipliers=order), paid(paid_at=NOON + 2 * 86_400)) == 15


def test_of_two_that_are_as_good_the_first_applies() -> None:
    """Two multipliers with one factor are told apart by their place in the program, however the factor is written."""
    rules = program(multipliers=(times("2.0", "tue", "Tuesday"), times("2", "always", "Always")))
    told = [explain(rules, paid(paid_at=NOON + later), ANYBODY)[0][-1].rule for later in (0, 86_400)]
    assert told == ["multiplier:Tuesday", "multiplier:Always"]


def test_a_replay_through_years() -> None:
    """Days are told apart however many there were: on twelve hundred days each order has its own day's multiplier."""
    rules = program(multipliers=(times("2", "tue"), times("3", "wed 10:00-14:00")))
    said = [points(rules, paid(paid_at=moment("2026-11-03 12:00") + day * 86_400 * 7)) for day in range(600)]
    assert said == [20] * 600
    said = [points(rules, paid(paid_at=NOON + day * 86_400)) for day in range(1_200)]
    assert said[:3] == [20, 30, 10]
    assert (said.count(20), said.count(30)) == (172, 172)


def test_a_multiplier_may_lessen() -> None:
    """A factor below one is a rule too; it applies where no better one fits."""
    rules = program(multipliers=(times("0.5", "always"), times("0.8", "tue")))
    assert points(rules, paid()) == 8
    assert points(rules, paid(paid_at=NOON + 86_400)) == 5


def test_bonuses_are_not_multiplied() -> None:
    """The sum of the base rules is multiplied, once; welcome and payment bonus are added as they are."""
    rules = program(
        visit=VisitRule(2), items=(ItemRule(3, "cake"),), payments=(PaymentRule(5, "cash"),), welcome=50,
        multipliers=(times("1.5", "always"),),
    )  # fmt: skip
    found = earned(rules, paid(items=(("cake", Factor(1, 1), 300),), payment="cash"), CustomerFacts())
    assert found == Earned(
        (10 + 2 + 3) * 3 // 2 + 55, 3 + 55, 50, stamped=True, basis_minor=1_000, vests=False, stamp=3
    )


def test_the_tier_held_before_decides_the_rate() -> None:
    """Bug 38: nobody, silver and gold earn 1, 1.5 and 2 for the same order; a tier that is gone earns as nobody."""
    rules = program(tiers=TIERS, perks=PERKS)
    said = [points(rules, paid(500), holder(tier)) for tier in (None, "silver", "gold", "platinum")]
    assert said == [5, 7, 10, 5]


@pytest.mark.parametrize(
    ("before", "rate", "tier_after"), [(89, 10, None), (90, 10, "silver"), (91, 10, "silver"), (100, 15, "silver")]
)
def test_the_crossing_order_earns_at_the_old_rate(before: int, rate: int, tier_after: str | None) -> None:
    """Bug 38: an order of ten points that ends one below, on, or above the threshold of 100 earns at the rate of the
    tier held before it; the next one earns at the new tier's.
    """
    rules = program(tiers=TIERS, perks=PERKS)
    held = review(rules, TierState(), value=before, now=NOON).state
    got = points(rules, paid(), holder(held.tier))
    assert got == rate
    after = review(rules, held, value=before + got, now=NOON).state
    assert after.tier == tier_after
    assert points(rules, paid(), holder(after.tier)) == (15 if tier_after else 10)


def test_tier_and_multiplier_go_together() -> None:
    """The best multiplier and the tier's factor multiply each other, before the one rounding."""
    rules = program(tiers=TIERS, perks=PERKS, multipliers=(times("1.5", "tue"),))
    assert points(rules, paid(1_100), holder("silver")) == 1_100 * 225 // 10_000
    assert points(rules, paid(1_100), ANYBODY) == 16


def test_the_best_of_two_perks_of_a_tier_counts() -> None:
    """Two multipliers of one tier do not multiply each other, and a perk of another type is no multiplier."""
    perks = (Perk("gold", "multiplier", "2", Factor(2, 1)), Perk("gold", "multiplier", "3", Factor(3, 1)))
    assert points(program(tiers=TIERS, perks=perks), paid(), holder("gold")) == 30
    assert points(program(tiers=TIERS, perks=perks[::-1]), paid(), holder("gold")) == 30
    note = (Perk("gold", "note", "2", Factor(2, 1)),)
    assert points(program(tiers=TIERS, perks=note), paid(), holder("gold")) == 10


@pytest.mark.parametrize(
    ("used", "expected"),
    [((0, 0), 10), ((20, 0), 5), ((25, 0), 0), ((99, 0), 0), ((0, 96), 4), ((19, 98), 2), ((19, 100), 0)],
)
def test_caps(used: tuple[int, int], expected: int) -> None:
    """An order earns no more than every cap leaves, to the point, and never less than nothing."""
    rules = program(caps=(Cap(25, "day"), Cap(100, "month")))
    assert points(rules, paid(), CustomerFacts(welcomed=True, cap_used=used)) == expected


def test_what_a_cap_cuts_first() -> None:
    """A cap takes from what was earned by amount first, then from the fixed part, the welcome bonus last."""
    rules = program(visit=VisitRule(3), welcome=20, caps=(Cap(30, "day"),))

    def cut(used: int) -> tuple[int, int, int, bool]:
        return earned(rules, paid(), CustomerFacts(cap_used=(used,)))[:4]

    assert [cut(0), cut(5), cut(12), cut(30)] == [
        (30, 23, 20, True), (25, 23, 20, True), (18, 18, 18, True), (0, 0, 0, True),
    ]  # fmt: skip


def test_an_order_without_a_customer_knows_no_caps() -> None:
    """Caps are a customer's: they cut when the receipt is claimed, not before."""
    assert points(program(caps=(Cap(5, "day"),)), paid(), ANYBODY) == 10


def test_changed_rules_apply_at_once() -> None:
    """Bug 57: each of these settings changes what the same order earns."""
    order = paid(lines=(("tip", 200),), items=(("cake", Factor(1, 1), 300),), payment="cash")
    customer = CustomerFacts("gold", cap_used=(0,))
    plain = program()
    changed: list[ProgramRules] = [
        replace(plain, rounding="ceil", multipliers=(times("1.01", "always"),)),
        replace(plain, excludes=frozenset({"tip"})), replace(plain, visit=VisitRule(1)),
        replace(plain, items=(ItemRule(1, "cake"),)), replace(plain, payments=(PaymentRule(1, "cash"),)),
        replace(plain, welcome=1), replace(plain, multipliers=(times("2", "tue"),)),
        replace(plain, tiers=TIERS, perks=PERKS), replace(plain, caps=(Cap(1, "day"),)),
    ]  # fmt: skip
    assert points(plain, order, customer) == 10
    assert all(points(rules, order, customer) != 10 for rules in changed)
