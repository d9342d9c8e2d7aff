"""Earning: what counts of an order, the rules that add up, and the one rounding."""

from dataclasses import replace

import pytest

from nostr_loyalty.rules.earning import ANYBODY, POINTS_MAX, CustomerFacts, Earned, OrderFacts, earn
from nostr_loyalty.rules.program import (
    Cap,
    Cost,
    Factor,
    ItemRule,
    PaymentRule,
    ProgramRules,
    Rounding,
    SpendRule,
    VisitRule,
)
from nostr_loyalty.rules.refusal import Refusal
from nostr_loyalty.rules.vesting import pending_until
from tests.unit.nostr_loyalty.rule_sets import NOON, PER_1000_SAT, PER_EURO, earned, paid, points, program

STAMPS = program(visit=VisitRule(1, Cost(500, "EUR"), 7_200))
ESPRESSO = ("espresso", Factor(2, 1), 300)


@pytest.mark.parametrize(
    ("rounding", "minor", "expected"),
    [
        ("floor", 1_999_999, 1), ("floor", 999_999, 0), ("half_up", 1_499_999, 1), ("half_up", 1_500_000, 2),
        ("ceil", 1_000_001, 2), ("ceil", 1_000_000, 1), ("ceil", 0, 0), ("half_up", 0, 0),
    ],
)  # fmt: skip
def test_rounding(rounding: Rounding, minor: int, expected: int) -> None:
    """A program rounds as it says."""
    assert points(program(PER_1000_SAT, rounding=rounding), paid(minor, "msat")) == expected


def test_rounding_happens_once_at_the_end() -> None:
    """Three halves from three rules are one and a half before anything is cut off, not nothing."""
    half = Factor(5, 10)
    rules = program(SpendRule(1, 200, "EUR"), items=(ItemRule(1, "tea"), ItemRule(1, "cake")))
    order = paid(100, items=(("tea", half, 50), ("cake", half, 50)))
    assert [points(replace(rules, rounding=each), order) for each in ("floor", "half_up", "ceil")] == [1, 2, 2]
    bonus = replace(rules, rounding="ceil", payments=(PaymentRule(5, "cash"),), welcome=10)
    assert points(bonus, order._replace(payment="cash"), CustomerFacts()) == 2 + 5 + 10


@pytest.mark.parametrize(
    ("rule", "minor", "expected"),
    [
        (PER_1000_SAT, 12_000_000, 12),  # 12,000 sat at 1 point for 1,000 sat
        (PER_1000_SAT, 12_999_999, 12),  # 12,999.999 sat
        (SpendRule(1, 1_000, "msat"), 21_000, 21),  # 21 sat at 1 point a sat
        (SpendRule(10, 100, "EUR"), 1_234, 123),  # 12.34 EUR at 10 points a euro
        (SpendRule(1, 100, "USD"), 1_999, 19),  # 19.99 USD at 1 point a dollar
        (SpendRule(1, 100, "JPY"), 1_234, 12),  # 1,234 yen at 1 point for 100 yen
        (SpendRule(1, 1, "JPY"), 500, 500),  # 500 yen at 1 point a yen
        (SpendRule(3, 7_000, "KWD"), 14_000, 6),  # 14.000 dinars at 3 points for 7 dinars
        (SpendRule(1, 100_000, "VND"), 250_000, 2),  # 250,000 dong at 1 point for 100,000
    ],
)
def test_golden_amounts(rule: SpendRule, minor: int, expected: int) -> None:
    """Bug 40: sats, cents, yen and mils give what the rule says, neither a hundred times more nor less."""
    assert points(program(rule), paid(minor, rule.currency)) == expected


def test_each_currency_has_its_own_rate() -> None:
    """Bug 41: the same number in a weak currency earns by that currency's rule; nothing is converted."""
    rules = program(PER_EURO, SpendRule(1, 17_000, "ARS"), PER_1000_SAT)
    assert [points(rules, paid(17_000, unit)) for unit in ("EUR", "ARS", "msat")] == [170, 1, 0]
    assert earn(rules, paid(17_000, "TRY"), ANYBODY) == Refusal("amount-without-rule", "unit TRY")


def test_a_program_without_spend_rules_takes_any_currency() -> None:
    """A stamp card does not care what was paid with, and a spend rule for one unit refuses another."""
    stamps = replace(program(visit=VisitRule(1)), spend=())
    assert [points(stamps, paid(1, unit)) for unit in ("EUR", "TRY", "msat")] == [1, 1, 1]
    assert isinstance(earn(program(visit=VisitRule(1)), paid(1, "TRY"), ANYBODY), Refusal)


