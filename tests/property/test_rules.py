"""Rules for any numbers."""

from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from nostr_loyalty.rules.claiming import claim_code, claim_hash
from nostr_loyalty.rules.earning import ANYBODY, Earned, OrderFacts, earn
from nostr_loyalty.rules.program import ProgramRules, SpendRule, divide
from nostr_loyalty.rules.refusal import Refusal
from nostr_loyalty.rules.reversing import Reversal, StoredOrder, cancel, refund
from nostr_loyalty.rules.visiting import month_of

MONEY = st.integers(0, 10**15)
POINTS = st.integers(0, 10**12)
ROUNDINGS = st.sampled_from(["floor", "half_up", "ceil"])
UNITS = st.integers(1, 10**9)


class Split(NamedTuple):
    """An order's amount, its points, the part of them that is fixed, and partial refunds that end with all of it."""

    amount: int
    earned: int
    fixed: int
    parts: list[int]

    def stored(self, refunded: int = 0, reversed_: int = 0) -> StoredOrder:
        """The order after some refunds."""
        return StoredOrder(self.amount, "EUR", refunded, self.earned, reversed_, self.fixed)


@st.composite
def splits(draw: st.DrawFn) -> Split:
    """Any order, refunded in any parts."""
    cuts = sorted(draw(st.lists(MONEY, min_size=1, max_size=12)))
    earned = draw(POINTS)
    fixed = draw(st.just(0) | st.integers(0, earned))
    return Split(cuts[-1], earned, fixed, [high - low for low, high in zip([0, *cuts], cuts, strict=False)])


@given(splits())
def test_partial_refunds_sum_exactly(split: Split) -> None:
    """Bug 17, 56: after refunds of r out of a, floor((earned - fixed) * r / a) points are taken back in all, at the end
    exactly what was earned, on the way never more.
    """
    order = split.stored()
    for part in split.parts:
        taken = refund(order, part, "EUR")
        assert isinstance(taken, Reversal)
        assert taken.points >= 0
        order = split.stored(taken.refunded_minor, order.reversed + taken.points)
        share = (split.earned - split.fixed) * order.refunded_minor // (split.amount or 1)
        assert order.reversed == (split.earned if taken.whole else share)
        assert order.reversed <= split.earned
    assert order.reversed == split.earned
    assert refund(split.stored(), split.amount, "EUR") == Reversal(split.earned, split.amount, whole=True)


@given(splits(), st.randoms(use_true_random=False))
def test_the_order_of_refunds_does_not_matter(split: Split, shuffle: Random) -> None:
    """Bug 17: the same refunds in another sequence take the same points, also halfway where their sums are the same."""
    after: list[dict[int, int]] = []
    for _ in range(2):
        order, seen = split.stored(), {}
        for part in split.parts:
            taken = refund(order, part, "EUR")
            assert isinstance(taken, Reversal)
            order = split.stored(taken.refunded_minor, order.reversed + taken.points)
            seen[order.refunded_minor] = order.reversed
        after.append(seen)
        shuffle.shuffle(split.parts)
    one, other = after
    assert all(one[refunded] == other[refunded] for refunded in one.keys() & other.keys())


@given(splits(), st.integers(0, 12))
def test_a_cancellation_takes_the_rest(split: Split, after: int) -> None:
    """Bug 21: canceled after any refunds, the order has lost what it earned; a further refund is refused or empty."""
    order = split.stored()
    for part in split.parts[:after]:
        taken = refund(order, part, "EUR")
        assert isinstance(taken, Reversal)
        order = split.stored(taken.refunded_minor, order.reversed + taken.points)
    rest = cancel(order)
    assert order.reversed + rest.points == split.earned
    ended = split.stored(rest.refunded_minor, split.earned)
    for part in split.parts:
        more = refund(ended, part, "EUR")
        assert isinstance(more, Refusal) or more.points == 0


@given(MONEY, st.integers(1, 10**9), ROUNDINGS)
def test_division_is_within_one(numerator: int, denominator: int, rounding: str) -> None:
    """Whatever the rounding, the quotient is less than one away; floor <= half_up <= ceil."""
    quotient = divide(numerator, denominator, rounding)  # type: ignore[arg-type] # drawn from the three
    assert abs(quotient * denominator - numerator) < denominator
    floor, half, ceil = (divide(numerator, denominator, each) for each in ("floor", "half_up", "ceil"))
    assert floor <= half <= ceil <= floor + 1


@given(MONEY, MONEY, UNITS, st.integers(1, 1_000))
def test_splitting_an_order_never_pays(first: int, second: int, per: int, points: int) -> None:
    """By the floor two orders earn no more than one of their sum, and more money never earns less."""
    rules = ProgramRules((SpendRule(points, per, "EUR"),), "floor", ZoneInfo("UTC"))
    decided = [earn(rules, OrderFacts(amount, "EUR", 0), ANYBODY) for amount in (first, second, first + second)]
    one, two, both = (each.points if isinstance(each, Earned) else None for each in decided)
    if one is not None and two is not None and both is not None:
        assert max(one, two) <= one + two <= both <= one + two + 1


@given(st.integers(0, 4_000_000_000))
def test_months_never_go_back(unix: int) -> None:
    """A later moment never lies in an earlier month, whatever the clocks of Madrid do."""
    madrid = ZoneInfo("Europe/Madrid")
    month = month_of(unix, madrid)
    assert 1 <= month % 100 <= 12
    assert month_of(unix + 3_600, madrid) in (month, month + 1, month + 89)


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_claim_codes_are_one_to_one(one: bytes, two: bytes) -> None:
    """Bug 47: all 80 bits are in the code: different bits, different codes, different hashes."""
    assert (claim_code(one) == claim_code(two)) == (one == two)
    assert (claim_hash(claim_code(one)) == claim_hash(claim_code(two))) == (one == two)
