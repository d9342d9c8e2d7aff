"""The model itself, against examples that were worked out by hand: vouchers, claims, tiers, friends, the hand."""

from dataclasses import replace
from fractions import Fraction

from tests.model import counter, hand, night
from tests.model.cafe import Cafe
from tests.model.days import DAY, HOUR, day_of, start_of
from tests.model.examples import ANA, BEN, EURO, EVA, NOON, euros, moved, pay_back, sell
from tests.model.rules import Referral, Reward, Rules, Visit
from tests.model.tiers import Held, look_at


def test_a_voucher_s_life() -> None:
    """Taken at once; half a bill costs half; unused it comes back; a used one only by its line."""
    rewards = {"five": Reward(101, "discount_amount", (500, "EUR"), stock=1, hold=DAY)}
    cafe = Cafe(replace(EURO, rewards=rewards))
    sell(cafe, "o", euros(250))
    assert counter.redeem(cafe, ANA, ANA, "five", "a", NOON) == "done"
    assert counter.redeem(cafe, ANA, ANA, "five", "b", NOON) == "reward-sold-out"
    assert counter.use(cafe, "op", "a", NOON, (250, "EUR"), "bill") == "done"
    assert (cafe.purse(ANA).balance, cafe.vouchers[0].charged) == (200, 50)
    assert counter.cancel(cafe, ANA, "a", NOON, by_guest=True) == "voucher-used"
    assert counter.cancel(cafe, "op", "a", NOON, by_guest=False) == "voucher-used"
    assert hand.revoke_entry(cafe, "op", cafe.vouchers[0].entry, NOON) == "done"
    counter.redeem(cafe, ANA, ANA, "five", "c", NOON)
    night.sweep(cafe, NOON + DAY)
    assert (cafe.purse(ANA).balance, cafe.vouchers[1].status) == (149, "issued")  # up to the end of the day
    night.sweep(cafe, NOON + 3 * DAY // 2)
    assert (cafe.purse(ANA).balance, cafe.vouchers[1].status) == (250, "expired")
    assert counter.use(cafe, "op", "c", NOON + 2 * DAY) == "voucher-expired"


def test_a_limit_is_for_its_period() -> None:
    """One a week: not again on Sunday, again on Monday."""
    cafe = Cafe(replace(EURO, rewards={"tea": Reward(1, limit=1, period="week")}))
    sell(cafe, "o", euros(10))
    results = [counter.redeem(cafe, ANA, ANA, "tea", str(day), NOON + day * DAY) for day in (0, 6, 7)]
    assert results == ["done", "reward-limit-reached", "done"]


def test_claims() -> None:
    """The points of a receipt go to whoever is first; guesses are counted; a withdrawn order gives nothing."""
    cafe = Cafe(replace(EURO, welcome=5, claim_attempts=2))
    sell(cafe, "o", euros(10), None)
    pay_back(cafe, "o", 4)
    order = cafe.orders[0]
    assert [counter.claim(cafe, who, order, NOON) for who in (ANA, BEN)] == ["done", "claim-used"]
    assert moved(cafe) == [("earned", 11)]
    assert [counter.claim(cafe, BEN, None, NOON) for _ in range(3)] == ["claim-unknown"] * 2 + [
        "claim-too-many-attempts"
    ]
    sell(cafe, "p", euros(10), None)
    pay_back(cafe, "p", 10, "s")
    assert counter.claim(cafe, EVA, cafe.orders[1], NOON) == "claim-withdrawn"


GOLD = replace(EURO, tiers=(("silver", 10), ("gold", 20)), tier_window=30, tier_grace=5)


def test_tiers_go_up_at_once_and_down_step_by_step() -> None:
    """20 points on day 100 are gold for 30 days and 5 of grace, then silver for 5 more, then nothing."""
    tz, today = GOLD.tz, day_of(NOON, GOLD.tz)
    held = look_at(GOLD, Held(), [(today, 20)], NOON)
    assert held == Held("gold", None, start_of(today + 30, tz))
    late = start_of(today + 30, tz)
    warned = look_at(GOLD, held, [(today, 20)], late)
    assert warned == Held("gold", start_of(today + 35, tz), start_of(today + 35, tz))
    assert look_at(GOLD, warned, [(today, 20), (today + 31, 20)], late + DAY) == Held(
        "gold", None, start_of(today + 61, tz)
    )
    lower = look_at(GOLD, warned, [(today, 20)], start_of(today + 35, tz))
    assert lower == Held("silver", start_of(today + 40, tz), start_of(today + 40, tz))
    assert look_at(GOLD, lower, [(today, 20)], start_of(today + 40, tz)).tier is None


def test_the_crossing_order_earns_at_the_old_rate() -> None:
    """20 euros make gold and earn 20; the next 10 earn 20."""
    cafe = Cafe(replace(GOLD, tier_factors={"gold": Fraction(2)}))
    sell(cafe, "o", euros(20))
    sell(cafe, "p", euros(10))
    assert moved(cafe) == [("earned", 20), ("earned", 20)]


def test_caps_and_what_a_refund_gives_back_to_them() -> None:
    """At most 15 a day: 10 + 5 + 0; after a refund of the first there is room for 10 again, that day only."""
    cafe = Cafe(replace(EURO, caps={"day": 15}))
    for name in "abc":
        sell(cafe, name, euros(10))
    pay_back(cafe, "a", 10)
    sell(cafe, "d", euros(20))
    sell(cafe, "e", euros(20, NOON + DAY))
    assert [points for _, points in moved(cafe)] == [10, 5, -10, 10, 15]


def test_points_of_a_delivery_wait() -> None:
    """They are booked when they vest, less what was refunded by then."""
    cafe = Cafe(replace(EURO, vest=3 * DAY))
    sell(cafe, "o", euros(10, lines=(("delivery", 200),)))
    sell(cafe, "p", euros(1))
    pay_back(cafe, "o", 5)
    night.sweep(cafe, NOON + 3 * DAY - 1)
    assert moved(cafe) == [("earned", 1)]
    night.sweep(cafe, NOON + 3 * DAY)
    assert moved(cafe) == [("earned", 1), ("earned", 5)]


def test_stamps_need_a_gap() -> None:
    """Two hours apart, before or after."""
    cafe = Cafe(Rules(visit=Visit(1, (300, "EUR"), 2 * HOUR)))
    for name, after in (("a", 0), ("b", HOUR), ("c", 2 * HOUR), ("d", -2 * HOUR)):
        sell(cafe, name, euros(3, NOON + after), now=NOON + 3 * HOUR)
    sell(cafe, "e", euros(2, NOON + 5 * HOUR))
    assert len(moved(cafe)) == 3


def test_stamps_that_come_late_or_are_canceled() -> None:
    """An old order keeps its gap to every stamp, not only to the latest; an order taken back has none any more."""
    cafe = Cafe(Rules(visit=Visit(1, None, 2 * HOUR)))
    for name, after in (("a", 0), ("b", -4 * HOUR), ("c", -4 * HOUR + 300)):
        sell(cafe, name, euros(3, NOON + after), now=NOON)
    assert len(moved(cafe)) == 2
    pay_back(cafe, "b", 3)
    sell(cafe, "d", euros(3, NOON - 4 * HOUR + 600), now=NOON)
    assert [points for _, points in moved(cafe)] == [1, 1, -1, 1]


def test_friends() -> None:
    """Both get points when the friend's first order has aged; refunded in whole, the next counts, or it is undone."""
    cafe = Cafe(replace(EURO, referral=Referral(7, 3, DAY, cap=1)))
    assert counter.refer(cafe, ANA, BEN, NOON) == "customer-unknown"
    cafe.meet(ANA)
    assert counter.refer(cafe, ANA, ANA, NOON) == "referral-self"
    assert counter.refer(cafe, ANA, BEN, NOON) == "done"
    assert counter.refer(cafe, BEN, ANA, NOON) == "referral-cycle"
    assert counter.refer(cafe, ANA, EVA, NOON) == "referral-cap"
    sell(cafe, "o", euros(10), BEN)
    pay_back(cafe, "o", 10)
    sell(cafe, "p", euros(10), BEN)
    night.sweep(cafe, NOON + DAY)
    assert (moved(cafe), moved(cafe, BEN)[-1]) == ([("earned", 7)], ("earned", 3))
    pay_back(cafe, "p", 10, "s")
    assert (cafe.purse(ANA).balance, cafe.purse(BEN).balance) == (0, 0)


def test_the_operator_s_hand() -> None:
    """So many a day; undone once; a frozen guest spends nothing; what the guard holds waits for a word."""
    cafe = Cafe(replace(EURO, hand_points=10, rewards={"tea": Reward(1)}, guard_customer=1, guard_holds=True))
    assert [hand.grant(cafe, "op", ANA, points, NOON) for points in (10, 1)] == ["done", "hand-limit-points"]
    assert hand.undo(cafe, "op", NOON + HOUR) == "done"
    assert hand.grant(cafe, "op", ANA, 4, NOON) == "done"
    assert hand.undo(cafe, "op", NOON + HOUR + 1) == "undo-too-late"
    hand.freeze(cafe, "op", ANA, NOON, frozen=True)
    assert counter.redeem(cafe, ANA, ANA, "tea", "x", NOON) == "customer-frozen"
    sell(cafe, "o", euros(2))
    sell(cafe, "p", euros(3))
    assert cafe.purse(ANA).balance == 6
    assert hand.decide_held(cafe, "op", "o", NOON, release=True) == "order-not-held"
    assert hand.decide_held(cafe, "op", "p", NOON, release=True) == "done"
    assert cafe.purse(ANA).balance == 9


def test_a_lost_key() -> None:
    """Points move with their dates, and so does what is owed; a refund of an old order follows."""
    cafe = Cafe(replace(EURO, ttl=10))
    sell(cafe, "o", euros(10))
    ends = cafe.purse(ANA).endings(NOON)
    assert hand.relink(cafe, "op", ANA, BEN, NOON + DAY) == "done"
    assert (cafe.purse(ANA).balance, cafe.purse(BEN).endings(NOON + DAY)) == (0, ends)
    assert (cafe.visits(ANA), cafe.visits(BEN)) == (0, 1)
    pay_back(cafe, "o", 10, now=NOON + 2 * DAY)
    assert cafe.purse(BEN).balance == 0
    assert hand.relink(cafe, "op", ANA, EVA, NOON) == "relink-done"
