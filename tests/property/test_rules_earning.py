"""Laws of earning, for any program, any order, any customer."""

from collections import defaultdict
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from nostr_loyalty.rules.calendar import day_of, period_key
from nostr_loyalty.rules.earning import ANYBODY, CustomerFacts, Earned, OrderFacts, claimed, earn, explain
from nostr_loyalty.rules.program import ONE, ProgramRules
from nostr_loyalty.rules.refusal import Refusal
from tests.property.programs import MOMENTS, customers, orders, programs


@given(programs(), orders(), customers())
def test_explaining_agrees_with_earning(rules: ProgramRules, order: OrderFacts, customer: CustomerFacts) -> None:
    """Two reckonings, one by integers and one by fractions, agree on every order, and the parts sum to its points."""
    parts, explained = explain(rules, order, customer)
    earned = earn(rules, order, customer)
    assert explained == earned
    if isinstance(earned, Refusal):
        assert parts == ()
    else:
        assert sum(part.points for part in parts) == earned.points
        assert all(part.why.endswith(".") for part in parts)


@given(programs(), orders(), customers())
def test_nothing_is_negative_and_parts_stay_within_the_whole(
    rules: ProgramRules, order: OrderFacts, customer: CustomerFacts
) -> None:
    """Bug 12: 0 <= welcome <= fixed <= points; what counts is at most the amount less what points paid."""
    earned = earn(rules, order, customer)
    if isinstance(earned, Refusal):
        assert earned.code == "amount-without-rule"
        return
    assert 0 <= earned.welcome <= earned.fixed <= earned.points
    assert 0 <= earned.basis_minor <= max(0, order.minor - order.by_points_minor)
    if not earned.basis_minor:
        assert earned.points == earned.welcome
        assert not earned.stamped


@given(programs(), orders(), customers())
def test_caps_bound_one_order(rules: ProgramRules, order: OrderFacts, customer: CustomerFacts) -> None:
    """An order earns at most what each cap leaves, and exactly what it earns without caps where they leave more."""
    earned, free = earn(rules, order, customer), earn(replace(rules, caps=()), order, customer)
    if isinstance(earned, Refusal) or isinstance(free, Refusal):
        assert earned == free
        return
    room = [max(0, cap.points - used) for cap, used in zip(rules.caps, customer.cap_used, strict=False)]
    assert earned.points == min([free.points, *room])


@given(programs(), st.lists(orders(), max_size=25), MOMENTS)
def test_caps_are_never_exceeded(rules: ProgramRules, made: list[OrderFacts], begin: int) -> None:
    """Whatever a customer orders within some days, in any sequence, no day, week or month holds more than its cap."""
    used: dict[tuple[int, int], int] = defaultdict(int)
    for n, each in enumerate(made):
        order = each._replace(paid_at=begin + each.paid_at % 1_000_000)
        keys = [(at, period_key(day_of(order.paid_at, rules.tz), cap.period)) for at, cap in enumerate(rules.caps)]
        customer = CustomerFacts("gold", n > 0, 0, tuple(used[key] for key in keys))
        earned = earn(rules, order, customer)
        if isinstance(earned, Earned):
            for key in keys:
                used[key] += earned.points
    assert all(points <= rules.caps[at].points for (at, _), points in used.items())


@given(programs(), orders(), st.integers(0, 5_000))
def test_more_money_never_earns_less(rules: ProgramRules, order: OrderFacts, more: int) -> None:
    """A larger amount, or less of it paid with points, never gives fewer points, and never takes a stamp away."""
    customer = CustomerFacts(welcomed=True)
    one, other = earn(rules, order, customer), earn(rules, order._replace(minor=order.minor + more), customer)
    if isinstance(one, Earned) and isinstance(other, Earned):
        assert one.points <= other.points
        assert one.stamped <= other.stamped


@given(programs(), orders(), customers())
def test_the_best_multiplier_is_never_beaten(rules: ProgramRules, order: OrderFacts, customer: CustomerFacts) -> None:
    """An order earns what it would with only one of the multipliers that fit, and with no other of them more."""
    free = replace(rules, caps=())
    earned = earn(free, order, customer)
    alone = [earn(replace(free, multipliers=(each,)), order, customer) for each in rules.multipliers]
    fitting = [
        found
        for each, found in zip(rules.multipliers, alone, strict=True)
        if each.schedule.fits(order.paid_at, rules.tz)
    ]
    plain = earn(replace(free, multipliers=()), order, customer)
    assert earned == (max(fitting, key=_points) if fitting else plain)


def _points(earned: Earned | Refusal) -> int:
    return earned.points if isinstance(earned, Earned) else -1


@given(programs(), orders())
def test_a_tier_s_factor_of_one_changes_nothing(rules: ProgramRules, order: OrderFacts) -> None:
    """Somebody with a tier whose perks multiply by one earns what somebody without a tier earns."""
    even = replace(rules, perks=tuple(replace(perk, factor=ONE) for perk in rules.perks))
    assert earn(even, order, CustomerFacts("gold")) == earn(even, order, CustomerFacts())


@given(programs(), orders(), customers())
def test_claiming_ends_where_ordering_ends(rules: ProgramRules, order: OrderFacts, customer: CustomerFacts) -> None:
    """Bug 48: an order claimed at its own moment is worth what it would have earned at once to somebody without a tier,
    but for what rounding makes of a stamp that is taken out.
    """
    nobody = customer._replace(tier=None)
    stored, direct = earn(rules, order, ANYBODY), earn(rules, order, nobody)
    if isinstance(stored, Refusal) or isinstance(direct, Refusal):
        return
    stamp = stored.stamp if stored.stamped else None
    found = claimed(rules, stored.points, stored.fixed, stamp=stamp, paid_at=order.paid_at, customer=nobody)
    assert found.stamped == direct.stamped
    assert abs(found.points - direct.points) <= (found.stamped != stored.stamped)
    assert 0 <= found.welcome <= found.fixed <= found.points
    assert all(
        found.points <= max(0, cap.points - used) for cap, used in zip(rules.caps, nobody.cap_used, strict=False)
    )
