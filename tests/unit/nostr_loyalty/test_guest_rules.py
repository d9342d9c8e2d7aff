"""A program's rules in words, from its definition alone, and several side by side."""

from dataclasses import replace

import pytest

from kinds.earn import VisitEarn
from kinds.program import Perk, Program, Tier, TierBasis
from nostr_loyalty.guest.rules_in_words import LABELS, printable, progress_of, rules_in_words, side_by_side
from tests.unit.kinds.samples import FULL_PROGRAM, ISSUER

BARE = Program(ISSUER.public, "bar", "Bar")


def test_every_rule_is_said() -> None:
    """What decides about points stands there, in the program's own words for them."""
    words = rules_in_words(FULL_PROGRAM)
    assert words["earning"] == (
        "1 bean for each 1000 sat", "1 bean for a visit", "2 beans for a visit from 5.00 EUR",
        "2 beans for a visit, at most every 2h", "5 beans more when paid by lightning", "3 beans for each espresso",
        "10 beans with the first order", "5 beans for a word about an order",
        *["20 beans for bringing a friend, who gets 10"] * 3,
        "Happy hour: times 2, tue,wed 15:00-18:00", "at most 100 beans a day", "nothing for tip, gift-box",
        "booked after 3d, of deliveries",
    )  # fmt: skip
    assert words["tiers"] == ("Silver: 0.10 EUR in 90d", "Gold: 0.30 EUR in 90d (points times 1.5)")
    assert words["rewards"] == (
        "A coffee: 100 beans", "Sats: 500 beans (from Gold)",
        "A tote bag: 300 beans (from Silver, 1 each a month, 20 in all, from 2026-06-01, until 2026-08-31)",
        "A free walk: 1 bean (3 each)",
    )  # fmt: skip
    assert (words["expiry"], words["cards"]) == (("points live 365d",), ("everybody can read who has what",))
    assert words["terms"] == ("# Terms Be nice.",)
    assert tuple(words) == LABELS


def test_what_is_not_there_is_not_said() -> None:
    """A program without rules: points live for ever and cards are private."""
    words = rules_in_words(BARE)
    assert {label: lines for label, lines in words.items() if lines} == {
        "expiry": ("points do not expire",), "cards": ("private",),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("basis", "says"),
    [
        (None, "Gold: 100 points"),
        (TierBasis("points", "90d", "0d"), "Gold: 100 points in 90d"),
        (TierBasis("visits", "", "0d"), "Gold: 100 visits"),
        (TierBasis("spend", "", "0d", "msat"), "Gold: 100 msat"),
        (TierBasis("spend", "", "0d", "JPY"), "Gold: 100 JPY"),
        (TierBasis("spend", "", "0d", "shells"), "Gold: 100 shells"),
    ],
)
def test_what_a_tier_takes(basis: TierBasis | None, says: str) -> None:
    """In points, visits or money; a currency that nobody knows is said as it stands."""
    program = replace(BARE, tiers=(Tier("gold", "Gold", 100),), tier_basis=basis)
    assert rules_in_words(program)["tiers"] == (says,)


def test_perks_and_states_are_said() -> None:
    """A percentage, a note; a program that is paused or has ended earns nothing now."""
    tiers = (Tier("gold", "Gold", 1),)
    perks = (Perk("gold", "discount_percent", "5"), Perk("gold", "note", "a smile"))
    assert rules_in_words(replace(BARE, tiers=tiers, perks=perks))["tiers"] == ("Gold: 1 point (5 % off, a smile)",)
    for status, says in (("paused", "is paused"), ("ended", "has ended")):
        words = rules_in_words(replace(BARE, status=status))  # type: ignore[arg-type] # one of the two
        assert words["earning"] == (f"the program {says}: nothing is earned now",)


def test_long_terms_are_cut() -> None:
    """Eight thousand characters do not fit beside another program."""
    (terms,) = rules_in_words(replace(BARE, terms="word " * 1_000))["terms"]
    assert len(terms) <= 241
    assert terms.endswith("…")


def test_programs_stand_side_by_side() -> None:
    """Each label once for all of them, each program in its column, what is wrong in its place, nothing too wide."""
    lines = list(side_by_side([("Full", FULL_PROGRAM, None), ("Bar", BARE, None), ("gone", None, "not there")], 100))
    assert all(len(line) <= 100 for line in lines)
    assert lines[0].split() == ["Full", "Bar", "gone"]
    assert [line[:8].strip() for line in lines if line[:8].strip()] == list(LABELS)
    column = lines[0].index("gone")
    assert lines[1][column:] == "not there"
    assert any(line[lines[0].index("Bar") :].startswith("points do not expire") for line in lines)


def test_what_does_not_fit_beside_stands_below() -> None:
    """On a narrow screen there is one program after the other."""
    bars = [(f"Bar {number}", replace(BARE, earn=(VisitEarn(number),)), None) for number in (1, 2, 3)]
    lines = list(side_by_side(bars, 40))
    assert [line.strip() for line in lines if line.strip().startswith("Bar")] == ["Bar 1", "Bar 2", "Bar 3"]
    assert all(len(line) <= 40 for line in lines)
    assert lines.count("") == 2


def test_a_stranger_does_not_steer_the_terminal() -> None:
    """Escape sequences, carriage returns and marks that turn the direction of writing are not printed."""
    assert printable("Caf\u00e9\x1b[2J\r\u202eloS\x9b1m") == "Café\ufffd[2J\ufffd\ufffdloS\ufffd1m"


def test_the_way_to_a_tier_is_told_in_what_it_takes() -> None:
    """Money as money, and not in its smallest units; points and visits as numbers, also where no rules were found."""
    by_spend = replace(BARE, tier_basis=TierBasis("spend", "", "0d", "EUR"))
    assert progress_of(by_spend, 450, 10_000) == "4.50 EUR of 100.00 EUR"
    assert progress_of(replace(BARE, tier_basis=TierBasis("visits", "", "0d")), 4, 10) == "4 of 10"
    assert progress_of(BARE, 4, 10) == progress_of(None, 4, 10) == "4 of 10"
