"""Refunds and cancellations: always from what was stored."""

import pytest

from nostr_loyalty.rules.refusal import Refusal
from nostr_loyalty.rules.reversing import Reversal, StoredOrder, cancel, refund

HUNDRED = StoredOrder(10_000, "EUR", 0, 60, 0, fixed=10)


def test_refunds_stay_within_the_order() -> None:
    """Bug 20, 56: another unit is refused, more than is left is refused, the last one takes whatever is left."""
    order = StoredOrder(10_000, "EUR", 4_000, 10, 4)
    assert refund(order, 1_000, "USD") == Refusal("refund-other-unit", "refund in USD, order in EUR")
    assert refund(order, 6_001, "EUR") == Refusal(
        "refund-above-order", "60.01 EUR is more than the 60.00 EUR that are left of 100.00 EUR"
    )
    sats = StoredOrder(12_000_000, "msat", 2_000_000, 10, 0)
    assert refund(sats, 10_001_000, "msat") == Refusal(
        "refund-above-order", "10001 sat is more than the 10000 sat that are left of 12000 sat"
    )
    assert refund(sats, 1, "EUR") == Refusal("refund-other-unit", "refund in EUR, order in sat")
    assert refund(order, 6_000, "EUR") == Reversal(6, 10_000, whole=True)
    assert refund(order, 1, "EUR") == Reversal(0, 4_001, whole=False)
    assert cancel(order) == Reversal(6, 10_000, whole=True)


def test_a_second_end_takes_nothing() -> None:
    """Bug 21: a cancellation after a full refund, and the other way round, finds nothing left."""
    ended = StoredOrder(10_000, "EUR", 10_000, 10, 10)
    assert cancel(ended).points == 0
    assert refund(ended, 0, "EUR") == Reversal(0, 10_000, whole=True)
    assert isinstance(refund(ended, 1, "EUR"), Refusal)


@pytest.mark.parametrize(("minor", "taken"), [(0, 0), (199, 0), (200, 1), (5_000, 25), (9_999, 49), (10_000, 60)])
def test_a_partial_refund_leaves_the_fixed_part(minor: int, taken: int) -> None:
    """Bug 17: of 60 points 10 are for having been there: a refund of half takes 25, only the whole takes all."""
    assert refund(HUNDRED, minor, "EUR") == Reversal(taken, minor, whole=minor == 10_000)


def test_two_partial_refunds_both_count() -> None:
    """Bug 56: after 40 and 30 percent 35 points are gone, and the rest ends where one whole refund ends."""
    order, taken = HUNDRED, []
    for minor in (4_000, 3_000, 3_000):
        reversal = refund(order, minor, "EUR")
        assert isinstance(reversal, Reversal)
        taken.append(reversal.points)
        order = StoredOrder(10_000, "EUR", reversal.refunded_minor, 60, order.reversed + reversal.points, fixed=10)
    assert taken == [20, 15, 25]


def test_the_stored_points_count_whatever_the_rules_are_today() -> None:
    """Bug 20: 50 points were earned; 50 are taken back, not 100 and not none: no rule is looked at."""
    assert refund(StoredOrder(5_000, "EUR", 0, 50, 0), 5_000, "EUR") == Reversal(50, 5_000, whole=True)
    assert refund(StoredOrder(5_000, "EUR", 0, 50, 0), 2_500, "EUR") == Reversal(25, 2_500, whole=False)


def test_an_order_of_nothing_is_taken_back_whole() -> None:
    """A refund of 0 of an order of 0 takes everything, and divides by nothing."""
    assert refund(StoredOrder(0, "EUR", 0, 5, 0, fixed=5), 0, "EUR") == Reversal(5, 0, whole=True)


def test_what_was_taken_otherwise_is_not_given_back() -> None:
    """Bug 22: where more was taken than a refund's share, nothing is taken, and nothing is given."""
    assert refund(StoredOrder(10_000, "EUR", 0, 60, 55, fixed=10), 5_000, "EUR") == Reversal(0, 5_000, whole=False)
