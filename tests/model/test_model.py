"""The model itself, against examples that were worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from tests.model import counter, hand, night, till
from tests.model.cafe import Cafe, Refund
from tests.model.days import DAY, HOUR, day_of, start_of
from tests.model.earning import Bill, Earned, earn
from tests.model.purse import Movement, Purse
from tests.model.rules import Happy, Referral, Reward, Rules, Visit, section
from tests.model.tiers import Held, look_at

ANA, BEN, EVA = "ana", "ben", "eva"
NOON = int(datetime(2026, 6, 1, 10, 0, tzinfo=UTC).timestamp())  # a Monday, noon in Madrid
EURO = Rules(spend={"EUR": (1, 100)})


def euros(amount: int, at: int = NOON, **more: object) -> Bill:
    """A bill in whole euros."""
    return Bill(amount * 100, "EUR", at, **more)  # type: ignore[arg-type] # what a test names


def sell(cafe: Cafe, name: str, bill: Bill, who: str | None = ANA, now: int | None = None) -> str:
    """The till reports an order when it is paid."""
    return till.paid(cafe, "till", name, bill, who, bill.paid_at if now is None else now)


def pay_back(cafe: Cafe, order: str, amount: int, name: str = "r", now: int = NOON, *, canceled: bool = False) -> str:
    """The till reports that so many euros were paid back."""
    return till.refunded(cafe, Refund("till", order, name, amount * 100, "EUR", canceled, now), now)


def moved(cafe: Cafe, who: str = ANA) -> list[tuple[str, int]]:
    """The guest's lines."""
    return [(one.type, one.points) for one in cafe.history(who)]


@pytest.mark.parametrize(
    ("zone", "day", "utc"),
    [
        ("Europe/Madrid", "2026-06-01", "2026-05-31T22:00"), ("Europe/Madrid", "2026-12-01", "2026-11-30T23:00"),
        ("UTC", "2026-06-01", "2026-06-01T00:00"), ("Asia/Tokyo", "2026-06-01", "2026-05-31T15:00"),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00"),  # there the clock jumps from 23:59 to 01:00
    ],
)  # fmt: skip
def test_a_day_starts_at_its_first_moment(zone: str, day: str, utc: str) -> None:
    """Summer, winter, east, west, and a day without midnight."""
    ordinal = datetime.fromisoformat(day).date().toordinal()
    start = int(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp())
    assert start_of(ordinal, zone) == start
    assert (day_of(start, zone), day_of(start - 1, zone)) == (ordinal, ordinal - 1)


def test_what_an_order_earns() -> None:
    """(1 point a euro of 20 less 2 tip, 2 stamps, 1.5 coffees at 4) times 1.5 = 39; and 10 welcome, 3 for Lightning."""
    happy = Happy("Happy", Fraction(3, 2), "always", lambda _: True)
    rules = replace(
        EURO, visit=Visit(2, (500, "EUR")), items={"coffee": 4}, exclude=("tip",), welcome=10,
        payments={"lightning": 3}, multipliers=(happy,),
    )  # fmt: skip
    bill = euros(20, lines=(("tip", 200),), items=(("coffee", Fraction(3, 2), 300),), payment="lightning")
    assert earn(rules, bill, first=True) == Earned(52, 16, True, 1_800, 3, 13)
    assert earn(rules, bill, first=True, room=20) == Earned(20, 16, True, 1_800, 3, 13)
    assert earn(replace(rules, exclude=("tip", "item:coffee")), bill) == Earned(28, 6, True, 1_500, 3, 3)
    assert earn(rules, replace(bill, currency="USD")) == "amount-without-rule"


@pytest.mark.parametrize(("rounding", "points"), [("floor", 2), ("half_up", 3), ("ceil", 3)])
def test_rounding(rounding: str, points: int) -> None:
    """2.50 euros are two or three points."""
    earned = earn(replace(EURO, rounding=rounding), Bill(250, "EUR", NOON))
    assert isinstance(earned, Earned)
    assert earned.points == points


def test_the_best_multiplier_counts_and_the_tier_on_top() -> None:
    """10 euros at the better of x2 and x3, and x1.5 for gold: 45."""
    twice, thrice = (Happy(str(by), Fraction(by), "always", lambda _: True) for by in (2, 3))
    rules = replace(EURO, multipliers=(twice, thrice), tiers=(("gold", 1),), tier_factors={"gold": Fraction(3, 2)})
    earned = earn(rules, euros(10), tier="gold")
    assert isinstance(earned, Earned)
    assert earned.points == 45


def test_a_purse_spends_what_ends_soonest_and_owes_what_is_gone() -> None:
    """100 until day 5 and 50 for ever; 60 spent, 40 run out, the first credit is taken back: 60 of it, 50 are there."""
    lines = [
        Movement(1, ANA, "earned", 100, 0, ends=5 * DAY), Movement(2, ANA, "granted", 50, 0),
        Movement(3, ANA, "redeemed", -60, DAY), Movement(4, ANA, "expired", -40, 5 * DAY, lot=1),
    ]  # fmt: skip
    purse = Purse(lines)
    assert (purse.balance, purse.can_be_taken_back(1, 6 * DAY)) == (50, 60)
    lines.append(Movement(5, ANA, "revoked", -60, 6 * DAY, undoes=1))
    assert (Purse(lines).balance, Purse(lines).deficit) == (-10, 10)
    lines.append(Movement(6, ANA, "revoked", 60, 7 * DAY, undoes=3))
    purse = Purse(lines)
    assert (purse.balance, purse.deficit, purse.spendable(8 * DAY - 1), purse.spendable(8 * DAY)) == (50, 0, 50, 0)


