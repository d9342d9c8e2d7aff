"""The model itself, against examples that were worked out by hand: days, bills, lots, refunds, the written rules."""

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from tests.model import counter, night, till
from tests.model.cafe import Cafe
from tests.model.days import DAY, day_of, start_of
from tests.model.earning import Bill, Earned, earn
from tests.model.examples import ANA, EURO, NOON, euros, moved, pay_back, sell
from tests.model.facts import Refund
from tests.model.purse import Movement, Purse
from tests.model.rules import Happy, Reward, Visit, section


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


def test_what_a_voucher_holds_is_owed() -> None:
    """Also where deficits are forgiven: the points in a voucher that is not used yet are no points spent."""
    cafe = Cafe(replace(EURO, deficit="clamp", rewards={"tea": Reward(10)}))
    sell(cafe, "o", euros(12))
    counter.redeem(cafe, ANA, ANA, "tea", "code", NOON)
    pay_back(cafe, "o", 0, canceled=True)
    assert cafe.purse(ANA).balance == -10
    counter.cancel(cafe, ANA, "code", NOON, by_guest=True)
    assert cafe.purse(ANA).balance == 0


def test_clamped_and_owed() -> None:
    """Spent points of a refunded order are owed, or forgiven."""
    for deficit, after in (("allow", -10), ("clamp", 0)):
        cafe = Cafe(replace(EURO, deficit=deficit, rewards={"tea": Reward(10)}))
        sell(cafe, "o", euros(10))
        assert counter.redeem(cafe, ANA, ANA, "tea", "code", NOON) == "done"
        assert counter.use(cafe, "op", "code", NOON) == "done"
        pay_back(cafe, "o", 0, canceled=True)
        assert cafe.purse(ANA).balance == after
        sell(cafe, "p", euros(15))
        assert cafe.purse(ANA).balance == after + 15


def test_rules_are_written_as_toml() -> None:
    """Amounts and spans as people write them."""
    rules = replace(
        EURO,
        tiers=(("silver", 10),),
        tier_window=30,
        rewards={"five": Reward(100, "discount_amount", (550, "EUR"))},
        welcome=3,
    )
    text = section(rules)
    for said in ("threshold = 10", 'window = "30d"', 'value = "5.50 EUR"', 'hold = "30d"', 'type = "welcome"'):
        assert said in text
