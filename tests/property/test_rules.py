"""Rules for any numbers."""

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from nostr_loyalty.rules.claiming import claim_code, claim_hash
from nostr_loyalty.rules.earning import PaidAmount, earn
from nostr_loyalty.rules.program import ProgramRules, SpendRule, divide
from nostr_loyalty.rules.refusal import Refusal
from nostr_loyalty.rules.reversing import Reversal, StoredOrder, cancel, refund
from nostr_loyalty.rules.visiting import month_of

MONEY = st.integers(0, 10**15)
POINTS = st.integers(0, 10**12)
ROUNDINGS = st.sampled_from(["floor", "half_up", "ceil"])
UNITS = st.integers(1, 10**9)


@st.composite
def refunds(draw: st.DrawFn) -> tuple[int, int, list[int]]:
    """An order's amount, its points, and partial refunds that end with all of it."""
    cuts = sorted(draw(st.lists(MONEY, min_size=1, max_size=12)))
    parts = [high - low for low, high in zip([0, *cuts], cuts, strict=False)]
    return cuts[-1], draw(POINTS), parts


@given(refunds())
def test_partial_refunds_sum_exactly(case: tuple[int, int, list[int]]) -> None:
    """Bug 17, 56: after refunds of r out of a, floor(earned * r / a) points are taken back in all, at the end exactly
    what was earned, on the way never more.
    """
    amount, earned, parts = case
    order = StoredOrder(amount, "EUR", 0, earned, 0)
    for part in parts:
        taken = refund(order, part, "EUR")
        assert isinstance(taken, Reversal)
        assert taken.points >= 0
        order = StoredOrder(amount, "EUR", taken.refunded_minor, earned, order.reversed + taken.points)
        assert order.reversed == (earned if order.refunded_minor == amount else earned * order.refunded_minor // amount)
    assert order.reversed == earned


@given(refunds(), st.integers(0, 12))
def test_a_cancellation_takes_the_rest(case: tuple[int, int, list[int]], after: int) -> None:
    """Bug 21: canceled after any refunds, the order has lost what it earned; a further refund is refused or empty."""
    amount, earned, parts = case
    order = StoredOrder(amount, "EUR", 0, earned, 0)
    for part in parts[:after]:
        taken = refund(order, part, "EUR")
        assert isinstance(taken, Reversal)
        order = StoredOrder(amount, "EUR", taken.refunded_minor, earned, order.reversed + taken.points)
    rest = cancel(order)
    assert order.reversed + rest.points == earned
    ended = StoredOrder(amount, "EUR", rest.refunded_minor, earned, earned)
    for part in parts:
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
    one, two, both = (earn(rules, PaidAmount(amount, "EUR")) for amount in (first, second, first + second))
    if isinstance(one, int) and isinstance(two, int) and isinstance(both, int):
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