def test_points_live_to_the_end_of_the_day() -> None:
    """Ttl of a day: earned on Monday noon, gone when Wednesday begins in Madrid, swept or not."""
    cafe = Cafe(replace(EURO, ttl=1))
    sell(cafe, "o", euros(10))
    end = start_of(day_of(NOON, "Europe/Madrid") + 2, "Europe/Madrid")
    assert cafe.purse(ANA).endings(NOON) == [(end, 10)]
    assert (cafe.purse(ANA).spendable(end - 1), cafe.purse(ANA).spendable(end), cafe.purse(ANA).balance) == (10, 0, 10)
    night.sweep(cafe, end)
    assert moved(cafe) == [("earned", 10), ("expired", -10)]


def test_a_new_ttl_leaves_a_whole_term() -> None:
    """Points without an end get one, a term after the change; a sooner end is kept; a longer term changes nothing."""
    cafe = Cafe(replace(EURO, ttl=3))
    sell(cafe, "a", euros(1))
    cafe.new_rules(EURO, NOON)
    sell(cafe, "b", euros(2))
    later = NOON + DAY
    cafe.new_rules(replace(EURO, ttl=30), later)
    cafe.new_rules(replace(EURO, ttl=60), later)
    today = day_of(NOON, "Europe/Madrid")
    assert cafe.purse(ANA).endings(later) == [
        (start_of(today + 4, "Europe/Madrid"), 1), (start_of(today + 32, "Europe/Madrid"), 2),
    ]  # fmt: skip


def test_refunds_of_parts() -> None:
    """10 points and 2 of a stamp from 9.99: 3.33 back takes 3 of the spend's 9; the rest takes all."""
    cafe = Cafe(replace(EURO, visit=Visit(2)))
    sell(cafe, "o", Bill(999, "EUR", NOON))
    for name in ("a", "a", "b"):
        till.refunded(cafe, Refund("till", "o", name, 333, "EUR", False, NOON), NOON)
    assert moved(cafe) == [("earned", 11), ("revoked", -3), ("revoked", -3)]
    assert pay_back(cafe, "o", 4, "c") == "refund-above-order"
    assert pay_back(cafe, "o", 0, "d", canceled=True) == "accepted"
    assert (cafe.purse(ANA).balance, cafe.visits(ANA)) == (0, 0)
    assert sell(cafe, "o", euros(9)) == "duplicate"


def test_a_refund_that_comes_first_waits() -> None:
    """It is applied when its order comes, or forgotten after its time."""
    cafe = Cafe(replace(EURO, retention=DAY))
    assert pay_back(cafe, "o", 5) == "accepted"
    assert pay_back(cafe, "o", 5) == "duplicate"
    sell(cafe, "o", euros(10))
    assert moved(cafe) == [("earned", 10), ("revoked", -5)]
    pay_back(cafe, "p", 5)
    night.sweep(cafe, NOON + DAY + 1)
    sell(cafe, "p", euros(10, NOON + 2 * DAY))
    assert cafe.purse(ANA).balance == 15


def test_clamped_and_owed() -> None:
    """Spent points of a refunded order are owed, or forgiven."""
    for deficit, after in (("allow", -10), ("clamp", 0)):
        cafe = Cafe(replace(EURO, deficit=deficit, rewards={"tea": Reward(10)}))
        sell(cafe, "o", euros(10))
        assert counter.redeem(cafe, ANA, ANA, "tea", "code", NOON) == "done"
        pay_back(cafe, "o", 0, canceled=True)
        assert cafe.purse(ANA).balance == after
        sell(cafe, "p", euros(15))
        assert cafe.purse(ANA).balance == after + 15


def test_a_voucher_s_life() -> None:
    """Taken at once; half a bill costs half; unused it comes back; a used one only by an operator."""
    rewards = {"five": Reward(101, "discount_amount", (500, "EUR"), stock=1, hold=DAY)}
    cafe = Cafe(replace(EURO, rewards=rewards))
    sell(cafe, "o", euros(250))
    assert counter.redeem(cafe, ANA, ANA, "five", "a", NOON) == "done"
    assert counter.redeem(cafe, ANA, ANA, "five", "b", NOON) == "reward-sold-out"
    assert counter.use(cafe, "op", "a", NOON, (250, "EUR"), "bill") == "done"
    assert (cafe.purse(ANA).balance, cafe.vouchers[0].charged) == (200, 50)
    assert counter.cancel(cafe, ANA, "a", NOON, by_guest=True) == "voucher-used"
    assert counter.cancel(cafe, "op", "a", NOON, by_guest=False) == "done"
    counter.redeem(cafe, ANA, ANA, "five", "c", NOON)
    night.sweep(cafe, NOON + DAY)
    assert (cafe.purse(ANA).balance, cafe.vouchers[1].status) == (250, "expired")
    assert counter.use(cafe, "op", "c", NOON + DAY) == "voucher-expired"


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


def test_friends() -> None:
    """Both get points when the friend's first order has aged; refunded in whole, the next counts, or it is undone."""
    cafe = Cafe(replace(EURO, referral=Referral(7, 3, DAY, cap=1)))
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


def test_rules_are_written_as_toml() -> None:
    """Amounts and spans as people write them."""
    rules = replace(GOLD, rewards={"five": Reward(100, "discount_amount", (550, "EUR"))}, welcome=3)
    text = section(rules)
    for said in ("threshold = 10", 'window = "30d"', 'value = "5.50 EUR"', 'hold = "30d"', 'type = "welcome"'):
        assert said in text