def test_points_never_earn_points() -> None:
    """Bug 11, 12: what points paid is not in the basis; an order paid by points alone earns nothing, by no rule."""
    rules = program(
        PER_1000_SAT, visit=VisitRule(1), items=(ItemRule(2, "espresso"),), payments=(PaymentRule(5, "lightning"),)
    )
    assert points(program(PER_1000_SAT), paid(10_000_000, "msat", by_points_minor=4_000_000)) == 6
    for by_points in (10_000_000, 99_000_000):
        order = paid(10_000_000, "msat", by_points_minor=by_points, items=(ESPRESSO,), payment="lightning")
        assert earned(rules, order) == Earned(0, 0, 0, stamped=False, basis_minor=0, vests=False)


def test_excluded_lines_are_not_in_the_basis() -> None:
    """Bug 12, 13: tips, gift cards, service and delivery earn only where the program does not leave them out."""
    lines = (("tip", 100), ("gift_card", 2_000), ("service", 300), ("delivery", 400), ("tip", 50))
    order = paid(10_000, lines=lines)
    assert points(program(), order) == 100
    for excludes, basis in (
        ({"tip"}, 9_850), ({"gift_card"}, 8_000), ({"service"}, 9_700), ({"delivery"}, 9_600),
        ({"tip", "gift_card", "service", "delivery"}, 7_150),
    ):  # fmt: skip
        found = earned(program(excludes=frozenset(excludes)), order)
        assert (found.basis_minor, found.points) == (basis, basis // 100)


def test_excluded_items_count_for_no_rule() -> None:
    """Bug 11, 13: an item that is left out is in no basis and gives no points of its own, whatever else is sold."""
    rules = program(items=(ItemRule(2, "espresso"), ItemRule(3, "cake")))
    order = paid(1_000, items=(ESPRESSO, ("cake", Factor(1, 1), 400)))
    assert points(rules, order) == 10 + 4 + 3
    without = replace(rules, excludes=frozenset({"item:espresso"}))
    assert earned(without, order) == Earned(7 + 3, 0, 0, stamped=False, basis_minor=700, vests=False)
    assert points(replace(rules, excludes=frozenset({"espresso"})), order) == 17


def test_more_left_out_than_was_paid() -> None:
    """Bug 12: a discount and exclusions that exceed the amount leave nothing to count, and nothing negative."""
    rules = program(excludes=frozenset({"gift_card"}))
    assert earned(rules, paid(1_000, by_points_minor=600, lines=(("gift_card", 500),))).basis_minor == 0
    assert points(rules, paid(1_000, by_points_minor=600, lines=(("gift_card", 500),))) == 0


def test_items_count_by_quantity() -> None:
    """Half a kilo of beans gives half the points of one; an item without a rule gives none."""
    rules = replace(program(items=(ItemRule(10, "beans"),), visit=VisitRule(1)), spend=())
    for quantity, expected in ((Factor(5, 10), 6), (Factor(1, 1), 11), (Factor(33, 100), 4), (Factor(0, 1), 1)):
        assert points(rules, paid(500, items=(("beans", quantity, 500), ("tea", Factor(9, 1), 0)))) == expected
    assert points(rules, paid(500, items=(("beans", Factor(25, 100), 1), ("beans", Factor(25, 100), 1)))) == 6


@pytest.mark.parametrize(
    ("minor", "currency", "stamped"),
    [(499, "EUR", False), (500, "EUR", True), (501, "EUR", True), (500_000, "msat", False)],
)
def test_a_stamp_needs_its_minimum(minor: int, currency: str, stamped: bool) -> None:
    """A stamp is for an order of at least the minimum, in the minimum's own unit."""
    rules = replace(STAMPS, spend=())
    assert earned(rules, paid(minor, currency)) == Earned(
        int(stamped), int(stamped), 0, stamped=stamped, basis_minor=minor, vests=False, stamp=int(stamped)
    )


@pytest.mark.parametrize(("later", "stamped"), [(0, 0), (7_199, 0), (7_200, 1), (-7_199, 0), (-7_200, 1), (90_000, 1)])
def test_a_stamp_keeps_its_gap(later: int, stamped: int) -> None:
    """Bug 48: a bill that is split into many orders gets one stamp; the gap is kept before the latest one too."""
    found = earned(STAMPS, paid(500, paid_at=NOON + later), CustomerFacts(welcomed=True, stamped_at=NOON))
    assert (found.points - 5, found.fixed, found.stamped) == (stamped, stamped, bool(stamped))


def test_the_minimum_is_of_what_counts() -> None:
    """Bug 12: an order that reaches the minimum only with its tip gets no stamp."""
    rules = replace(STAMPS, excludes=frozenset({"tip"}))
    assert not earned(rules, paid(550, lines=(("tip", 51),))).stamped
    assert earned(rules, paid(550, lines=(("tip", 50),))).stamped


def test_the_welcome_bonus_is_for_the_first_order() -> None:
    """A new customer gets it, one who had it does not, nor does an order without a customer."""
    rules = program(welcome=50)
    assert earned(rules, paid(), CustomerFacts())[:3] == (60, 50, 50)
    assert earned(rules, paid(), CustomerFacts(welcomed=True))[:3] == (10, 0, 0)
    assert earned(rules, paid(), ANYBODY)[:3] == (10, 0, 0)
    assert CustomerFacts() == CustomerFacts(tier=None, welcomed=False, stamped_at=0, cap_used=())


def test_the_payment_bonus_is_for_its_method() -> None:
    """Paying by Lightning is rewarded where the program says so, and only that."""
    rules = program(payments=(PaymentRule(5, "lightning"), PaymentRule(1, "cash")))
    assert [points(rules, paid(payment=each)) for each in ("lightning", "cash", "card", None)] == [15, 11, 10, 10]
    assert earned(rules, paid(payment="lightning")).fixed == 5


def test_what_a_partial_refund_leaves() -> None:
    """Bug 17: stamp, welcome and payment bonus are the fixed part; what was earned by amount and item is not."""
    rules = program(
        visit=VisitRule(2), items=(ItemRule(3, "espresso"),), payments=(PaymentRule(5, "cash"),), welcome=50
    )
    found = earned(rules, paid(items=(ESPRESSO,), payment="cash"), CustomerFacts())
    assert found == Earned(10 + 2 + 6 + 5 + 50, 57, 50, stamped=True, basis_minor=1_000, vests=False, stamp=2)


def test_a_program_that_does_not_run_earns_nothing() -> None:
    """A program that is over or paused says so before it speaks of units; a refusal names the values that led to it."""
    lira = paid(1_000, "TRY")
    assert earn(program(status="ended"), lira, ANYBODY) == Refusal("program-ended")
    assert earn(program(status="paused"), lira, ANYBODY) == Refusal("program-paused")
    assert earn(program(), lira, ANYBODY) == Refusal("amount-without-rule", "unit TRY")


def test_more_points_than_are_booked_at_once() -> None:
    """An absurd order is refused, not cut; one point less is booked, and so is one that a cap cuts."""
    above = paid((POINTS_MAX + 1) * 100)
    assert earn(program(), above, ANYBODY) == Refusal("points-beyond-limit", f"{POINTS_MAX + 1} points")
    assert points(program(), paid(POINTS_MAX * 100)) == POINTS_MAX
    capped = program(caps=(Cap(100, "day"),))
    assert points(capped, above, CustomerFacts(welcomed=True, cap_used=(0,))) == 100


@pytest.mark.parametrize(
    ("vest_s", "delivery_only", "lines", "vests"),
    [
        (0, True, (("delivery", 1),), False), (60, True, (("delivery", 1),), True), (60, True, (("tip", 1),), False),
        (60, True, (), False), (60, False, (), True), (0, False, (), False),
    ],
)  # fmt: skip
def test_points_of_a_delivery_wait(
    vest_s: int, delivery_only: bool, lines: tuple[tuple[str, int], ...], vests: bool
) -> None:
    """Where the program says so, points wait: of orders with a delivery line, or of all."""
    rules = program(vest_s=vest_s, vest_delivery_only=delivery_only)
    assert earned(rules, paid(lines=lines)).vests is vests
    delivered = any(line == "delivery" for line, _ in lines)
    assert pending_until(rules, delivered, NOON) == (NOON + vest_s if vests else None)


def test_rules_with_one_identity_are_not_confused() -> None:
    """Rules that differ in one setting only never share what was looked up for the others, however many there are."""
    for per in range(1, 600):
        rules: ProgramRules = program(SpendRule(1, per, "EUR"))
        assert points(rules, OrderFacts(599_000, "EUR", NOON)) == 599_000 // per
