"""What is looked at or refused because it is too much: the guard, the operator's hand, referrals; what a "no" is."""

from dataclasses import replace
from typing import Any

import pytest

from nostr_loyalty.rules.earning import POINTS_MAX
from nostr_loyalty.rules.guarding import guard
from nostr_loyalty.rules.handling import limit
from nostr_loyalty.rules.program import Guard, HandRules, ReferralRule
from nostr_loyalty.rules.referring import refer
from nostr_loyalty.rules.refusal import CODES, Refusal
from tests.unit.nostr_loyalty.rule_sets import program

REFERRALS = program(referral=ReferralRule(50, 25, cap=3))


@pytest.mark.parametrize(
    ("of_customer", "of_source", "noticed"),
    [
        (5, 3, None), (6, 3, ("customer", 6)), (5, 4, ("source", 4)), (6, 4, ("customer", 6)), (1, 1, None),
        (100, 1, ("customer", 100)),
    ],
)  # fmt: skip
def test_the_guard_notices_more_than_so_many(of_customer: int, of_source: int, noticed: object) -> None:
    """Bug 48: the fifth order of a day is still a guest's, the sixth is looked at; a source has a number of its own."""
    rules = program(guard=Guard(customer_orders=5, source_orders=3))
    assert guard(rules, of_customer, of_source) == noticed


def test_the_guard_watches_what_it_is_told_to() -> None:
    """Bug 57: without a number nothing is noticed, and each number is for itself."""
    assert guard(program(), 10**6, 10**6) is None
    assert guard(program(guard=Guard(customer_orders=1)), 1, 10**6) is None
    assert guard(program(guard=Guard(source_orders=1)), 10**6, 1) is None


@pytest.mark.parametrize(
    ("count", "so_far", "points", "code"),
    [
        (9, 0, 100, None), (10, 0, 100, "hand-limit-count"), (11, 0, 1, "hand-limit-count"), (0, 400, 100, None),
        (0, 401, 100, "hand-limit-points"), (0, 0, 501, "hand-limit-points"), (0, 0, 500, None),
        (0, 0, 0, "points-not-positive"), (0, 0, -1, "points-not-positive"), (10, 500, 0, "points-not-positive"),
        (10, 500, 1, "hand-limit-count"), (0, 0, POINTS_MAX + 1, "points-beyond-limit"),
    ],
)  # fmt: skip
def test_what_one_operator_may_do_in_a_day(count: int, so_far: int, points: int, code: str | None) -> None:
    """The tenth command and the five-hundredth point are allowed, one more is not; less than 1 point never is."""
    refusal = limit(HandRules(count=10, points=500), count, so_far, points)
    assert (None if refusal is None else refusal.code) == code


def test_an_operator_without_limits() -> None:
    """Bug 57: without a number any number is allowed, and each number is for itself."""
    assert limit(HandRules(), 10**6, 10**11, POINTS_MAX) is None
    assert limit(HandRules(count=1), 0, 10**11, POINTS_MAX) is None
    assert limit(HandRules(points=1), 10**6, 0, 1) is None


def test_what_an_operator_is_told() -> None:
    """The refusal says how much of the day's limit is used."""
    assert limit(HandRules(count=2), 2, 0, 1) == Refusal("hand-limit-count", "2 of 2 today")
    assert limit(HandRules(points=50), 0, 45, 6) == Refusal("hand-limit-points", "45 of 50 today")


def referred(
    referrer: str = "ana", friend: str = "ben", orders: int = 0, known: bool = False, chain: tuple[str, ...] = (),
    so_far: int = 0,
) -> str | None:  # fmt: skip
    """The code of the refusal, or None."""
    refusal = refer(
        REFERRALS, referrer=referrer, friend=friend, friend_orders=orders, friend_referred=known, chain=chain,
        referred_so_far=so_far,
    )  # fmt: skip
    return None if refusal is None else refusal.code


def test_who_can_be_brought() -> None:
    """Bug 49: somebody new, once; not oneself, nobody who brought one's own referrers, and no more than the cap."""
    assert referred() is None
    assert referred(chain=("cleo", "dan")) is None
    assert referred(friend="ana") == "referral-self"
    assert referred(friend="cleo", chain=("cleo",)) == "referral-cycle"
    assert referred(friend="dan", chain=("cleo", "dan")) == "referral-cycle"
    assert referred(orders=1) == "referral-not-new"
    assert referred(known=True) == "referral-known"
    assert [referred(so_far=each) for each in (2, 3, 4)] == [None, "referral-cap", "referral-cap"]


def test_referrals_in_order_of_precedence() -> None:
    """Bug 49: where several things are wrong, the first of the closed list is said."""
    worst: dict[str, Any] = {"orders": 1, "known": True, "so_far": 3}
    met = [
        referred(friend="ana", chain=("ana",), **worst), referred(friend="cleo", chain=("cleo",), **worst),
        referred(**worst), referred(known=True, so_far=3), referred(so_far=3),
    ]  # fmt: skip
    assert met == ["referral-self", "referral-cycle", "referral-not-new", "referral-known", "referral-cap"]
    assert met == sorted(met, key=lambda each: list(CODES).index(each or ""))


def test_referrals_are_what_the_program_says() -> None:
    """Bug 57: without a rule nobody is brought; without a cap any number is."""
    asked: dict[str, Any] = {
        "referrer": "ana", "friend": "ben", "friend_orders": 0, "friend_referred": False, "chain": (),
        "referred_so_far": 10**6,
    }  # fmt: skip
    assert refer(program(), **asked) == Refusal("referral-off")
    assert refer(REFERRALS, **asked) == Refusal("referral-cap", "1000000 of 3")
    assert refer(replace(REFERRALS, referral=ReferralRule(1, 1)), **asked) is None


def test_a_refusal_is_of_the_list() -> None:
    """The list is closed: a code that is not on it cannot be given; a sentence tells the values that led to it."""
    assert "no-such-code" not in CODES
    with pytest.raises(AssertionError):
        Refusal("no-such-code")
    assert Refusal("customer-frozen").sentence == CODES["customer-frozen"]
    assert Refusal("amount-without-rule", "unit EUR").sentence.endswith("(unit EUR)")
