"""Explaining: what an order would earn and why, rule by rule, in whole points that add up."""

from dataclasses import replace

from nostr_loyalty.rules.earning import ANYBODY, CustomerFacts, Part, earn, explain
from nostr_loyalty.rules.program import (
    Cap,
    Cost,
    Factor,
    ItemRule,
    PaymentRule,
    Perk,
    ProgramRules,
    SpendRule,
    Tier,
    VisitRule,
)
from nostr_loyalty.rules.refusal import Refusal
from tests.unit.nostr_loyalty.rule_sets import NOON, PER_1000_SAT, PER_EURO, paid, program, times

EVERYTHING = program(
    PER_EURO, PER_1000_SAT, visit=VisitRule(1, Cost(500, "EUR"), 7_200), items=(ItemRule(2, "espresso"),),
    payments=(PaymentRule(5, "lightning"),), welcome=10, excludes=frozenset({"tip"}),
    multipliers=(times("1.5", "tue,wed"),), caps=(Cap(50, "day"), Cap(100, "month")), rounding="ceil",
    tiers=(Tier("gold", "Gold", 100),), perks=(Perk("gold", "multiplier", "1.5", Factor(15, 10)),),
)  # fmt: skip
ORDER = paid(1_290, lines=(("tip", 100),), items=(("espresso", Factor(15, 10), 300),), payment="lightning")


def test_every_rule_says_what_it_adds() -> None:
    """An order that every rule has something to say about is explained in the order in which the rules apply."""
    customer = CustomerFacts("gold", cap_used=(12, 70))
    parts, earned = explain(EVERYTHING, ORDER, customer)
    assert parts == (
        Part("spend", 11, "1 point per 1.00 EUR; 11.90 EUR counts."),
        Part("visit", 1, "A stamp for the visit."),
        Part("item:espresso", 3, "2 points each, 1.5 of them."),
        Part("multiplier:Happy hour", 8, "Happy hour, tue,wed: times 1.5."),
        Part("tier:gold", 12, "Gold, held before this order: times 1.5."),
        Part("welcome", 10, "The first order."),
        Part("payment:lightning", 5, "Paid by lightning."),
        Part("rounding", 1, "Rounded up, as the program says."),
        Part("cap:day", -13, "At most 50 points a day, 12 before."),
        Part("cap:month", -8, "At most 100 points a month, 70 before."),
    )
    assert earned == earn(EVERYTHING, ORDER, customer)
    assert sum(part.points for part in parts) == 30


def test_rules_that_give_nothing_say_why() -> None:
    """No stamp is explained, and what does not concern the order is not mentioned."""
    seen = CustomerFacts(welcomed=True, stamped_at=NOON - 60)
    assert explain(EVERYTHING, paid(500), seen)[0] == (
        Part("spend", 5, "1 point per 1.00 EUR; 5.00 EUR counts."),
        Part("visit", 0, "No stamp: too soon after (or before) another one."),
        Part("multiplier:Happy hour", 2, "Happy hour, tue,wed: times 1.5."),
        Part("rounding", 1, "Rounded up, as the program says."),
    )
    assert explain(EVERYTHING, paid(499), ANYBODY)[0][1] == Part(
        "visit", 0, "No stamp: too little of the amount counts."
    )
    nothing = paid(499, by_points_minor=499, payment="lightning", items=(("espresso", Factor(1, 1), 499),))
    assert explain(EVERYTHING, nothing, ANYBODY)[0] == (
        Part("spend", 0, "1 point per 1.00 EUR; 0.00 EUR counts."),
        Part("visit", 0, "No stamp: too little of the amount counts."),
    )


def test_caps_are_told_where_they_cut() -> None:
    """A cap that leaves room is not mentioned; one that was used up long ago takes everything, not more."""
    rules = program(caps=(Cap(10, "day"), Cap(11, "week")))
    told = [explain(rules, paid(), CustomerFacts(cap_used=used))[0][1:] for used in ((0, 1), (1, 0), (99, 99))]
    assert told == [
        (), (Part("cap:day", -1, "At most 10 points a day, 1 before."),),
        (Part("cap:day", -10, "At most 10 points a day, 99 before."),),
    ]  # fmt: skip


def test_no_stamp_for_two_reasons() -> None:
    """Where nothing counts that is said, also when it is too soon."""
    again = CustomerFacts(welcomed=True, stamped_at=NOON - 60)
    order = paid(500, by_points_minor=500)
    assert explain(EVERYTHING, order, again)[0][1].why == "No stamp: too little of the amount counts."


def test_amounts_are_told_as_people_write_them() -> None:
    """Bug 40: sats are told in sats and yen without decimals."""
    rules = program(PER_1000_SAT, SpendRule(10, 100, "JPY"))
    assert explain(rules, paid(2_500_000, "msat"), ANYBODY)[0] == (
        Part("spend", 2, "1 point per 1000 sat; 2500 sat counts."),
    )
    assert explain(rules, paid(250, "JPY"), ANYBODY)[0] == (
        Part("spend", 25, "10 points per 100 JPY; 250 JPY counts."),
    )


def test_factors_are_told_as_people_write_them() -> None:
    """A quantity or a factor is a decimal without zeros at its end; what is no decimal is told as a fraction."""

    def told(quantity: Factor) -> str:
        rules = replace(program(items=(ItemRule(1, "tea"),)), spend=())
        return explain(rules, paid(items=(("tea", quantity, 1),)), ANYBODY)[0][0].why

    quantities = (Factor(2, 1), Factor(20, 10), Factor(25, 100), Factor(150, 100), Factor(5, 1_000), Factor(1, 3))
    assert [told(each).split()[-3] for each in quantities] == ["2", "2", "0.25", "1.5", "0.005", "1/3"]


def test_a_refusal_has_no_parts() -> None:
    """Where earn refuses, explain gives the same refusal and explains nothing."""
    for rules in (replace(EVERYTHING, status="paused"), program(PER_1000_SAT)):
        assert explain(rules, ORDER, ANYBODY) == ((), earn(rules, ORDER, ANYBODY))
        assert isinstance(earn(rules, ORDER, ANYBODY), Refusal)


def test_explaining_changes_nothing() -> None:
    """Bug 57: an order is worth the same before and after it was explained, as often as one likes."""
    rules: ProgramRules = EVERYTHING
    before = earn(rules, ORDER, ANYBODY)
    assert [explain(rules, ORDER, ANYBODY) for _ in range(2)] == [explain(rules, ORDER, ANYBODY)] * 2
    assert earn(rules, ORDER, ANYBODY) == before
